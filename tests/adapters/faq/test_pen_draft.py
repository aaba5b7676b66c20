"""A draft loads as it stands, and shows its keeper what to replace."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.faq.knowledge import load
from bot.adapters.faq.pen import draft, with_phrasing
from bot.core.faq import Entry
from bot.core.lint import lint
from bot.core.model import Language
from bot.ports.keeping import CannotWrite
from bot.yamlfile import read

TODAY = date(2026, 11, 26)


def entry(text: str) -> Entry:
    """The one entry of a draft, pasted under `entries:`."""
    (only,) = read(Path("x"), f"entries:\n{text}".encode()).data["entries"]
    return Entry.model_validate(only)


@pytest.mark.parametrize(
    ("question", "entry_id"),
    [
        ("Wie schließe ich den Drucker im Büro an?", "schliesse-drucker-buero"),
        ("Where is the PRINTER?", "printer"),
        ("Was ist das?", "was-ist-das"),
        ("365?", "365"),
        ("???", "neuer-eintrag"),
        ("Где принтер?", "neuer-eintrag"),
        ('Crème brûlée: 100% "vegan"', "creme-brulee-100-vegan"),
        ("Donaudampfschifffahrtsgesellschaftskapitänsmütze", "donaudampfschifffahrtsgesellschaftskapit"),
        ("Vorlesungsaufzeichnungen Studierenden nachträglich freischalten", "vorlesungsaufzeichnungen-studierenden"),
    ],
)
def test_the_id_is_made_of_the_telling_words(question: str, entry_id: str) -> None:
    assert entry(draft(question, "de", (), TODAY)).id == entry_id
    known = (entry_id, f"{entry_id}-2")
    assert entry(draft(question, "de", known, TODAY)).id == f"{entry_id}-3"


def test_a_draft_is_readable_and_says_in_both_languages_what_to_replace() -> None:
    text = draft('Was heißt "sicher": 😀?', "de", (), TODAY)
    assert text.startswith("  - id: heisst-sicher # jetzt noch frei zu wählen")
    assert text.count('"Was heißt \\"sicher\\": 😀?"\n') == 2
    assert "      de: |-\n        BITTE ERSETZEN: die Antwort in einem Satz.\n\n" in text
    drafted = entry(text)
    assert drafted.phrasings.de == (drafted.question.de,) == ('Was heißt "sicher": 😀?',)
    assert drafted.phrasings.en == ()
    for told in (drafted.question.en, drafted.answer.en):
        assert told is not None
        assert told.startswith("PLEASE REPLACE: ")
    assert drafted.source is not None
    assert drafted.source.title.startswith("BITTE ERSETZEN: ")


def test_an_english_question_is_drafted_in_english() -> None:
    text = draft("Where is the printer?", "en", (), TODAY)
    drafted = entry(text)
    assert (drafted.question.en, drafted.phrasings.en) == ("Where is the printer?", ("Where is the printer?",))
    assert (drafted.question.de or "").startswith("BITTE ERSETZEN: ")
    assert "# as many as come to your mind" in text


@pytest.mark.parametrize(("today", "review_by"), [(TODAY, date(2027, 11, 26)), (date(2028, 2, 29), date(2029, 2, 28))])
def test_it_is_to_be_reviewed_in_a_year(today: date, review_by: date) -> None:
    drafted = entry(draft("Wo?", "de", (), today))
    assert drafted.review_by == review_by
    assert drafted.source is not None
    assert drafted.source.as_of == today


def test_pasted_into_a_faq_it_loads_and_only_the_other_language_is_missed(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text("entries:\n" + draft("Wo ist der Drucker?", "de", (), TODAY))
    (fault,) = [fault for fault in lint(load(tmp_path)) if fault.severity == "error" and "draft" not in fault.message]
    assert "no phrasings in en" in fault.message
    content = (tmp_path / "faq.yaml").read_bytes()
    completed = with_phrasing(content, "drucker", "en", "Where is the printer?").decode()
    for mark in ("BITTE ERSETZEN:", "PLEASE REPLACE:"):
        completed = completed.replace(mark, "Im Keller:")
    (tmp_path / "faq.yaml").write_text(completed)
    assert not [fault for fault in lint(load(tmp_path)) if fault.severity == "error"]


@given(st.text(), st.sampled_from(["de", "en"]))
def test_whatever_is_asked_the_draft_is_a_valid_entry_with_a_plain_id(question: str, language: Language) -> None:
    try:
        text = draft(question, language, (), TODAY)
    except CannotWrite as refused:
        assert "no text" in str(refused)  # noqa: PT017
        return
    drafted = entry(text)
    assert drafted.question.get(language) == drafted.phrasings.get(language)[0]
    assert drafted.id.isascii()
    assert drafted.id.replace("-", "a").isalnum()
    assert len(drafted.id) <= 40
