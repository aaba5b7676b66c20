"""Links are asked of a real server on this machine."""

import asyncio
import json
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from bot.adapters.links import ask_all, usual_cache
from bot.core.lint.links import Answered

DAY = 24 * 60 * 60


@dataclass
class Pages:
    """A server with pages in every condition, and what it was asked."""

    address: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path with query, and User-Agent."""
    now: int = 0
    most_at_once: int = 0

    def __call__(self, path: str) -> str:
        return f"{self.address}{path}"

    def count(self, path: str) -> Counter[str]:
        return Counter(method for method, asked, _ in self.asked if asked == path)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.path_qs, request.headers["User-Agent"]))
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        try:
            return await self._answer(request)
        finally:
            self.now -= 1

    async def _answer(self, request: web.Request) -> web.Response:
        match request.path.strip("/").split("/"):
            case ["good"]:
                await asyncio.sleep(0.01)
                return web.Response(text="good")
            case ["status", status]:
                return web.Response(status=int(status))
            case ["busy", status]:
                return web.Response(status=int(status), headers={"Retry-After": "60"})
            case ["no-head", status]:
                return web.Response(status=int(status) if request.method == "HEAD" else 200)
            case ["to", status, *rest]:
                return web.Response(status=int(status), headers={"Location": f"/{'/'.join(rest)}"})
            case ["hangs-up"]:
                assert request.transport
                request.transport.close()
        return web.Response(status=404)


@pytest_asyncio.fixture(loop_scope="session")
async def pages() -> AsyncIterator[Pages]:
    server = Pages()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "0.0.0.0", 0)  # noqa: S104 (so that it has many addresses: 127.0.0.2 is it, too)
    await site.start()
    server.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


async def test_what_leads_somewhere_is_not_told(pages: Pages) -> None:
    assert await ask_all([pages("/good"), pages("/to/302/good"), pages("/to/307/to/301/good")]) == {}


@pytest.mark.parametrize("status", [403, 404, 405, 501])
async def test_where_the_head_is_refused_the_page_is_asked_for(pages: Pages, status: int) -> None:
    assert await ask_all([pages(f"/no-head/{status}")]) == {}
    assert pages.count(f"/no-head/{status}") == {"HEAD": 1, "GET": 1}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/status/404", "the server says 404 (Not Found)"),
        ("/status/410", "the server says 410 (Gone)"),
        ("/status/500", "the server says 500 (Internal Server Error)"),
        ("/status/503", "the server says 503 (Service Unavailable)"),
        ("/status/499", "the server says 499"),
        ("/to/301/status/404", "the server says 404 (Not Found)"),
    ],
)
async def test_a_dead_page_is_told_with_what_the_server_says(pages: Pages, path: str, said: str) -> None:
    assert await ask_all([pages(path)]) == {pages(path): Answered("dead", said)}


@pytest.mark.parametrize("path", ["/busy/429", "/status/429", "/busy/503", "/status/401", "/status/403"])
async def test_a_page_that_is_there_and_not_shown_is_not_dead(pages: Pages, path: str) -> None:
    assert await ask_all([pages(path)]) == {}


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("/to/301/good", "/good"),
        ("/to/308/good#part", "/good#part"),
        ("/to/301/to/308/good", "/good"),
        ("/to/301/to/302/good", "/to/302/good"),
    ],
)
async def test_a_permanent_redirect_names_the_new_address(pages: Pages, path: str, new: str) -> None:
    assert await ask_all([pages(path)]) == {pages(path): Answered("moved", pages(new))}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://nowhere.invalid/", "the name does not exist"),
        ("http://127.0.0.1:1/", "the server cannot be reached"),
        ("http://127.0.0.1:999999/", "this is no address"),
    ],
)
async def test_where_no_server_answers_the_reason_is_told(url: str, said: str) -> None:
    answered = await ask_all([url])
    assert answered[url].finding == "unreachable"
    assert answered[url].said in (said, "the name cannot be looked up now (is this machine online?)")


async def test_a_server_that_hangs_up_redirects_in_circles_or_speaks_no_tls_is_told(pages: Pages) -> None:
    circle, tls = pages("/to/302/" + "to/302/" * 12 + "good"), pages("/good").replace("http:", "https:")
    answered = await ask_all([pages("/hangs-up"), circle, tls])
    assert [answered[url].said for url in (pages("/hangs-up"), circle, tls)] == [
        "the server hangs up without an answer",
        "it redirects in circles",
        "its certificate cannot be trusted, or it speaks no TLS",
    ]


async def test_a_server_that_is_silent_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        answered = await ask_all([url], patience=0.2)
    assert answered == {url: Answered("unreachable", "no answer in time")}


async def test_each_address_is_asked_once_by_name_and_two_at_a_time(pages: Pages) -> None:
    assert await ask_all([pages(f"/good?{number % 8}") for number in range(16)]) == {}
    assert len(pages.asked) == 8
    assert pages.most_at_once == 2
    assert all(agent.startswith("auskunft/") for *_, agent in pages.asked)


def host(pages: Pages, number: int) -> str:
    """The server by another of its addresses."""
    return pages.address.replace("127.0.0.1", f"127.0.0.{number}")


async def test_of_many_servers_ten_are_asked_at_once_at_most(pages: Pages) -> None:
    assert await ask_all([f"{host(pages, number % 20 + 1)}/good?{number}" for number in range(80)]) == {}
    assert len(pages.asked) == 80
    assert 2 < pages.most_at_once <= 10


async def test_no_server_waits_until_all_links_to_another_one_were_asked(pages: Pages) -> None:
    assert await ask_all([*(pages(f"/good?{number}") for number in range(60)), f"{host(pages, 2)}/good"]) == {}
    assert [path for _, path, _ in pages.asked].index("/good") < 50


async def test_good_ones_are_not_asked_again_for_a_day(pages: Pages, tmp_path: Path) -> None:
    cache = tmp_path / "new" / "links.json"
    urls = [pages("/good"), pages("/status/404"), pages("/to/301/good")]
    first = await ask_all(urls, cache, now=1000)
    asked = len(pages.asked)
    assert await ask_all(urls, cache, now=999 + DAY) == first
    assert {path for _, path, _ in pages.asked[asked:]} == {"/status/404", "/to/301/good", "/good"}
    assert pages.count("/good")["HEAD"] == 3  # once by itself, twice as where the other leads
    await ask_all(urls, cache, now=1000 + DAY)
    assert pages.count("/good")["HEAD"] == 5
    assert [path.name for path in cache.parent.iterdir()] == ["links.json"]


async def test_good_ones_are_remembered_beside_others_and_not_from_a_time_to_come(pages: Pages, tmp_path: Path) -> None:
    cache = tmp_path / "links.json"
    await ask_all([pages("/good?1")], cache, now=1000)
    await ask_all([pages("/good?2")], cache, now=1001)
    await ask_all([pages("/good?1"), pages("/good?2")], cache, now=1002)
    assert len(pages.asked) == 2
    await ask_all([pages("/good?1")], cache, now=999)
    assert len(pages.asked) == 3


@pytest.mark.parametrize("broken", ["{", "[1]", '{"http://x": "y"}', '{"http://x": null}', "\x00"])
async def test_a_broken_cache_is_ignored_and_replaced(pages: Pages, tmp_path: Path, broken: str) -> None:
    cache = tmp_path / "links.json"
    cache.write_text(broken)
    assert await ask_all([pages("/good")], cache, now=1000) == {}
    assert json.loads(cache.read_text()) == {pages("/good"): 1000}


async def test_a_cache_that_cannot_be_written_is_done_without(pages: Pages, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert await ask_all([pages("/good")], tmp_path / "file" / "links.json") == {}


def test_the_cache_is_where_a_users_programs_keep_theirs() -> None:
    named = os.environ.get("XDG_CACHE_HOME")
    folder = Path(named) if named else Path.home() / ".cache"
    assert usual_cache() == folder / "auskunft" / "links.json"
