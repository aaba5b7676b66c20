"""Admins' commands are read as people write them, and what is told to them says what to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.evaluation import Evaluation
from bot.core.faq import KnowledgeBase
from bot.core.fault import Fault, Place
from bot.core.keeping import AdminCommand, Keeping, Wanted
from bot.core.model import Reply
from bot.core.render import plain, render
from bot.core.understanding import Understanding
from bot.core.voice import Voice

KNOWN = ("whatsapp", "whatsapp-kontakte", "signal", "de")


@pytest.fixture(scope="module")
def says(knowledge: KnowledgeBase) -> Keeping:
    phrases = knowledge.phrases
    return Keeping(phrases, Understanding(phrases.understands), Voice("a@b.de"), "de")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("!status", AdminCommand("status")),
        (" !Status ", AdminCommand("status")),
        ("!hilfe", AdminCommand("help")),
        ("!add whatsapp Geht das?", AdminCommand("add", "whatsapp Geht das?")),
        ("!add! whatsapp Geht das?", AdminCommand("add", "whatsapp Geht das?", forced=True)),
        ("!ergänzen\twhatsapp\nGeht das?", AdminCommand("add", "whatsapp\nGeht das?")),
        ("!rückgängig", AdminCommand("undo")),
        ("!warum Geht das?", AdminCommand("why", "Geht das?")),
        ("!neu Wo?", AdminCommand("new", "Wo?")),
        ("!prüfen", AdminCommand("check")),
        ("!reload!", AdminCommand("reload", forced=True)),
        ("!support", None),
        ("!close", None),
        ("!ban @bob:uni.test", None),
        ("status", None),
        ("ich schreibe !status", None),
        ("!", None),
        ("", None),
    ],
)
def test_commands_are_read_as_people_write_them(says: Keeping, text: str, command: AdminCommand | None) -> None:
    assert says.command(text) == command


@pytest.mark.parametrize(
    ("rest", "wanted"),
    [
        ("whatsapp Geht das?", Wanted("whatsapp", "Geht das?", None)),
        ("WhatsApp: Geht das?", Wanted("whatsapp", "Geht das?", None)),
        ("`whatsapp-kontakte`   Geht das?", Wanted("whatsapp-kontakte", "Geht das?", None)),
        ("<signal> „Geht das?“", Wanted("signal", "Geht das?", None)),
        ('signal "Geht "das"?"', Wanted("signal", '"Geht "das"?"', None)),
        ("en signal Does it work?", Wanted("signal", "Does it work?", "en")),
        ("signal\n  Geht das?  \n", Wanted("signal", "Geht das?", None)),
        ("de signal ist gut", Wanted("de", "signal ist gut", None)),
    ],
)
def test_what_is_wanted_is_read_as_people_write_it(says: Keeping, rest: str, wanted: Wanted) -> None:
    assert says.wanted(rest, KNOWN) == wanted


def test_of_many_similar_entries_three_are_named(says: Keeping) -> None:
    told = says.wanted("druker Geht das?", [f"drucker{number}" for number in range(9)])
    assert isinstance(told, Reply)
    assert plain(told.markdown).count("drucker") == 3


def test_a_phrasing_may_have_300_characters_and_no_more(says: Keeping) -> None:
    assert says.wanted(f"signal {'x' * 300}", KNOWN) == Wanted("signal", "x" * 300, None)
    assert isinstance(says.wanted(f"signal {'x' * 301}", KNOWN), Reply)


@given(rest=st.text(max_size=400))
def test_whatever_is_wanted_is_a_phrasing_on_one_line_or_told(says: Keeping, rest: str) -> None:
    for text in (rest, f"signal {rest}"):
        wanted = says.wanted(text, KNOWN)
        if isinstance(wanted, Wanted):
            assert wanted.entry in KNOWN
            assert wanted.phrasing.strip()
            assert len(wanted.phrasing.splitlines()) == 1
        else:
            assert render(wanted.markdown).body


@given(phrasing=st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=60))
def test_what_is_to_be_copied_can_be(says: Keeping, phrasing: str) -> None:
    """Copied from the message and sent, it is the same wish, forced."""
    wanted = says.wanted(f"signal {phrasing}", KNOWN)
    if isinstance(wanted, Wanted):
        shown = plain(says.leads_elsewhere(wanted, "whatsapp", 0.7).markdown)
        line = shown.strip().splitlines()[-1]
        command = says.command(line)
        assert command
        assert (command.verb, command.forced) == ("add", True)
        assert says.wanted(command.rest, KNOWN) == wanted


def faults(count: int) -> list[Fault]:
    warnings = [Fault(Place("/home/x/faq.yaml", n), "*it* is <late>", "Go", severity="warning") for n in range(count)]
    return [*warnings, Fault(Place("/home/x/other.yaml", 7), "it is broken", "Mend it", "signal")]


def test_faults_are_told_errors_first_by_file_and_line_and_not_too_many(says: Keeping) -> None:
    told = plain(says.refused(faults(12)).markdown)
    items = [line for line in told.splitlines() if line.startswith("•")]
    assert items[0] == "• other.yaml:7 error: entry signal: it is broken. Mend it"
    assert items[1] == "• faq.yaml:0 warning: *it* is <late>. Go"
    assert items[-1] == "• + 3"
    assert len(items) == 11


@pytest.mark.parametrize(("count", "last"), [(10, "• faq.yaml:8 warning: *it* is <late>. Go"), (11, "• + 1")])
def test_the_eleventh_fault_is_told_of_by_number(says: Keeping, count: int, last: str) -> None:
    assert plain(says.refused(faults(count - 1)).markdown).splitlines()[-1] == last


def test_a_percentage_is_written_as_the_language_has_it(knowledge: KnowledgeBase, says: Keeping) -> None:
    phrases, wanted = knowledge.phrases, Wanted("signal", "Geht das?", None)
    english = Keeping(phrases, Understanding(phrases.understands), Voice("a@b.de"), "en")
    assert "`whatsapp` (70\N{NO-BREAK SPACE}%)" in says.leads_elsewhere(wanted, "whatsapp", 0.7).markdown
    assert "`whatsapp` (70%)" in english.leads_elsewhere(wanted, "whatsapp", 0.7).markdown


def test_sums_need_no_plural(says: Keeping) -> None:
    status = says.status("faq", 2, "01.01.2026 12:00", Evaluation(()), faults(1)).markdown
    assert "Fehler: 1, Warnungen: 1" in status
    assert "0/0" in status


def test_what_is_shown_of_names_breaks_no_markdown(says: Keeping) -> None:
    told = says.undone("`rm` *-rf*", "x`y", "/faq/a.yaml")
    assert isinstance(told, Reply)
    assert plain(told.markdown) == "„`rm` *-rf*“ steht nicht mehr bei xy (a.yaml)."
