from datetime import date
from typing import Any

import pytest

from bot.core.fault import KeyPath
from bot.core.lint import lint
from tests.core.lint.faqs import entry, faq

LINK = {"title": {"de": "Seite", "en": "Page"}, "url": "https://example.org"}


def test_a_complete_entry_has_no_fault() -> None:
    assert lint(faq(entry(links=[LINK]))) == ()


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"answer": {"de": "Ja."}}, ("answer",), "error: entry a: the answer is missing in en"),
        ({"question": {"en": "Question?"}}, ("question",), "error: entry a: the question is missing in de"),
        (
            {"phrasings": {"de": ["Drucker?", "Drucker!!", "Drucker kaputt"]}},
            ("phrasings",),
            "error: entry a: there are no phrasings in en",
        ),
        ({"source": None}, (), "warning: entry a: the source is missing"),
        ({"review_by": None}, (), "warning: entry a: no date for a review"),
        (
            {"links": [LINK, {"title": {"de": "Seite"}, "url": "https://example.org"}]},
            ("links", 1, "title"),
            "has no title in en",
        ),
    ],
)
def test_what_is_missing_is_named_at_its_line(changes: dict[str, Any], path: KeyPath, message: str) -> None:
    base = faq(entry("b"), entry("a", **changes))
    (fault,) = lint(base)
    assert message in str(fault)
    assert fault.place == base.place("entries", 1, *path)


def test_a_review_that_is_due_is_told_from_the_day_after_on() -> None:
    base = faq(entry(review_by="2026-05-01"))
    assert lint(base, today=date(2026, 5, 1)) == ()
    (fault,) = lint(base, today=date(2026, 5, 2))
    assert "warning: entry a: the review was due on 2026-05-01" in str(fault)
    assert fault.place == base.place("entries", 0, "review_by")


def test_without_a_day_nothing_is_due() -> None:
    assert lint(faq(entry(review_by="1999-05-01"))) == ()


def test_what_the_bot_says_of_itself_needs_no_source() -> None:
    assert lint(faq(entry("bot-hilfe", source=None))) == ()
