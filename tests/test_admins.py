"""Admins keep the FAQ from their room: what they command is done once, checked first, and can be undone."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.faq.folder import FaqFolder
from bot.adapters.faq.knowledge import load, shipped
from bot.adapters.simulated import SimulatedAdditions, SimulatedClock, SimulatedReplies, SimulatedStore
from bot.admins import Admins
from bot.core.model import Addressed, Message
from bot.core.pace import Limits, Pace
from bot.keeper import Keeper, open_keeper
from bot.ports.keeping import Addition, Change
from tests.conftest import message
from tests.test_keeper import FAQ, answered, folder_of, here, inspected, opened, save

ADMIN, OTHER, ROOM = "@admin:uni.test", "@ada:uni.test", "!admins:uni.test"


class Room:
    """The admins' room, with all that stands behind it."""

    def __init__(self, keeper: Keeper, clock: SimulatedClock) -> None:
        self.keeper = keeper
        self.clock = clock
        self.additions = SimulatedAdditions()
        self.store = SimulatedStore(clock)
        self.replies = SimulatedReplies()
        self.begin()
        self._number = 0

    def begin(self) -> None:
        self.admins = Admins([ADMIN], self.keeper, self.additions, self.store, self.replies, self.clock)

    def written(self, text: str, sender: str = ADMIN, **changes: object) -> Message:
        self._number += 1
        self.clock.advance(timedelta(seconds=1))
        known = {"room_id": ROOM, "sender": sender, "addressed": Addressed.ADMIN, **changes}
        return replace(message(text, f"${self._number}", **known), sent_at=self.clock.now())

    async def says(self, text: str, sender: str = ADMIN) -> str:
        """What the bot says to a message; empty where it says nothing."""
        told = len(self.replies.sent)
        await self.admins.handle(self.written(text, sender))
        return "\n".join(reply.markdown for _, reply in self.replies.sent[told:]).replace("\\", "")


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    folder = tmp_path / "faq"
    folder.mkdir()
    (folder / "faq.yaml").write_text(FAQ, encoding="utf-8")
    return folder


async def room_of(faq: Path) -> Room:
    clock = SimulatedClock()
    return Room(await open_keeper(folder_of(faq), clock, settled=0), clock)


@pytest.fixture
async def room(faq: Path) -> Room:
    return await room_of(faq)


def phrasings(faq: Path) -> Mapping[str, tuple[str, ...]]:
    return {entry.id: entry.phrasings.de for entry in load(faq).entries}


async def test_a_phrasing_is_added_and_answers_at_once(room: Room, faq: Path) -> None:
    assert answered(room.keeper, "Papierstau beheben") == ()
    told = await room.says("!add drucker Papierstau beheben")
    assert "„Papierstau beheben“ führt ab jetzt zu `drucker` (`faq.yaml`, de). Beispiele richtig: 2/2." in told
    assert answered(room.keeper, "Papierstau beheben") == ("drucker",)
    assert phrasings(faq)["drucker"][-1] == "Papierstau beheben"
    assert await room.keeper.reload() is None


async def test_an_addition_is_undone_and_the_file_is_as_before(room: Room, faq: Path) -> None:
    await room.says("!add drucker Papierstau beheben")
    await room.says("!add schluessel Wo gibts Schlüssel")
    assert "„Wo gibts Schlüssel“ steht nicht mehr bei `schluessel`" in await room.says("!undo")
    assert "„Papierstau beheben“" in await room.says("!rückgängig")
    assert (faq / "faq.yaml").read_text(encoding="utf-8") == FAQ
    assert answered(room.keeper, "Papierstau beheben") == ()
    assert "nichts zurückzunehmen" in await room.says("!undo")


async def test_what_was_taken_out_by_hand_is_told_and_the_one_before_is_undone_next(room: Room, faq: Path) -> None:
    await room.says("!add drucker Papierstau beheben")
    await room.says("!add drucker Toner leer")
    save(faq, "Toner leer", "Kartusche leer")
    await room.keeper.reload()
    told = await room.says("!undo")
    assert "unverändert: faq.yaml" in told
    assert "„Papierstau beheben“" in await room.says("!undo")


async def test_while_what_was_saved_is_refused_nothing_is_added_or_taken_back_and_why_is_told(
    room: Room, faq: Path
) -> None:
    await room.says("!add drucker Papierstau beheben")
    save(faq, 'answer: {de: "Bei der Pforte."}', "offers_human: false")
    saved = (faq / "faq.yaml").read_bytes()
    for command in ("!undo", "!add drucker Toner leer", "!add! drucker Toner leer"):
        told = await room.says(command)
        assert "nicht geschrieben" in told
        assert "entry schluessel: the answer is missing in de" in told
        assert "!add!" not in told
    assert (faq / "faq.yaml").read_bytes() == saved
    assert answered(room.keeper, "Wer gibt Schlüssel aus?") == ("schluessel",)
    await room.says("!reload!")
    assert "„Papierstau beheben“ steht nicht mehr bei `drucker`" in await room.says("!undo")


