from typing import Any

import pytest

from bot.core.lint import lint
from tests.core.lint.faqs import entry, faq, german


def test_a_faq_in_one_language_owes_no_other() -> None:
    assert lint(faq(german("a"), german("b"))) == ()


def test_where_an_entry_in_five_has_english_the_others_owe_it() -> None:
    told = [fault for fault in lint(faq(*(german(each) for each in "abcd"), entry("e"))) if fault.entry]
    assert {fault.entry for fault in told} == {"a", "b", "c", "d"}
    assert all(fault.severity == "error" for fault in told)


@pytest.mark.parametrize(
    ("key", "both"),
    [
        ("answer", {"de": "Ja.", "en": "Yes."}),
        ("phrasings", {"de": ["Toner leer", "Toner bestellen", "Toner weg"], "en": ["Toner?"]}),
        ("question", {"de": "Wo ist Toner?", "en": "Where is the toner?"}),
    ],
)
def test_where_fewer_have_it_only_the_strays_are_told_once_each(key: str, both: dict[str, Any]) -> None:
    base = faq(*(german(each) for each in "abcde"), german("f", **{key: both}))
    (fault,) = [fault for fault in lint(base) if "example" not in fault.message]
    assert "warning: entry f: there is English here (`en:`), and hardly anywhere else" in str(fault)
    assert fault.place == base.place("entries", 5, key, "en")
