from datetime import date

from bot.core.desk import Desk
from bot.core.faq import KnowledgeBase
from bot.core.lint import lint, lint_each
from tests.core.lint.faqs import faq, german


def test_the_shipped_faq_is_in_order(knowledge: KnowledgeBase, desk: Desk) -> None:
    assert lint(knowledge, desk.review(), date(2027, 1, 1)) == ()
    assert len(knowledge.entries) == 31
    assert all(len(e.phrasings.de) >= 8 and len(e.phrasings.en) >= 8 and e.related for e in knowledge.entries)


def test_faults_come_in_the_order_of_the_file() -> None:
    base = faq(
        german("a", answer={"de": "<br>"}, source=None), german("b", review_by=None, phrasings={"de": ["Urlaub"]})
    )
    told = lint(base)
    assert len(told) == 4
    assert [fault.place for fault in told] == sorted(fault.place for fault in told)


def test_of_a_part_of_a_faq_only_what_does_not_hang_on_the_rest_is_told() -> None:
    base = faq(
        german("a", answer={"de": "<br>"}, source=None),
        german("b", question={"de": "Drucker eins"}),
        examples=[{"text": "x", "expect": ["a"]}] * 12,  # the others may stand where nothing could be read
    )
    (fault,) = lint_each(base)
    assert "holds HTML" in fault.message