@pytest.mark.parametrize("text", ["!add drucker Papierstau", "!status", "!undo", "!check", "!hilfe"])
async def test_others_get_a_friendly_no_and_change_nothing(room: Room, faq: Path, text: str) -> None:
    assert "den Admins der FAQ in ihrem Raum vorbehalten" in await room.says(text, sender=OTHER)
    assert (faq / "faq.yaml").read_text(encoding="utf-8") == FAQ


async def test_a_phrasing_that_leads_elsewhere_is_asked_about_and_added_on_request(room: Room, faq: Path) -> None:
    told = await room.says("!add drucker Wer gibt die Schlüssel aus?")
    assert "beantworte ich bisher mit `schluessel`" in told
    assert "!add! drucker Wer gibt die Schlüssel aus?" in told
    assert (faq / "faq.yaml").read_text(encoding="utf-8") == FAQ
    assert "führt ab jetzt zu `drucker`" in await room.says("!add! drucker Wer gibt die Schlüssel aus?")
    assert answered(room.keeper, "Wer gibt die Schlüssel aus?") == ("drucker",)


async def test_a_phrasing_of_another_entry_is_added_on_request_and_told_to_stand_in_both(room: Room, faq: Path) -> None:
    told = await room.says("!add! drucker Wer gibt Schlüssel aus?")
    assert "führt ab jetzt zu `drucker`" in told
    assert 'warning: entry schluessel: the phrasing "Wer gibt Schlüssel aus?" stands in `drucker` too' in told


async def test_a_phrasing_of_what_is_not_covered_is_asked_about(room: Room, faq: Path) -> None:
    save(faq, "examples:", 'not_covered: [{names: ["Plotter"], pointer: {de: "Fragen Sie die Druckerei."}}]\nexamples:')
    await room.keeper.reload()
    told = await room.says("!add drucker Plotter?")
    assert "dazu nichts weiß (wie zu „Plotter“)" in told
    assert "!add! drucker Plotter?" in told
    assert "führt ab jetzt" in await room.says("!add! drucker Plotter?")


async def test_a_phrasing_that_breaks_an_example_is_refused_with_the_example(room: Room, faq: Path) -> None:
    told = await room.says("!add! schluessel drucker einrichten bitte")
    assert "führt ab jetzt" in told  # forced
    await room.says("!undo")
    save(faq, "examples:", 'examples:\n  - {text: "papier ist alle", expect: []}')
    await room.keeper.reload()
    told = await room.says("!add drucker papier ist alle")
    assert 'the example "papier ist alle" would be answered with `drucker` now instead of no entry' in told
    assert "!add! drucker papier ist alle" in told
    assert "papier ist alle" not in phrasings(faq)["drucker"]
    assert "nichts zurückzunehmen" in await room.says("!undo")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("!add druker Papierstau", "Den Eintrag `druker` gibt es nicht. Ähnlich heißen: `drucker`"),
        ("!add Papierstau beheben", "Den Eintrag `Papierstau` gibt es nicht"),
        ("!add", "Dahinter gehören ein Eintrag und eine Formulierung"),
        ("!add!", "Die Einträge: `drucker`, `schluessel`"),
        ("!add drucker", "Hinter `drucker` gehört die Formulierung"),
        ("!add drucker   \n ", "Hinter `drucker` gehört die Formulierung"),
        ("!add drucker " + "x" * 301, "höchstens 300 Zeichen"),
        ("!add drucker " + "\n".join(f"Zeile {n}" for n in range(200)), "in einer Zeile"),
        ("!add drucker Drucker einrichten", "steht schon bei `drucker`"),
        ("!add drucker drucker EINRICHTEN!!", "steht schon bei `drucker`"),
        ("!add! drucker Drucker einrichten", "steht schon bei `drucker`"),
        ("!add drucker Wer gibt Schlüssel aus?", "steht schon bei `schluessel`"),
        ("!add drucker Hallo", "nie als Frage"),
        ("!add drucker !hilfe", "nie als Frage"),
        ("!add drucker 42", "nie als Frage"),
        ("!add drucker Ich will mit einem Menschen sprechen", "nie als Frage"),
        ("!add drucker ???", "nie als Frage"),
        ("!add drucker 👍🎉", "nie als Frage"),
        ("!why", "gehört eine Frage"),
        ("!new", "gehört eine Frage"),
        ("!new \u200b", "gehört eine Frage"),
    ],
)
async def test_what_cannot_be_done_is_told_with_a_way_on(room: Room, faq: Path, text: str, part: str) -> None:
    assert part in await room.says(text)
    assert (faq / "faq.yaml").read_text(encoding="utf-8") == FAQ


