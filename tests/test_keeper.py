"""The FAQ lives: what is saved is taken over once it is good, and what is not leaves the last good edition in place."""

import asyncio
import gc
import logging
import os
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.faq.editions import open_edition
from bot.adapters.faq.folder import FaqFolder
from bot.adapters.faq.inspection import Inspection
from bot.adapters.faq.knowledge import load
from bot.adapters.simulated import SimulatedAdminRoom, SimulatedClock
from bot.core.conversation import Conversation
from bot.core.decision import Answer
from bot.core.edition import Edition
from bot.core.fault import Fault, Place
from bot.keeper import Keeper, open_keeper
from bot.keys import Unusable
from bot.ports.keeping import Change
from bot.yamlfile import Refused
from tests.conftest import CONTACT, NOW, message

FAQ = """entries:
  - id: drucker
    question: {de: "Wie drucke ich?"}
    phrasings:
      de:
        - "Drucker einrichten"
        - "Wo kann ich etwas ausdrucken?"
        - "Druckauftrag an den Drucker senden"
    answer: {de: "Über die Warteschlange."}
    review_by: 2099-01-01
    source: {title: x, url: "https://example.org", as_of: 2026-01-01}
  - id: schluessel
    question: {de: "Wie bekomme ich einen Schlüssel?"}
    phrasings:
      de:
        - "Schlüssel fürs Büro"
        - "Wer gibt Schlüssel aus?"
        - "Schlüssel verloren"
    answer: {de: "Bei der Pforte."}
    review_by: 2099-01-01
    source: {title: x, url: "https://example.org", as_of: 2026-01-01}
examples:
  - {text: "drucker einrichten bitte", expect: [drucker]}
  - {text: "schlüssel weg", expect: [schluessel]}
"""


def opened(folder: Path, instead: Mapping[str, bytes] = {}) -> Edition:
    return open_edition(folder, instead, contact=CONTACT)


def inspected(folder: Path) -> Inspection:
    return Inspection(
        load(folder), (Fault(Place("faq.yaml", 3), "it is late", "Go home.", severity="warning"),), is_whole=True
    )


async def here(make: Any, *arguments: Any) -> Any:
    """Does the work in this process."""
    return make(*arguments)


def folder_of(path: Path) -> FaqFolder:
    return FaqFolder(path, opened, inspected, here)


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    folder = tmp_path / "faq"
    folder.mkdir()
    (folder / "faq.yaml").write_text(FAQ, encoding="utf-8")
    return folder


@pytest.fixture
async def keeper(faq: Path) -> Keeper:
    keeper = await open_keeper(folder_of(faq), SimulatedClock(), settled=0)
    keeper.room = SimulatedAdminRoom()
    return keeper


def answered(keeper: Keeper, question: str) -> tuple[str, ...]:
    decision = keeper.desk.consider(Conversation(), message(question), NOW).decision
    return decision.entries if isinstance(decision, Answer) else ()


def save(folder: Path, old: str, new: str) -> None:
    path = folder / "faq.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def said(keeper: Keeper) -> list[tuple[str, bool]]:
    assert isinstance(keeper.room, SimulatedAdminRoom)
    return [(reply.markdown, rings) for reply, rings in keeper.room.said]


async def once(*asked: bool) -> AsyncIterator[bool]:
    for each in asked:
        yield each


async def test_what_is_saved_answers_and_the_admins_are_told_without_ringing(keeper: Keeper, faq: Path) -> None:
    desk = keeper.desk
    assert answered(keeper, "Papierstau beheben") == ()
    save(faq, '"Drucker einrichten"', '"Papierstau beheben"\n        - "Drucker einrichten"')
    await keeper.mind(once(False))
    assert answered(keeper, "Papierstau beheben") == ("drucker",)
    assert keeper.desk is desk
    ((told, rings),) = said(keeper)
    assert "gilt ab jetzt" in told
    assert "2/2" in told
    assert not rings


