import pytest

from bot.core.lint import lint
from tests.core.lint.faqs import entry, faq

WIDE = "|a|b|c|d|\n|-|-|-|-|\n|1|2|3|4|"
NARROW = "|a|b|c|\n|-|-|-|\n|1|2|3|"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("Ja. " * 60 + "\n\n" + "Und so weiter. " * 100, "characters, more than fit on two screens of a phone (1600)"),
        ("Ja, " * 63 + "ja.", "begins with 255 characters in one paragraph (more than 250)"),
        ("# Drucker\n\nJa.", "begins with a heading"),
        ("Ja.\n\n![Ein Drucker](https://example.org/a.png)", "holds an image"),
        ("Ja.\n\n" + "x" * 1596, "has 1601 characters"),
        ("x" * 251, "begins with 251 characters"),
        ("Ja.<br>Nein.", "holds HTML (`<br>`)"),
        ("Ja.<BR/>Nein.", "holds HTML (`<br>`)"),
        ("<div>\nJa.\n</div>", "holds HTML (`<div>`)"),
        ("Ja. <!-- so? -->", "holds HTML (`<!--`)"),
        (f"Ja.\n\n{WIDE}", "has a table with 4 columns"),
        ("Siehe [hier](http://example.org).", "links to `http://example.org`"),
        ("Siehe [hier](www.example.org).", "links to `www.example.org`"),
        ("Siehe [hier](http://example.org) und [da](http://example.org).", "links to `http://example.org`"),
        ("Rufen Sie [an](tel:+49531).", "links to `tel:+49531`"),
    ],
)
def test_what_clients_do_not_show_well_is_told_at_the_answer(answer: str, message: str) -> None:
    base = faq(entry(answer={"de": answer, "en": "Yes."}))
    (fault,) = lint(base)
    assert message in str(fault)
    assert str(fault).startswith(f"{base.place('entries', 0, 'answer', 'de')}: warning: entry a: the answer in de ")


@pytest.mark.parametrize(
    "answer",
    [
        "Ja. " * 60 + "\n\n" + "Und so. " * 100,
        "Ja.\n\n" + "x" * 1595,
        "x" * 250,
        "Ja.\n\n## Und dann\n\nNein.",
        "Schreiben Sie an <Ihr Institut> oder <IT-Service-Desk>.",
        "1 < 2 und `<br>` ist HTML.",
        f"Ja.\n\n{NARROW}",
        "Siehe [hier](https://example.org), <https://example.org> oder [uns](mailto:a@example.org).",
    ],
)
def test_what_they_show_well_is_not(answer: str) -> None:
    assert lint(faq(entry(answer={"de": answer, "en": "Yes."}))) == ()


def test_what_the_law_wants_to_be_said_of_the_bot_may_be_long() -> None:
    assert lint(faq(entry("bot-datenschutz", answer={"de": "Ja.\n\n" + "Und so weiter. " * 200, "en": "Yes."}))) == ()


def test_pointers_are_looked_at_too() -> None:
    base = faq(not_covered=[{"names": ["Zoom"], "pointer": {"de": "Nein.", "en": "No.<br>"}}])
    (fault,) = lint(base)
    assert "the pointer in en holds HTML" in str(fault)
    assert fault.place == base.place("not_covered", 0, "pointer", "en")
