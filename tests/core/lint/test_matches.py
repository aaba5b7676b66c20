import pytest

from bot.core.desk import Desk
from bot.core.lint import lint
from bot.core.model import Match, Reviewed, Twin
from bot.core.situation import Thresholds
from tests.core.lint.faqs import faq, german

BASE = faq(german("a"), german("b"))
OWN = (Match("a", 0.97), Match("b", 0.1))


def review(
    text: str = "Drucker zwei",
    matches: tuple[Match, ...] = OWN,
    without: Match | None = Match("a", 0.9),
    twin: Twin | None = None,
) -> Reviewed:
    return Reviewed("a", text, matches, without, twin)


def test_a_phrasing_that_leads_to_its_entry_is_fine() -> None:
    assert lint(BASE, [review()]) == ()


@pytest.mark.parametrize(
    ("own", "other", "leads"),
    [
        (0.3, 0.9, "leads to"),
        (0.97, 0.95, "leads as well to"),
        (0.93, 0.95, "leads as well to"),
        (0.97, 0.9, None),
        (0.3, 0.5, None),
    ],
)
def test_what_leads_to_another_entry_or_to_a_choice_is_told_with_both_confidences(
    own: float, other: float, leads: str | None
) -> None:
    matches = tuple(sorted((Match("a", own), Match("b", other)), key=lambda match: -match.confidence))
    told = lint(BASE, [review(matches=matches)])
    assert len(told) == bool(leads)
    for fault in told:
        assert f'"Drucker zwei" {leads} `b` ({other:.2f}; this entry: {own:.2f})' in str(fault)
        assert (fault.severity, fault.entry) == ("warning", "a")
        assert fault.place == BASE.place("entries", 0, "phrasings", "de", 1)


def test_the_configured_thresholds_decide() -> None:
    near = [review(matches=(Match("a", 0.95), Match("b", 0.8)))]
    assert lint(BASE, near) == ()
    assert len(lint(BASE, near, thresholds=Thresholds(ambiguity=0.2))) == 1
    assert lint(BASE, near, thresholds=Thresholds(ambiguity=0.2, answer=0.9)) == ()


@pytest.mark.parametrize(("own", "other", "ambiguity"), [(0.75, 0.5, 0.25), (0.5, 0.75, 0.25), (0.75, 0.75, 0.0)])
def test_where_the_bot_would_just_offer_both_that_is_told(own: float, other: float, ambiguity: float) -> None:
    matches = (Match("a", own), Match("b", other))
    (fault,) = lint(BASE, [review(matches=matches)], thresholds=Thresholds(ambiguity=ambiguity, answer=0.5))
    assert "leads as well to `b`" in fault.message


def test_twins_are_told_once_a_pair_from_the_bound_on() -> None:
    both = [
        review(twin=Twin("b", "Urlaub zwei", 0.85)),
        Reviewed("b", "Urlaub zwei", (Match("b", 0.9),), Match("b", 0.9), Twin("a", "Drucker zwei", 0.85)),
    ]
    (fault,) = lint(BASE, both)
    assert 'the phrasing "Drucker zwei" is nearly "Urlaub zwei" of `b`' in str(fault)
    assert fault.place == BASE.place("entries", 0, "phrasings", "de", 1)
    assert lint(BASE, [review(twin=Twin("b", "Urlaub zwei", 0.84))]) == ()


def test_a_phrasing_that_is_the_question_too_is_told_at_the_phrasing() -> None:
    base = faq(german("a", question={"de": "Drucker zwei"}), german("b"))
    (fault,) = lint(base, [review(twin=Twin("b", "Urlaub zwei", 0.9))])
    assert fault.place == base.place("entries", 0, "phrasings", "de", 1)


def test_what_stands_in_two_entries_is_not_told_again() -> None:
    shared = review(matches=(Match("b", 0.9), Match("a", 0.9)), twin=Twin("b", "DRUCKER ZWEI?", 1.0))
    assert lint(BASE, [shared]) == ()


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([Match("b", 0.5)] * 3, True),
        ([Match("b", 0.5), Match("b", 0.5), Match("a", 0.2)], False),
        ([Match("b", 0.5), Match("b", 0.5), Match("a", Thresholds().clarify)], False),
        ([Match("b", 0.5), Match("b", 0.5), Match("a", 0.1)], True),
        ([Match("b", 0.5)] * 2, False),
        ([None] * 3, False),
    ],
)
def test_an_entry_whose_phrasings_have_nothing_in_common_is_told(found: list[Match | None], told: bool) -> None:
    texts = ("Drucker eins", "Drucker zwei", "Drucker drei")
    faults = lint(BASE, [review(text, without=each) for text, each in zip(texts, found, strict=False)])
    assert len(faults) == told
    for fault in faults:
        assert "entry a: the phrasings have nothing in common" in str(fault)
        assert fault.place == BASE.place("entries", 0, "phrasings")


def test_a_desk_reviews_what_the_linter_tells() -> None:
    asked = "Wo steht im Institut der große Drucker für Plakate?"
    again = "Wo steht im Institut der große Drucker für die Plakate?"
    base = faq(
        german("a", phrasings={"de": [asked, "Drucker kaputt", "Toner im Drucker"]}),
        german("b", phrasings={"de": ["Wann gibt es Urlaub?", "Urlaub nehmen", again]}),
    )
    told = lint(base, Desk(base, "a@example.org").review())
    assert any(f'"{asked}" is nearly "{again}" of `b`' in fault.message for fault in told)
