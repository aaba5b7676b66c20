import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.faq import KnowledgeBase
from bot.core.model import LANGUAGES
from bot.core.render import MATRIX_TAGS, plain, render

TABLE = "| App | Price |\n|---|---|\n| **Wire** | free |\n| Threema | paid |"


def test_markdown_becomes_html_and_text_without_marks() -> None:
    rendered = render("**No:** see [the page](https://example.org/a).\n\n1. one\n2. two")
    assert rendered.html == (
        '<p><strong>No:</strong> see <a href="https://example.org/a">the page</a>.</p><ol><li>one</li><li>two</li></ol>'
    )
    assert rendered.body == "No: see the page (https://example.org/a).\n\n1. one\n2. two"


def test_a_table_becomes_a_line_a_row() -> None:
    assert plain(TABLE) == "• Wire: Price free\n• Threema: Price paid"
    assert "<table>" in render(TABLE).html


def test_a_link_that_says_its_address_says_it_once() -> None:
    assert plain("[a@b.de](mailto:a@b.de) [example.org](https://example.org/)") == "a@b.de example.org"


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '<img src="x">', "[x](javascript:alert(1))", "<b onclick=x>"]
)
def test_nothing_active_gets_through(text: str) -> None:
    html = render(text).html
    assert not re.search(r"<(script|img|b )|href=\"javascript", html)


def test_nested_lists_stay_readable() -> None:
    assert plain("- a\n  - b\n- c") == "• a\n  • b\n• c"


@given(st.text(max_size=200))
def test_any_text_renders_with_listed_tags_only(text: str) -> None:
    tags = set(re.findall(r"<\s*([a-z0-9]+)", render(text).html))
    assert tags <= MATRIX_TAGS


def test_no_shipped_text_shows_marks_in_plain_text(knowledge: KnowledgeBase) -> None:
    for entry in knowledge.entries:
        for language in LANGUAGES:
            text = plain(entry.answer.best(language))
            assert not re.search(r"\*\*|\]\(|^#|\|", text, re.MULTILINE), entry.id


def test_a_block_of_code_keeps_its_lines_and_the_rest_has_none() -> None:
    html = render("Vorher\n\n```\nAn: ada\n\nText\n```\n\n- a\n- b").html
    assert "An: ada\n\nText" in html
    assert html.replace("An: ada\n\nText\n", "").count("\n") == 0
