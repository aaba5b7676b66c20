from bot.core.lint import lint
from tests.core.lint.faqs import entry, faq, german


def test_a_faq_that_keeps_the_shipped_introductions_is_told_which_once() -> None:
    base = faq()
    kept = {path: place for path, place in base.places.items() if path[2:3] not in (("help",), ("welcome",))}
    (fault,) = lint(base.model_copy(update={"places": kept}))
    assert "(`help`, `welcome`)" in str(fault)
    assert (fault.severity, fault.place.file, fault.place.line) == ("warning", "faq.yaml", 1)


def test_where_nobody_knows_whose_they_are_nothing_is_told() -> None:
    assert lint(faq().model_copy(update={"places": {}})) == ()


def test_an_own_sentence_is_needed_in_every_language_of_the_faq() -> None:
    base = faq(entry(), says={"thanks": {"de": ["Gern!"]}, "fallback": {"en": "No idea."}})
    told = lint(base)
    assert [(fault.place, fault.message) for fault in told] == [
        (base.place("phrases", "says", "thanks"), "the sentence `thanks` is missing in en"),
        (base.place("phrases", "says", "fallback"), "the sentence `fallback` is missing in de"),
    ]


def test_a_german_faq_needs_its_sentences_in_german() -> None:
    assert lint(faq(german(), says={"thanks": {"de": ["Gern!"]}})) == ()