async def test_files_that_hold_the_same_are_no_news_but_for_the_log_of_who_asks(
    keeper: Keeper, faq: Path, caplog: pytest.LogCaptureFixture
) -> None:
    live = keeper.live
    os.utime(faq / "faq.yaml", (1, 1))
    (faq / ".faq.yaml.swp").write_text("x")
    (faq / "faq.yaml~").write_text("entries: [")
    with caplog.at_level(logging.INFO):
        await keeper.mind(once(False, False, True))
    assert keeper.live is live
    assert said(keeper) == []
    assert [record.getMessage() for record in caplog.records] == ["the FAQ has not changed since it was loaded"]


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("review_by: 2099-01-01\n    source", "review_by: bald\n    source", 10, "is no date"),
        ('answer: {de: "Bei der Pforte."}', "offers_human: false", 12, "the answer is missing in de"),
        ('- "Schlüssel verloren"', '- "Drucker einrichten bitte"', 23, "would be answered with `schluessel`"),
    ],
)
async def test_what_makes_the_faq_worse_is_not_taken_over_and_told_once_with_its_line(
    keeper: Keeper, faq: Path, old: str, new: str, line: int, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    live = keeper.live
    save(faq, old, new)
    await keeper.mind(once(False, False, True))
    assert caplog.text.count(f"{faq}/faq.yaml:{line}: error: ") == 1
    assert keeper.live is live
    assert answered(keeper, "Wer gibt Schlüssel aus?") == ("schluessel",)
    ((told, rings),) = said(keeper)
    assert rings
    assert f"`faq.yaml:{line}`" in told
    assert why in told.replace("\\", "")


async def test_what_is_mended_is_taken_over(keeper: Keeper, faq: Path) -> None:
    save(faq, "Bei der Pforte", 'Beim Empfang"\n  - [')
    await keeper.mind(once(False))
    assert keeper.refused
    (faq / "faq.yaml").write_text(FAQ.replace("Bei der Pforte", "Beim Empfang"), encoding="utf-8")
    await keeper.mind(once(False))
    assert not keeper.refused
    assert [rings for _, rings in said(keeper)] == [True, False]


async def test_what_is_refused_mended_and_broken_in_the_same_way_is_told_each_time(faq: Path) -> None:
    clock = SimulatedClock()
    keeper = await open_keeper(folder_of(faq), clock, settled=0)
    keeper.room = SimulatedAdminRoom()
    for content in ("entries: [", FAQ, "entries: ["):
        (faq / "faq.yaml").write_text(content, encoding="utf-8")
        clock.advance(timedelta(minutes=1))
        await keeper.mind(once(False))
    assert [rings for _, rings in said(keeper)] == [True, False, True]


class Meanwhile(FaqFolder):
    """A folder in which something happens while an edition is opened, or just after a file was written."""

    def __init__(self, path: Path, happens: Callable[[], Awaitable[None]]) -> None:
        super().__init__(path, opened, inspected, here)
        self.happens = happens

    async def open(self, change: Change | None = None) -> Edition:
        edition = await super().open(change)
        if change is None:
            await self.happens()
        return edition

    async def write(self, change: Change) -> None:
        await super().write(change)
        await self.happens()


async def test_what_is_saved_while_the_bot_starts_is_taken_over_then(faq: Path) -> None:
    async def saved() -> None:
        (faq / "faq.yaml").write_text(FAQ.replace("Bei der Pforte", "Beim Empfang"), encoding="utf-8")

    keeper = await open_keeper(Meanwhile(faq, saved), SimulatedClock(), settled=0)
    outcome = await keeper.reload()
    assert outcome
    assert outcome.is_live


async def test_what_the_bot_writes_itself_is_not_told_as_saved_by_somebody(keeper: Keeper, faq: Path) -> None:
    minding: list[asyncio.Task[None]] = []

    async def noticed() -> None:
        minding.append(asyncio.create_task(keeper.mind(once(False))))
        await asyncio.wait(minding, timeout=0.2)

    keeper.folder = Meanwhile(faq, noticed)
    outcome = await keeper.change(await keeper.folder.with_phrasing("faq.yaml", "drucker", "de", "Papierstau"))
    assert outcome.is_live
    await asyncio.gather(*minding)
    assert len(minding) == 1
    assert said(keeper) == []


async def test_faults_that_the_live_faq_has_already_are_no_objection(faq: Path) -> None:
    save(faq, 'answer: {de: "Bei der Pforte."}', "offers_human: false")
    keeper = await open_keeper(folder_of(faq), SimulatedClock(), settled=0)
    save(faq, "entries:", "# a comment moves all lines\nentries:")
    outcome = await keeper.reload()
    assert outcome
    assert outcome.is_live
    assert outcome.faults == ()


async def test_new_warnings_are_told_with_what_was_taken_over(keeper: Keeper, faq: Path) -> None:
    save(faq, "review_by: 2099-01-01\n    source", "review_by: 2020-01-01\n    source")
    await keeper.mind(once(False))
    ((told, rings),) = said(keeper)
    assert not rings
    assert "`faq.yaml:10`" in told


async def test_a_save_in_the_middle_of_writing_is_told_of_only_if_it_stays(keeper: Keeper, faq: Path) -> None:
    whole = FAQ.replace("Bei der Pforte", "Beim Empfang")
    patient = Keeper(keeper.live, "", keeper.folder, SimulatedClock(), settled=0.2)
    patient.room = keeper.room
    (faq / "faq.yaml").write_text(whole[:300], encoding="utf-8")
    minding = asyncio.create_task(patient.mind(once(False)))
    await asyncio.sleep(0.05)
    (faq / "faq.yaml").write_text(whole, encoding="utf-8")
    await minding
    ((told, rings),) = said(keeper)
    assert "gilt ab jetzt" in told
    assert not rings


async def test_a_removed_folder_leaves_the_faq_in_place_until_it_comes_back(keeper: Keeper, faq: Path) -> None:
    faq.rename(faq.with_name("away"))
    await keeper.mind(once(False, False))
    assert answered(keeper, "Wer gibt Schlüssel aus?") == ("schluessel",)
    ((told, _),) = said(keeper)
    assert "this is no folder" in told.replace("\\", "")
    faq.with_name("away").rename(faq)
    await keeper.mind(once(False))
    assert not keeper.refused


async def test_a_process_that_dies_is_told_and_tried_again_on_request(keeper: Keeper, faq: Path) -> None:
    async def dies(*_: Any) -> Any:
        raise Unusable("the FAQ could not be made ready (exit code -9): is there enough memory?")

    keeper.folder = FaqFolder(faq, opened, inspected, dies)
    save(faq, "Bei der Pforte", "Beim Empfang")
    await keeper.mind(once(False))
    assert "enough memory" in said(keeper)[0][0].replace("\\", "")
    keeper.folder = folder_of(faq)
    assert await keeper.reload() is None
    outcome = await keeper.reload(again=True)
    assert outcome
    assert outcome.is_live


async def test_a_room_that_cannot_be_told_stops_nothing(keeper: Keeper, faq: Path) -> None:
    assert isinstance(keeper.room, SimulatedAdminRoom)
    keeper.room.is_closed = True
    save(faq, "Bei der Pforte", "Beim Empfang")
    await keeper.mind(once(False))
    assert not keeper.refused
    keeper.room = None
    save(faq, "Beim Empfang", "Am Empfang")
    await keeper.mind(once(False))
    assert not keeper.refused


async def test_what_is_worse_can_be_forced_but_not_what_cannot_be_used(keeper: Keeper, faq: Path) -> None:
    save(faq, 'answer: {de: "Bei der Pforte."}', "offers_human: false")
    await keeper.mind(once(False))
    outcome = await keeper.reload(again=True, forced=True)
    assert outcome
    assert outcome.is_live
    assert [fault.entry for fault in outcome.faults] == ["schluessel"]
    assert keeper.refused == ()
    save(faq, "offers_human: false", "offers_human: [")
    outcome = await keeper.reload(again=True, forced=True)
    assert outcome
    assert (outcome.is_live, outcome.is_usable) == (False, False)


async def test_what_lacks_something_can_be_started_with_and_what_cannot_be_read_not(faq: Path) -> None:
    save(faq, 'answer: {de: "Bei der Pforte."}', "offers_human: false")
    await open_keeper(folder_of(faq), SimulatedClock())
    save(faq, "offers_human: false", "offers_human: [")
    with pytest.raises(Refused, match=r"faq\.yaml"):
        await open_keeper(folder_of(faq), SimulatedClock())


async def test_a_file_that_leads_nowhere_changes_the_state_of_the_folder(faq: Path) -> None:
    folder = folder_of(faq)
    before = await folder.state()
    (faq / "more.yaml").symlink_to(faq / "nowhere")
    assert await folder.state() != before


async def test_a_renamed_file_changes_the_state_of_the_folder(faq: Path) -> None:
    folder = folder_of(faq)
    before = await folder.state()
    (faq / "faq.yaml").rename(faq / "printers.yaml")
    assert await folder.state() != before


async def test_behind_a_file_that_cannot_be_read_a_change_is_news_all_the_same(faq: Path) -> None:
    (faq / "a.yaml").symlink_to(faq / "nowhere")
    folder = folder_of(faq)
    before = await folder.state()
    save(faq, "Bei der Pforte", "Beim Empfang")
    assert await folder.state() != before


class Slow(FaqFolder):
    """A folder whose check takes so long that something is saved meanwhile."""

    meanwhile: Any = None

    async def open(self, change: Change | None = None) -> Edition:
        edition = await super().open(change)
        if self.meanwhile:
            self.meanwhile()
            self.meanwhile = None
        return edition


async def test_what_is_saved_while_a_phrasing_is_checked_is_taken_over_next(keeper: Keeper, faq: Path) -> None:
    folder = keeper.folder = Slow(faq, opened, inspected, here)
    more = FAQ.partition("examples:")[0].replace("drucker", "beamer").replace("schluessel", "karte")
    for old, new in (("Drucker", "Beamer"), ("drucke", "projiziere"), ("Schlüssel", "Karten")):
        more = more.replace(old, new)
    folder.meanwhile = lambda: (faq / "more.yaml").write_text(more, encoding="utf-8")
    change = await folder.with_phrasing("faq.yaml", "drucker", "de", "Papierstau beheben")
    assert (await keeper.change(change)).is_live
    assert "beamer" not in keeper.live.files
    await keeper.mind(once(False))
    assert "beamer" in keeper.live.files
    assert answered(keeper, "Papierstau beheben") == ("drucker",)


async def test_what_it_wrote_itself_is_no_news(keeper: Keeper) -> None:
    change = await keeper.folder.with_phrasing("faq.yaml", "drucker", "de", "Papierstau beheben")
    await keeper.change(change)
    await keeper.mind(once(False))
    assert said(keeper) == []


async def test_files_that_change_all_the_time_hold_up_no_command(keeper: Keeper, faq: Path) -> None:
    folder = keeper.folder = Slow(faq, opened, inspected, here)
    number = 0

    def touched() -> None:
        nonlocal number
        number += 1
        (faq / "faq.yaml").write_text(f"{FAQ}# {number}\n", encoding="utf-8")
        asyncio.get_running_loop().call_soon(setattr, folder, "meanwhile", touched)

    touched()
    await asyncio.sleep(0)
    assert await keeper.reload() is None
    assert answered(keeper, "Wer gibt Schlüssel aus?") == ("schluessel",)
    folder.meanwhile = None
    await asyncio.sleep(0)
    folder.meanwhile = None
    outcome = await keeper.reload()
    assert outcome
    assert outcome.is_live


async def test_whatever_befalls_one_look_the_next_one_is_taken(keeper: Keeper, faq: Path) -> None:
    async def fails(*_: Any) -> Any:
        raise RuntimeError("a process of a pool was killed")

    keeper.folder = FaqFolder(faq, opened, inspected, fails)
    save(faq, "Bei der Pforte", "Beim Empfang")
    await keeper.mind(once(False))
    assert "could not be opened (RuntimeError)" in said(keeper)[0][0].replace("\\", "")
    keeper.folder = folder_of(faq)
    save(faq, "Beim Empfang", "Am Empfang")
    await keeper.mind(once(False))
    assert not keeper.refused


async def test_what_could_not_be_told_is_told_at_the_next_look_once(keeper: Keeper, faq: Path) -> None:
    assert isinstance(keeper.room, SimulatedAdminRoom)
    keeper.room.is_closed = True
    save(faq, "review_by: 2099-01-01\n    source", "review_by: bald\n    source")
    await keeper.mind(once(False, False))
    assert said(keeper) == []
    keeper.room.is_closed = False
    await keeper.mind(once(False, False))
    ((told, rings),) = said(keeper)
    assert rings
    assert "`faq.yaml:10`" in told


async def test_a_pipe_in_the_folder_blocks_nothing_and_is_told(keeper: Keeper, faq: Path) -> None:
    os.mkfifo(faq / "x.yaml")
    outcome = await keeper.reload()
    assert outcome
    assert [(fault.place.file, fault.message) for fault in outcome.faults] == [
        (str(faq / "x.yaml"), "this is no ordinary file")
    ]


async def test_an_emptied_file_is_told_and_not_what_its_entries_are_missed_for(keeper: Keeper, faq: Path) -> None:
    (faq / "examples.yaml").write_text('examples:\n  - {text: "x", expect: [drucker]}\n', encoding="utf-8")
    await keeper.reload()
    (faq / "faq.yaml").write_text("\n", encoding="utf-8")
    outcome = await keeper.reload()
    assert outcome
    assert [fault.message for fault in outcome.faults] == ["the file is empty"]


async def test_an_edition_that_is_replaced_goes_at_once_with_all_that_it_took(keeper: Keeper, faq: Path) -> None:
    answered(keeper, "Wer gibt Schlüssel aus?")
    keeper.desk.consider(Conversation(entries=("drucker",)), message("und am Wochenende?"), NOW)
    before = [weakref.ref(part) for part in vars(keeper.desk).values() if type(part).__module__.startswith("bot.")]
    gc.disable()
    try:
        save(faq, "Bei der Pforte", "Beim Empfang")
        await keeper.reload()
        still_used = {id(part) for part in vars(keeper.desk).values()}
        left = [part() for part in before]
        assert [part for part in left if part is not None and id(part) not in still_used] == []
    finally:
        gc.enable()