@pytest.mark.parametrize(
    "phrasing",
    [
        'Druck "in Farbe": geht das?',
        "Druck & Kopie # wo?",
        "{{ Druck }} {contact}",
        "- Druckkosten: wie viel %?",
        "Drucker 🖨️ für Größeres",
        "`Druck` \\ mit 'Ränkern'",
        "*Druck* & !Kopie",
    ],
)
async def test_a_phrasing_stands_in_the_file_as_it_was_written_and_is_undone_exactly(
    room: Room, faq: Path, phrasing: str
) -> None:
    assert "führt ab jetzt" in await room.says(f"!add drucker {phrasing}")
    assert phrasings(faq)["drucker"][-1] == phrasing
    assert answered(room.keeper, phrasing) == ("drucker",)
    await room.says("!undo")
    assert (faq / "faq.yaml").read_text(encoding="utf-8") == FAQ


async def test_entry_and_quotation_marks_are_taken_as_people_write_them(room: Room, faq: Path) -> None:
    assert "führt ab jetzt" in await room.says("!add `Drucker`: „Papierstau beheben“")
    assert phrasings(faq)["drucker"][-1] == "Papierstau beheben"


async def test_a_language_can_be_named(room: Room, faq: Path) -> None:
    assert "the answer is missing in en" in await room.says("!add en drucker Printer?")
    assert "(`faq.yaml`, en)" in await room.says("!add! en drucker Printer?")
    (entry, _) = load(faq).entries
    assert entry.phrasings.en == ("Printer?",)


async def test_the_language_is_told_by_the_words(room: Room) -> None:
    assert "(`faq.yaml`, en)" in await room.says("!add! drucker How do I set up the printer in my office?")
    assert "(`faq.yaml`, en)" in await room.says("!ergänzen! schluessel Lost my keys")


class Shipped(FaqFolder):
    """A folder that ships with the bot."""

    is_shipped = True


async def test_the_faq_that_ships_is_not_written_into_and_how_to_get_an_own_one_is_told(room: Room, faq: Path) -> None:
    room.keeper.folder = Shipped(faq, opened, inspected, here)
    for command in ("!add", "!add!"):
        told = await room.says(f"{command} drucker Papierstau beheben")
        assert f"cp -r {faq} faq" in told
        assert "`knowledge: faq`" in told
    assert (faq / "faq.yaml").read_text(encoding="utf-8") == FAQ


async def test_a_folder_is_the_one_that_ships_by_whatever_path(faq: Path) -> None:
    (faq / "link").symlink_to(shipped())
    assert FaqFolder(None, opened, inspected, here).is_shipped
    assert folder_of(faq / "link").is_shipped
    assert not folder_of(faq).is_shipped


async def test_a_file_that_was_broken_meanwhile_is_not_written_into(room: Room, faq: Path) -> None:
    save(faq, 'answer: {de: "Bei der Pforte."}', "answer: [")
    broken = (faq / "faq.yaml").read_bytes()
    assert await room.says("!add drucker Papierstau beheben")
    assert (faq / "faq.yaml").read_bytes() == broken
    assert answered(room.keeper, "Wer gibt Schlüssel aus?") == ("schluessel",)
    (faq / "faq.yaml").write_text(FAQ, encoding="utf-8")
    assert "führt ab jetzt" in await room.says("!add drucker Papierstau beheben")


async def test_a_file_that_is_gone_is_named_with_what_to_do(room: Room, faq: Path) -> None:
    (faq / "faq.yaml").unlink()
    told = await room.says("!add drucker Papierstau beheben")
    assert "faq.yaml cannot be read" in told
    assert "Check the file and its permissions." in told


async def test_another_file_that_was_broken_meanwhile_is_named(room: Room, faq: Path) -> None:
    (faq / "more.yaml").write_text("entries: [", encoding="utf-8")
    told = await room.says("!add drucker Papierstau beheben")
    assert "nicht geschrieben" in told
    assert "`more.yaml:2`" in told
    assert "!add!" not in told
    assert (faq / "faq.yaml").read_text(encoding="utf-8") == FAQ


