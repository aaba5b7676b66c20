"""What is made in a process of its own comes back whole, as do the faults of an admin's files."""

import asyncio
import gc
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.adapters.apart import Workshop
from bot.adapters.faq.knowledge import load
from bot.core.conversation import Conversation
from bot.core.desk import Desk
from bot.keys import Unusable
from bot.yamlfile import Refused
from tests.conftest import CONTACT, NOW, message


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    async with Workshop() as workshop:
        yield workshop


def waits(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


async def test_each_piece_of_work_is_done_in_a_process_of_its_own(workshop: Workshop) -> None:
    made = [await workshop(os.getpid) for _ in range(2)]
    assert len({*made, os.getpid()}) == 3
    assert await workshop(os.getppid) == await workshop(os.getppid)


async def test_it_is_done_in_our_environment(workshop: Workshop) -> None:
    assert await workshop(os.getenv, "PATH") == os.environ["PATH"]


async def test_garbage_is_collected_here_afterwards_whatever_came_back(workshop: Workshop) -> None:
    await workshop(os.getpid)
    with pytest.raises(ValueError, match="literal"):
        await workshop(int, "x")
    assert gc.isenabled()


async def test_pieces_of_work_wait_for_one_another(workshop: Workshop) -> None:
    for _ in range(2):  # the process that forks them is started by the first one, and is there for the others
        assert len(set(await asyncio.gather(workshop(waits, 0.1), workshop(waits, 0)))) == 2
    keepers = await asyncio.gather(workshop(os.getppid), workshop(os.getppid))
    assert len(set(keepers)) == 1


async def test_at_its_end_what_is_in_hand_ends_too() -> None:
    async with Workshop() as workshop:
        keeper = await workshop(os.getppid)
        waiting = asyncio.create_task(workshop(waits, 60))
        await asyncio.sleep(0.2)
    waiting.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(keeper, 0)


async def test_what_is_not_wanted_any_more_ends_and_the_next_piece_is_done(workshop: Workshop) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await workshop(waits, 60)
    assert await workshop(waits, 0)


async def test_a_desk_that_was_made_apart_answers_as_one_that_was_made_here(desk: Desk, workshop: Workshop) -> None:
    other = await workshop(Desk, load(), CONTACT)
    for text in ("Ist Signal erlaubt?", "wie loge ich mich bei dfnconf ein", "Wann hat die Mensa offen?"):
        assert other.consider(Conversation(), message(text), NOW) == desk.consider(Conversation(), message(text), NOW)
        assert other.explain(text) == desk.explain(text)


async def test_what_answers_needs_no_scipy(desk: Desk) -> None:
    code = """
import pickle, sys
import bot.assembly
from bot.core.conversation import Conversation
from tests.conftest import NOW, message
desk = pickle.load(sys.stdin.buffer)
assert desk.consider(Conversation(), message("Ist Wire erlaubt?"), NOW).entries == ("wire",)
sys.exit("scipy" in sys.modules)
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdin=asyncio.subprocess.PIPE)
    await process.communicate(pickle.dumps(desk))
    assert process.returncode == 0


async def test_faults_of_the_faq_are_told_with_their_places(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text("entries: [{}]\nnonsense: 1\n")
    with pytest.raises(Refused) as here:
        load(tmp_path)
    with pytest.raises(Refused) as there:
        await workshop(load, tmp_path)
    assert there.value.faults == here.value.faults
    assert str(there.value) == str(here.value)


async def test_a_process_that_dies_is_told_and_the_next_one_does_its_work(workshop: Workshop) -> None:
    for _ in range(2):
        with pytest.raises(Unusable, match="memory"):
            await workshop(os.abort)
    assert await workshop(os.getpid)


async def test_what_cannot_be_sent_back_is_told(workshop: Workshop) -> None:
    with pytest.raises(TypeError, match="pickle"):
        await workshop(threading.Lock)
    assert await workshop(os.getpid)


def leaves_a_process_behind_and_dies(path: Path) -> None:
    if os.fork() == 0:
        path.write_text(str(os.getpid()))
        time.sleep(60)
        os._exit(0)
    while not (path.exists() and path.read_text()):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)


async def test_a_process_that_is_killed_takes_its_own_along_and_is_told(workshop: Workshop, tmp_path: Path) -> None:
    async with asyncio.timeout(20):
        with pytest.raises(Unusable, match="memory"):
            await workshop(leaves_a_process_behind_and_dies, tmp_path / "pid")
    assert await workshop(os.getpid)
    left = int((tmp_path / "pid").read_text())
    with suppress(ProcessLookupError, FileNotFoundError):
        assert Path(f"/proc/{left}/stat").read_text().split()[2] == "Z"
