"""Whether web addresses lead anywhere: each is asked once, politely, and what answered is not asked again for a day.

Not called dead is what answers that it is there: who must log in (401, 403, 407), who asks too often (429) or comes
during maintenance (503 with `Retry-After`) sees no page, and yet the address is right.
"""

import asyncio
import json
import os
import socket
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp
from yarl import URL

from bot import __version__
from bot.core.lint.links import Answered

_AGENT = f"auskunft/{__version__} (checks the links of a FAQ)"
_AT_ONCE, _AT_ONE_HOST = 10, 2
_PATIENCE = 15.0
"""Seconds that a server has for an answer."""
_REMEMBERED = 24 * 60 * 60
"""Seconds for which an address that is in order is not asked again."""
_PERMANENT = {301, 308}
_THERE = {401, 403, 407, 429}
"""What a server says that knows the address and does not show the page."""


def usual_cache() -> Path | None:
    """Where a user's programs keep what they can do without (XDG Base Directory); None for a user without a home."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    with suppress(RuntimeError):
        folder = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
        return folder / "auskunft" / "links.json"
    return None


async def ask_all(
    urls: Iterable[str], cache: Path | None = None, now: float | None = None, patience: float = _PATIENCE
) -> dict[str, Answered]:
    """Those of `urls` that are not in order, and why.

    `now`: seconds since 1970, by which the cache is dated. `patience`: the seconds that a server has for an answer.
    """
    now = time.time() if now is None else now
    good = _remembered(cache, now)
    asked = [url for url in dict.fromkeys(urls) if url not in good]
    overall = asyncio.Semaphore(_AT_ONCE)
    hosts: defaultdict[str | None, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_AT_ONE_HOST))
    headers, timeout = {"User-Agent": _AGENT}, aiohttp.ClientTimeout(total=patience)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, trust_env=True) as session:

        async def ask(url: str) -> Answered | None:
            async with hosts[_host(url)], overall:
                return await _ask(session, url)

        answers = dict(zip(asked, await asyncio.gather(*map(ask, asked)), strict=True))
    _remember(cache, {**good, **{url: now for url, answer in answers.items() if answer is None}})
    return {url: answer for url, answer in answers.items() if answer}


@dataclass(frozen=True)
class _Said:
    """What a server said in the end, and on the way there."""

    status: int
    may_come_back: bool
    new_address: str | None
    """Where the address leads by permanent redirects alone, as far as these go."""

    @property
    def is_good(self) -> bool:
        return self.status < 400 or self.status in _THERE or (self.status == 503 and self.may_come_back)


async def _ask(session: aiohttp.ClientSession, url: str) -> Answered | None:
    """What is wrong with the address: first its head is asked for, and, where that is refused, all of it."""
    try:
        said = None
        with suppress(aiohttp.ServerDisconnectedError):
            said = await _say(session, "HEAD", url)
        if said is None or said.status >= 400:
            said = await _say(session, "GET", url)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return Answered("unreachable", _trouble(error))
    if not said.is_good:
        return Answered("dead", f"the server says {said.status}{_phrase(said.status)}")
    return Answered("moved", said.new_address) if said.new_address else None


async def _say(session: aiohttp.ClientSession, method: str, url: str) -> _Said:
    async with session.request(method, url) as response:
        steps = (*response.history, response)
        moved = 0
        while moved < len(response.history) and steps[moved].status in _PERMANENT:
            moved += 1
        new_address = str(steps[moved].url.with_fragment(URL(url).fragment or None)) if moved else None
        return _Said(response.status, "Retry-After" in response.headers, new_address)


def _host(url: str) -> str | None:
    with suppress(ValueError):
        return URL(url).host
    return None


def _phrase(status: int) -> str:
    with suppress(ValueError):
        return f" ({HTTPStatus(status).phrase})"
    return ""


def _trouble(error: Exception) -> str:
    """Why no answer came, in a keeper's words."""
    match error:
        case aiohttp.ClientConnectorDNSError(os_error=socket.gaierror(errno=socket.EAI_AGAIN)):
            return "the name cannot be looked up now (is this machine online?)"
        case aiohttp.ClientConnectorDNSError():
            return "the name does not exist"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "its certificate cannot be trusted, or it speaks no TLS"
        case TimeoutError():
            return "no answer in time"
        case aiohttp.TooManyRedirects():
            return "it redirects in circles"
        case aiohttp.ServerDisconnectedError():
            return "the server hangs up without an answer"
        case aiohttp.ClientConnectorError():
            return "the server cannot be reached"
        case ValueError():
            return "this is no address"
    return "the server's answer cannot be understood"


def _remembered(cache: Path | None, now: float) -> dict[str, float]:
    """The addresses that were in order within the last day; none where the cache cannot be read."""
    try:
        kept = json.loads(cache.read_text(encoding="utf-8")) if cache else {}
        return {str(url): float(at) for url, at in kept.items() if 0 <= now - float(at) < _REMEMBERED}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(cache: Path | None, good: dict[str, float]) -> None:
    """Keep them, all at once or not at all: to do without a cache is no fault."""
    if cache is None:
        return
    with suppress(OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=cache.parent, encoding="utf-8", delete=False) as file:
            json.dump(good, file)
        Path(file.name).replace(cache)