async def test_what_cannot_be_written_answers_nothing_is_told_and_cannot_be_undone(room: Room, faq: Path) -> None:
    (faq / "faq.yaml").chmod(0o444)
    told = await room.says("!add drucker Papierstau beheben")
    (faq / "faq.yaml").chmod(0o644)
    assert "by hand" in told
    assert answered(room.keeper, "Papierstau beheben") == ()
    assert "nichts zurückzunehmen" in await room.says("!undo")


async def test_what_others_have_saved_meanwhile_stays_and_goes_live_with_it(room: Room, faq: Path) -> None:
    save(faq, "Bei der Pforte", "Beim Empfang")
    await room.says("!add drucker Papierstau beheben")
    text = (faq / "faq.yaml").read_text(encoding="utf-8")
    assert "Beim Empfang" in text
    assert "Papierstau beheben" in text


async def test_a_command_is_done_once_however_often_it_comes(room: Room, faq: Path) -> None:
    written = room.written("!add drucker Papierstau beheben")
    for _ in range(2):
        await room.admins.handle(written)
    assert len(room.replies.sent) == 1
    assert phrasings(faq)["drucker"].count("Papierstau beheben") == 1


async def test_killed_after_writing_the_bot_tells_it_at_its_next_start(room: Room, faq: Path) -> None:
    written = room.written("!add drucker Papierstau beheben")
    await room.admins.handle(written)
    restarted = await room_of(faq)
    restarted.additions = room.additions
    restarted.begin()
    await restarted.admins.handle(written)
    ((_, first),) = room.replies.sent
    ((_, second),) = restarted.replies.sent
    assert first == second
    assert phrasings(faq)["drucker"].count("Papierstau beheben") == 1


class Deadly(FaqFolder):
    """A folder in which the bot is killed as soon as it has written."""

    async def write(self, change: Change) -> None:
        await super().write(change)
        raise asyncio.CancelledError


async def test_killed_before_it_knows_that_it_has_written_the_bot_tells_it_at_its_next_start(
    room: Room, faq: Path
) -> None:
    written = room.written("!add drucker Papierstau beheben")
    room.keeper.folder = Deadly(faq, opened, inspected, here)
    with pytest.raises(asyncio.CancelledError):
        await room.admins.handle(written)
    restarted = await room_of(faq)
    restarted.additions = room.additions
    restarted.begin()
    await restarted.admins.handle(written)
    assert "führt ab jetzt zu `drucker`" in restarted.replies.sent[0][1].markdown
    assert [each.phrasing for each in await room.additions.all()] == ["Papierstau beheben"]


async def test_what_cannot_be_taken_back_now_can_be_later(room: Room, faq: Path) -> None:
    await room.says("!add drucker Papierstau beheben")
    (faq / "more.yaml").write_text("entries: [", encoding="utf-8")
    assert "`more.yaml:2`" in await room.says("!undo")
    assert "Papierstau beheben" in (faq / "faq.yaml").read_text(encoding="utf-8")
    (faq / "more.yaml").unlink()
    assert "„Papierstau beheben“ steht nicht mehr bei `drucker`" in await room.says("!undo")


async def test_killed_while_it_takes_back_the_bot_takes_back_no_second_one(room: Room, faq: Path) -> None:
    await room.says("!add drucker Papierstau beheben")
    await room.says("!add drucker Toner leer")
    written = room.written("!undo")
    await room.admins.handle(written)
    restarted = await room_of(faq)
    restarted.additions = room.additions
    restarted.begin()
    await restarted.admins.handle(written)
    assert "„Toner leer“ steht nicht mehr" in restarted.replies.sent[0][1].markdown
    assert phrasings(faq)["drucker"][-1] == "Papierstau beheben"


async def test_killed_before_writing_the_bot_writes_at_its_next_start(room: Room, faq: Path) -> None:
    written = room.written("!add drucker Papierstau beheben")
    noted = Addition(written.event_id, "faq.yaml", "drucker", "de", "Papierstau beheben", room.clock.now())
    await room.additions.keep(noted)
    await room.admins.handle(written)
    assert "führt ab jetzt" in room.replies.sent[0][1].markdown
    assert len(await room.additions.all()) == 1


async def test_edits_of_commands_do_nothing(room: Room, faq: Path) -> None:
    await room.admins.handle(room.written("!add drucker Papierstau beheben", edit_of="$before"))
    assert room.replies.sent == []
    assert (faq / "faq.yaml").read_text(encoding="utf-8") == FAQ


