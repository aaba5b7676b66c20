"""How fast the bot answers and how little it needs, beside a bare echo bot on the same homeserver.

Writes docs/operation-benchmark.md: `make bench-operation`, about twenty minutes. Both bots run throughout; questions go
to them in turns, so that what else the machine does meets both alike.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import yaml

from bot.adapters.homeserver import homeserver, stop
from bot.adapters.matrix.colleague import Colleague, colleague, register

REPORT = Path(__file__).parents[1] / "docs" / "operation-benchmark.md"
PASSWORD = "a long test password"
QUESTION = "Ist Signal erlaubt?"
ROUNDS = 200
WARM_UP = 10
BREATH = 0.05
"""Seconds between two questions, in which a bot does what it leaves for after the answer."""
SENDERS = 8
SUSTAINED_SECONDS = 20
SUSTAINED_TURNS = 4
MESSAGES = 5_000
IDLE_SECONDS = 60
ROOMS = int(os.environ.get("ROOMS", "2000"))
_numbers = count(1)


@dataclass
class Bot:
    """A bot's process."""

    user: str
    process: asyncio.subprocess.Process
    started_in: float
    """Seconds until it listened."""
    introduces_itself: bool
    """Whether it says something in a room that it has joined."""

    @property
    def resident(self) -> float:
        """Resident memory, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    @property
    def cpu(self) -> float:
        """Seconds of CPU used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _launch(user: str, log: Path, *command: str) -> Bot:
    started = time.perf_counter()
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *command, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
        )
    async with asyncio.timeout(300):
        while b"listening" not in log.read_bytes():
            if process.returncode is not None:
                raise RuntimeError(log.read_text())
            await asyncio.sleep(0.02)
    return Bot(user, process, time.perf_counter() - started, command[0] == "bot")


async def ours(address: str, folder: Path, user: str | None = None) -> Bot:
    """Auskunft, as admins run it; without limits to how much a person may ask."""
    user = user or await register(address, f"auskunft{next(_numbers)}", PASSWORD)
    folder.mkdir(exist_ok=True)
    unlimited = {"per_minute": 0, "per_day": 0}
    matrix = {"user": user, "homeserver": address, "password": PASSWORD, "questions": unlimited}
    (folder / "config.yaml").write_text(yaml.safe_dump({"matrix": matrix}))
    return await _launch(user, folder / "log", "bot", "run", "--config", str(folder / "config.yaml"))


async def bare(address: str, folder: Path) -> Bot:
    """The echo bot."""
    user = await register(address, f"echo{next(_numbers)}", PASSWORD)
    folder.mkdir()
    return await _launch(user, folder / "log", "benchmarks.echo", address, user, PASSWORD, str(folder / "store"))


class Asker:
    """A person with as little client as can be, in one room without encryption: many of them fit beside the bots."""

    def __init__(self, http: aiohttp.ClientSession, bot: Bot, room: str) -> None:
        self._http, self._bot, self._room = http, bot, room
        self._since = ""

    async def ask(self) -> None:
        """Ask, and wait for the answer."""
        path = f"/_matrix/client/v3/rooms/{self._room}/send/m.room.message/{time.monotonic_ns()}"
        async with self._http.put(path, json={"msgtype": "m.text", "body": QUESTION}) as response:
            response.raise_for_status()
        await self.listen()

    async def listen(self, until_answered: bool = True) -> None:
        """Take in what happens, until the bot has written."""
        while True:
            query = {"timeout": "30000", "filter": _ONLY_MESSAGES} | ({"since": self._since} if self._since else {})
            async with self._http.get("/_matrix/client/v3/sync", params=query) as response:
                told = await response.json()
            self._since = told["next_batch"]
            events = told.get("rooms", {}).get("join", {}).get(self._room, {}).get("timeline", {}).get("events", [])
            if not until_answered or any(event["sender"] == self._bot.user for event in events):
                return


_ONLY_MESSAGES = (
    '{"presence":{"types":[]},"account_data":{"types":[]},"room":{"state":{"types":[]},"account_data":{"types":[]},'
    '"ephemeral":{"types":[]},"timeline":{"types":["m.room.message"]}}}'
)


