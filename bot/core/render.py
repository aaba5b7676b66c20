"""How a reply looks in a client: Markdown -> plain text and Matrix HTML.

Markdown is read by markdown-it (CommonMark and tables, no raw HTML); nh3 lets through only tags that the Matrix
specification lists (client-server API, m.room.message messages). Plain text is for lock screens, previews and
terminals: it bears no marks, and a table becomes a line a row.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from bot.core.model import Rendered

MATRIX_TAGS = frozenset(
    (
        *("a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol"),
        *("p", "pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
    )
)
"""Of the tags that the specification lists, those that a reply needs; images and folding are dropped by clients."""
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
_SCHEMES = {"https", "http", "mailto"}
_PREFORMATTED = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").enable("strikethrough")


@lru_cache(maxsize=256)
def render(markdown: str) -> Rendered:
    """`markdown` as plain text and as Matrix HTML. A FAQ says the same again and again: it is kept for a while."""
    html = nh3.clean(
        _MARKDOWN.render(markdown),
        tags=set(MATRIX_TAGS),
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel=None,
    )
    parts = _PREFORMATTED.split(html)  # only there do line breaks mean anything
    whole = "".join(part if part.startswith("<pre>") else part.replace("\n", "") for part in parts)
    return Rendered(body=plain(markdown), html=whole)


def plain(markdown: str) -> str:
    """`markdown` as readable plain text."""
    return "\n\n".join(filter(None, map(_block, SyntaxTreeNode(_MARKDOWN.parse(markdown)).children)))


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "bullet_list" | "ordered_list":
            return _list(node)
        case "table":
            return "\n".join(_row(node, cells) for cells in _rows(node)[1:])
        case "fence" | "code_block":
            return node.content.rstrip("\n")
        case "hr":
            return "----"
        case "inline" | "paragraph" | "heading":
            return "".join(map(_inline, node.children))
        case _:
            return "\n".join(filter(None, map(_block, node.children)))


def _list(node: SyntaxTreeNode) -> str:
    first = int(node.attrs.get("start", 1))
    lines = []
    for number, item in enumerate(node.children, first):
        mark = f"{number}. " if node.type == "ordered_list" else "• "
        text = "\n".join(filter(None, map(_block, item.children)))
        lines.append(mark + text.replace("\n", "\n" + " " * len(mark)))
    return "\n".join(lines)


def _rows(table: SyntaxTreeNode) -> Sequence[Sequence[str]]:
    return [[_block(cell) for cell in row.children] for part in table.children for row in part.children]


def _row(table: SyntaxTreeNode, cells: Sequence[str]) -> str:
    """A row as "first cell: heading cell, heading cell": it reads the same in every font and width."""
    heads = _rows(table)[0]
    facts = ", ".join(f"{head} {cell}" for head, cell in zip(heads[1:], cells[1:], strict=False) if cell)
    return f"• {cells[0]}: {facts}" if facts else f"• {cells[0]}"


def _inline(node: SyntaxTreeNode) -> str:
    match node.type:
        case "softbreak" | "hardbreak":
            return "\n" if node.type == "hardbreak" else " "
        case "link":
            text = "".join(map(_inline, node.children))
            target = str(node.attrs.get("href", ""))
            return text if _bare(target) == _bare(text) else f"{text} ({target})"
        case "image":
            return node.content
        case "text" | "code_inline":
            return node.content
        case _:
            return "".join(map(_inline, node.children))


def _bare(link: str) -> str:
    """A link as people write it, to see whether a text says it already."""
    return link.removeprefix("mailto:").removeprefix("https://").removeprefix("http://").rstrip("/")