async def test_a_command_of_the_day_before_is_not_done_any_more(room: Room, faq: Path) -> None:
    written = room.written("!add drucker Papierstau beheben")
    room.clock.advance(timedelta(hours=25))
    await room.admins.handle(written)
    assert "mehr als einem Tag" in room.replies.sent[0][1].markdown
    assert (faq / "faq.yaml").read_text(encoding="utf-8") == FAQ


async def test_status_tells_how_the_faq_stands_and_what_was_refused(room: Room, faq: Path) -> None:
    told = await room.says("!status")
    assert str(faq) in told
    for part in ("Einträge: 2", "Beispiele richtig: 2/2", "Fehler darin: 0"):
        assert part in told
    assert "übernommen" not in told
    room.clock.advance(timedelta(days=30))
    save(faq, "Bei der Pforte", "Beim Empfang")
    await room.keeper.reload()
    assert f"{room.clock.now().astimezone():%d.%m.%Y, %H:%M}" in await room.says("!status")
    save(faq, "review_by: 2099-01-01", "review_by: bald")
    await room.keeper.reload()
    assert "`faq.yaml:10`" in await room.says("!status")


async def test_check_tells_what_it_finds(room: Room) -> None:
    told = await room.says("!check")
    assert "Fehler: 0, Warnungen: 1" in told
    assert "`faq.yaml:3` warning: it is late. Go home." in told


async def test_check_tells_why_the_folder_cannot_be_read(room: Room, faq: Path) -> None:
    save(faq, "examples:", "examples: [")
    assert "`faq.yaml:" in await room.says("!check")


async def test_reload_tells_what_became_of_what_was_saved(room: Room, faq: Path) -> None:
    assert "nicht geändert" in await room.says("!reload")
    save(faq, 'answer: {de: "Bei der Pforte."}', "offers_human: false")
    assert "`faq.yaml:12` error: entry schluessel: the answer is missing in de" in await room.says("!reload")
    assert "nicht übernommen" in await room.says("!reload")
    assert "gilt ab jetzt" in await room.says("!reload!")


async def test_why_tells_the_decision_the_words_and_the_best_entries(room: Room) -> None:
    told = await room.says("!why Druker einrichtn")
    assert "**answer** with `drucker`" in told
    assert "druker = drucker" in told
    assert "repaired" in told
    assert "| `drucker` |" in told


async def test_new_drafts_an_entry_that_loads(room: Room, faq: Path) -> None:
    told = await room.says("!new Wo bekomme ich einen Beamer?")
    draft = told.partition("```")[2].partition("```")[0].partition("\n")[2]
    (faq / "new.yaml").write_text("entries:\n" + draft, encoding="utf-8")
    (entry,) = [entry for entry in load(faq).entries if "Beamer" in (entry.question.de or "")]
    assert entry.phrasings.de == ("Wo bekomme ich einen Beamer?",)


async def test_a_mistyped_command_is_told(room: Room) -> None:
    assert "`!hilfe` zeigt" in await room.says("!statsu")


async def test_who_is_no_admin_is_answered_at_the_pace_of_everybody(room: Room) -> None:
    room.admins = Admins(
        [ADMIN], room.keeper, room.additions, room.store, room.replies, room.clock, Pace(Limits(burst=2))
    )
    assert [bool(await room.says("!status", sender=OTHER)) for _ in range(4)] == [True, True, False, False]
    assert all([await room.says("!status") for _ in range(4)])


async def test_what_is_no_command_is_passed_over(room: Room) -> None:
    assert await room.says("!ban @bob:uni.test") == ""


async def test_what_cannot_be_handled_is_apologised_for(room: Room) -> None:
    await room.admins.put_aside(room.written("!add drucker x"))
    assert "schiefgegangen" in room.replies.sent[0][1].markdown


async def test_an_undo_that_could_not_be_written_can_be_tried_again(room: Room, faq: Path) -> None:
    await room.says("!add drucker Papierstau beheben")
    (faq / "faq.yaml").chmod(0o444)
    assert "unverändert" in await room.says("!undo")
    (faq / "faq.yaml").chmod(0o644)
    assert "„Papierstau beheben“ steht nicht mehr" in await room.says("!undo")


@pytest.mark.parametrize("text", ["!new \u200b", "!why \u00ad", '!new ""', "!add drucker \u200b"])
async def test_what_cannot_be_seen_is_asked_for(room: Room, text: str) -> None:
    assert "gehört" in await room.says(text)


async def test_signs_that_turn_the_writing_or_are_halves_are_left_out(room: Room, faq: Path) -> None:
    told = await room.says("!add drucker Papierstau \u202ebeheben\ud83d")
    assert "„Papierstau beheben“ führt ab jetzt" in told
    assert phrasings(faq)["drucker"][-1] == "Papierstau beheben"
