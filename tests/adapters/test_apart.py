"""What is made in a process of its own comes back whole, as do the faults of an admin's files."""

import asyncio
import os
import pickle
import sys
from pathlib import Path

import pytest

from bot.adapters.apart import apart
from bot.adapters.faq.knowledge import load, open_desk
from bot.core.conversation import Conversation
from bot.core.desk import Desk
from bot.core.triage import Thresholds
from bot.keys import Unusable
from bot.yamlfile import Refused
from tests.conftest import CONTACT, NOW, message


async def test_it_is_made_in_another_process() -> None:
    assert await apart(os.getpid) != os.getpid()


async def test_a_desk_that_was_made_apart_answers_as_one_that_was_made_here(desk: Desk) -> None:
    other = await apart(open_desk, None, CONTACT, "de", Thresholds())
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


async def test_faults_of_the_faq_are_told_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text("entries: [{}]\nnonsense: 1\n")
    with pytest.raises(Refused) as here:
        load(tmp_path)
    with pytest.raises(Refused) as there:
        await apart(load, tmp_path)
    assert there.value.faults == here.value.faults
    assert str(there.value) == str(here.value)


async def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(Unusable, match="memory"):
        await apart(os.abort)