@asynccontextmanager
async def askers(address: str, bot: Bot) -> AsyncIterator[list[Asker]]:
    """Eight people, each in a room of their own with the bot."""
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(SENDERS):
            http = await stack.enter_async_context(aiohttp.ClientSession(address))
            account = {"username": f"asker{next(_numbers)}", "password": PASSWORD, "auth": {"type": "m.login.dummy"}}
            async with http.post("/_matrix/client/v3/register", json=account) as response:
                http.headers["Authorization"] = f"Bearer {(await response.json())['access_token']}"
            chat = {"invite": [bot.user], "is_direct": True, "preset": "trusted_private_chat"}
            async with http.post("/_matrix/client/v3/createRoom", json=chat) as response:
                room = (await response.json())["room_id"]
            member = f"/_matrix/client/v3/rooms/{room}/state/m.room.member/{bot.user}"
            while True:
                async with http.get(member) as response:
                    if (await response.json()).get("membership") == "join":
                        break
                await asyncio.sleep(0.05)
            asker = Asker(http, bot, room)
            await asker.listen(until_answered=bot.introduces_itself)
            made.append(asker)
        yield made


async def round_trips(person: Colleague, bots: list[Bot], encrypted: bool) -> list[list[float]]:
    """Seconds from a question to its answer, by bot."""
    rooms = []
    for bot in bots:
        rooms.append(await person.create_room(bot.user, encrypted=encrypted, direct=True))
        await person.wait_until_joined(rooms[-1], bot.user)
        if bot.introduces_itself:
            await person.wait_for(rooms[-1], bot.user)
    times: list[list[float]] = [[] for _ in bots]
    for number in range(WARM_UP + ROUNDS):
        for bot, room, taken in zip(bots, rooms, times, strict=True):
            started = time.perf_counter()
            await person.say(room, QUESTION)
            await person.wait_for(room, bot.user)
            if number >= WARM_UP:
                taken.append(time.perf_counter() - started)
            await asyncio.sleep(BREATH)
    return times


async def sustained(people: list[Asker], seconds: float) -> float:
    """Questions a second that all of them together are answered."""
    until = time.perf_counter() + seconds

    async def go_on(asker: Asker) -> int:
        answered = 0
        while time.perf_counter() < until:
            await asker.ask()
            answered += 1
        return answered

    return sum(await asyncio.gather(*map(go_on, people))) / seconds


