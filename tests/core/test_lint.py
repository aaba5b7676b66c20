import pytest

from bot.core.faq import Entry, KnowledgeBase, NotCovered
from bot.core.fault import Place
from bot.core.lint import lint

WHOLE = {
    "id": "a",
    "question": {"de": "Frage?", "en": "Question?"},
    "phrasings": {"de": ["eins"], "en": ["one"]},
    "answer": {"de": "Ja.", "en": "Yes."},
    "links": [{"title": {"de": "Seite", "en": "Page"}, "url": "https://example.org"}],
    "source": {"title": "Page", "url": "https://example.org", "as_of": "2026-01-01"},
    "review_by": "2027-01-01",
}


def faults(knowledge: KnowledgeBase, **changes: object) -> list[str]:
    other = {**WHOLE, "id": "whole", "phrasings": {"de": ["zwei"], "en": ["two"]}, "question": {"de": "B?", "en": "C?"}}
    entries = (Entry.model_validate(other), Entry.model_validate({**WHOLE, **changes}))
    base = knowledge.model_copy(
        update={"entries": entries, "places": {("entries", 1): Place("faq.yaml", 7)}, "not_covered": ()}
    )
    return [str(fault) for fault in lint(base) if fault.entry == "a"]


def test_a_complete_entry_has_no_fault(knowledge: KnowledgeBase) -> None:
    assert faults(knowledge) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"answer": {"de": "Ja."}}, "error: entry a: the answer is missing in en"),
        ({"question": {"en": "Question?"}}, "error: entry a: the question is missing in de"),
        ({"phrasings": {"de": ["eins"]}}, "error: entry a: there are no phrasings in en"),
        ({"source": None}, "warning: entry a: the source is missing"),
        ({"review_by": None}, "warning: entry a: no date for a review"),
        ({"links": [{"title": {"de": "Seite"}, "url": "https://example.org"}]}, "has no title in en"),
        (
            {"phrasings": {"de": ["ZWEI!"], "en": ["one"]}},
            'warning: entry a: the phrasing "ZWEI!" stands in `whole` too',
        ),
    ],
)
def test_what_is_missing_is_named_with_its_line(
    knowledge: KnowledgeBase, changes: dict[str, object], message: str
) -> None:
    (fault,) = faults(knowledge, **changes)
    assert fault.startswith("faq.yaml:7: ")
    assert message in fault


def test_a_faq_in_one_language_owes_no_other(knowledge: KnowledgeBase) -> None:
    german = {"question": {"de": "Frage?"}, "phrasings": {"de": ["eins"]}, "answer": {"de": "Ja."}, "links": []}
    base = knowledge.model_copy(update={"entries": (Entry.model_validate({**WHOLE, **german}),), "not_covered": ()})
    assert lint(base) == ()


def test_the_shipped_faq_is_complete(knowledge: KnowledgeBase) -> None:
    assert lint(knowledge) == ()
    assert len(knowledge.entries) == 31
    assert all(len(e.phrasings.de) >= 8 and len(e.phrasings.en) >= 8 and e.related for e in knowledge.entries)


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        ({"names": ["Zoom"], "pointer": {"de": "x"}}, '"Zoom" has no pointer in en'),
        (
            {"names": ["Zoom", "ZOOM"], "pointer": {"de": "x", "en": "x"}},
            '"ZOOM" stands under `not_covered` a second time',
        ),
        ({"names": ["Frage"], "pointer": {"de": "x", "en": "x"}}, '"Frage" is what `a` is about'),
        ({"phrasings": {"de": ["eins!"]}, "pointer": {"de": "x", "en": "x"}}, '"eins!" is what `a` is about'),
        ({"names": ["Zoom"], "pointer": {"de": "x", "en": "x"}}, None),
    ],
)
def test_contradictions_of_what_is_not_covered_are_named(
    knowledge: KnowledgeBase, subject: dict[str, object], message: str | None
) -> None:
    update = {
        "entries": (Entry.model_validate(WHOLE),),
        "not_covered": (NotCovered.model_validate(subject),),
        "places": {("not_covered", 0): Place("faq.yaml", 9)},
    }
    told = [str(fault) for fault in lint(knowledge.model_copy(update=update))]
    assert all(each.startswith("faq.yaml:9: warning: ") for each in told)
    assert any(message in each for each in told) if message else told == []
