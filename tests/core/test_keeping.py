"""Admins' commands are read as people write them, and what is told to them says what to do."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands import Amiss, Commands, Wanted, wanted
from bot.core.evaluation import Evaluation
from bot.core.faq import KnowledgeBase
from bot.core.fault import Fault, Place
from bot.core.keeping import Keeping
from bot.core.model import Reply
from bot.core.render import plain
from bot.core.voice import Voice

KNOWN = ("whatsapp", "whatsapp-kontakte", "signal", "de")


@pytest.fixture(scope="module")
def says(knowledge: KnowledgeBase) -> Keeping:
    phrases = knowledge.phrases
    return Keeping(phrases.says, Voice("a@b.de"), "de")


def test_of_many_similar_entries_three_are_named(says: Keeping) -> None:
    known = [f"drucker{number}" for number in range(9)]
    amiss = wanted("druker Geht das?", known)
    assert isinstance(amiss, Amiss)
    assert plain(says.amiss(amiss, known).markdown).count("drucker") == 3


@given(phrasing=st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=60))
def test_what_is_to_be_copied_can_be(knowledge: KnowledgeBase, says: Keeping, phrasing: str) -> None:
    """Copied from the message and sent, it is the same wish, forced."""
    read = wanted(f"signal {phrasing}", KNOWN)
    if isinstance(read, Wanted):
        shown = plain(says.leads_elsewhere(read, "whatsapp", 0.7).markdown)
        command = Commands(knowledge.phrases.understands).read(shown.strip().splitlines()[-1])
        assert command
        assert (command.verb, command.forced) == ("add", True)
        assert wanted(command.rest, KNOWN) == read


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
    asked = Wanted("signal", "Geht das?", None)
    english = Keeping(knowledge.phrases.says, Voice("a@b.de"), "en")
    assert "`whatsapp` (70\N{NO-BREAK SPACE}%)" in says.leads_elsewhere(asked, "whatsapp", 0.7).markdown
    assert "`whatsapp` (70%)" in english.leads_elsewhere(asked, "whatsapp", 0.7).markdown


def test_sums_need_no_plural(says: Keeping) -> None:
    status = says.status("faq", 2, datetime(2026, 1, 2, 12, tzinfo=UTC), Evaluation(()), faults(1)).markdown
    assert "Fehler darin: 1, Warnungen: 1" in status
    assert "0/0" in status


def test_what_is_shown_of_names_breaks_no_markdown(says: Keeping) -> None:
    told = says.undone("`rm` *-rf*", "x`y", "/faq/a.yaml")
    assert isinstance(told, Reply)
    assert plain(told.markdown) == "„`rm` *-rf*“ steht nicht mehr bei xy (a.yaml)."