async def feed(people: list[Asker], messages: int) -> None:
    async def go_on(asker: Asker) -> None:
        for _ in range(messages // len(people)):
            await asker.ask()

    await asyncio.gather(*map(go_on, people))


async def many_rooms(address: str, folder: Path) -> list[str]:
    """Starts with few and with many joined rooms."""
    user = await register(address, f"auskunft{next(_numbers)}", PASSWORD)
    bot = await ours(address, folder / "many", user)
    async with askers(address, bot) as people:
        bot, first = await _restarted(bot, address, folder / "many", people[0])
        small = bot.resident
        rows = [f"| start with {SENDERS} rooms: first answer, memory | {first:.1f} s, {small:.0f} MB | |"]
        began = time.perf_counter()
        await _make_rooms(address, user)
        rows.append(f"| (the rooms were made and joined in {time.perf_counter() - began:.0f} s) | | |")
        bot, first = await _restarted(bot, address, folder / "many", people[0])
        await _settled(bot)
        each = (bot.resident - small) * 1024 / ROOMS
        rows.insert(1, f"| start with {ROOMS} rooms: first answer, memory | {first:.1f} s, {bot.resident:.0f} MB | |")
        rows.insert(2, f"| memory a room | {each:.1f} KB | |")
    await stop(bot.process)
    return rows


async def _restarted(bot: Bot, address: str, folder: Path, person: Asker) -> tuple[Bot, float]:
    """The bot once more, and the seconds until a question was answered that had waited for it."""
    await stop(bot.process)
    answered = asyncio.create_task(person.ask())
    began = time.perf_counter()
    bot = await ours(address, folder, bot.user)
    await answered
    return bot, time.perf_counter() - began


async def _make_rooms(address: str, user: str) -> None:
    async with aiohttp.ClientSession(address) as http:
        account = {"username": f"asker{next(_numbers)}", "password": PASSWORD, "auth": {"type": "m.login.dummy"}}
        async with http.post("/_matrix/client/v3/register", json=account) as response:
            http.headers["Authorization"] = f"Bearer {(await response.json())['access_token']}"

        async def make(number: int) -> None:
            for _ in range(number):
                chat = {"invite": [user], "preset": "private_chat"}
                async with http.post("/_matrix/client/v3/createRoom", json=chat) as response:
                    response.raise_for_status()

        await asyncio.gather(*(make(ROOMS // 4) for _ in range(4)))
    await _until_joined(address, user, ROOMS)


async def _settled(bot: Bot) -> None:
    """Until it uses no CPU to speak of any more."""
    before = -1.0
    while bot.cpu - before > 0.05:
        before = bot.cpu
        await asyncio.sleep(2)


async def _until_joined(address: str, user: str, rooms: int) -> None:
    login = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": user}, "password": PASSWORD}
    async with aiohttp.ClientSession(address) as http:
        async with http.post("/_matrix/client/v3/login", json=login) as response:
            http.headers["Authorization"] = f"Bearer {(await response.json())['access_token']}"
        while True:
            async with http.get("/_matrix/client/v3/joined_rooms") as response:
                if len((await response.json())["joined_rooms"]) >= rooms:
                    break
            await asyncio.sleep(1)
        async with http.post("/_matrix/client/v3/logout") as response:
            response.raise_for_status()


def _ratio(name: str, mine: list[float], theirs: list[float], target: tuple[float, float]) -> list[str]:
    def milliseconds(times: list[float]) -> tuple[float, float]:
        return statistics.median(times) * 1000, statistics.quantiles(times, n=20)[-1] * 1000

    rows = []
    for what, own, other, most in zip(("median", "p95"), milliseconds(mine), milliseconds(theirs), target, strict=True):
        rows.append(
            f"| round trip, {name}, {what} | {own:.0f} ms against {other:.0f} ms | {own / other:.2f} (≤ {most:.2f}) |"
        )
    return rows


async def measure(folder: Path) -> list[str]:
    rows: list[str] = []
    async with AsyncExitStack() as stack:
        address = (await stack.enter_async_context(homeserver(folder / "synapse"))).address
        bots = [await ours(address, folder / "ours"), await bare(address, folder / "bare")]
        for bot in bots:
            stack.push_async_callback(stop, bot.process)
        mine = bots[0]
        started_with = mine.resident
        user = await register(address, "person", PASSWORD)
        async with colleague(address, user, PASSWORD, folder / "person") as person:
            for name, encrypted in (("plain", False), ("encrypted", True)):
                times = await round_trips(person, bots, encrypted)
                rows += _ratio(name, *times, (1.10, 1.25))
                print(*rows[-2:], sep="\n", file=sys.stderr)
        async with askers(address, bots[0]) as first, askers(address, bots[1]) as second:
            speeds: list[list[float]] = [[], []]
            for _ in range(SUSTAINED_TURNS):
                for people, told in zip((first, second), speeds, strict=True):
                    told.append(await sustained(people, SUSTAINED_SECONDS))
            own, other = map(statistics.mean, speeds)
            rows.append(f"| {SENDERS} senders | {own:.1f} a second against {other:.1f} | {own / other:.2f} (≥ 0.90) |")
            print(rows[-1], file=sys.stderr)
            marks = []
            for _ in range(2):
                await feed(first, MESSAGES)
                marks.append(mine.resident)
            rows += [
                f"| memory at the start | {started_with:.0f} MB | |",
                f"| memory after {MESSAGES} messages more | {marks[0]:.1f} MB | (≤ 120 MB) |",
                f"| added by another {MESSAGES} | {marks[1] - marks[0]:.1f} MB | (< 3 MB) |",
            ]
            print(*rows[-3:], sep="\n", file=sys.stderr)
        before = mine.cpu
        await asyncio.sleep(IDLE_SECONDS)
        rows.append(f"| CPU when idle | {100 * (mine.cpu - before) / IDLE_SECONDS:.2f} % | (< 0.5 %) |")
        rows += await many_rooms(address, folder)
    return rows


def main() -> None:
    with TemporaryDirectory() as folder:
        rows = asyncio.run(measure(Path(folder)))
    head = f"""# Operation, measured

Written by `make bench-operation`, on a real Synapse, beside a bare echo bot of matrix-nio on the same homeserver, in
one run on two cores. Round trips: {ROUNDS} questions to each bot in turns, from sending to having the answer.
Sustained: {SENDERS} people who each ask as soon as they were answered, {SUSTAINED_TURNS} turns of {SUSTAINED_SECONDS} s
for each bot.

| what | measured | ratio (target) |
|---|---|---|
"""
    REPORT.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    print(REPORT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
