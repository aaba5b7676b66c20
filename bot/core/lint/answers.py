"""Answers and pointers as clients show them: too long for a phone, or with what no client shows.

Markdown is parsed with raw HTML here, as `render` does not: what a keeper wrote as HTML is shown as it is written.
"""

from collections.abc import Iterator
from itertools import chain

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from bot.core.faq import KnowledgeBase
from bot.core.fault import Fault, KeyPath
from bot.core.model import LANGUAGES
from bot.core.render import MATRIX_TAGS, plain

_LONGEST = 1600
"""Characters of plain text: two screens of a phone. Nearly all answers that ship have less than one (1,000)."""
_LONGEST_FIRST_LINE = 250
"""Characters: what a notification shows. In the answers that ship, it has 140 usually, and at most 232."""
_MOST_COLUMNS = 3
"""On a phone, a table with more is scrolled sideways."""
_HTML = MATRIX_TAGS | {
    *("img", "div", "span", "font", "center", "small", "big", "details", "summary", "video", "audio", "iframe"),
    *("script", "style", "mark", "dl", "dt", "dd", "figure", "figcaption", "section", "article", "button", "input"),
}
"""What is HTML. `<Name>` and the like are meant as they stand."""
_SCHEMES = ("https://", "mailto:")
_PARSER = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")


def texts(knowledge: KnowledgeBase) -> Iterator[tuple[KeyPath, str | None, str]]:
    """All Markdown that answers a question: where it stands, of which entry it is, and the text."""
    for number, entry in enumerate(knowledge.entries):
        for language in LANGUAGES:
            if text := entry.answer.get(language):
                yield ("entries", number, "answer", language), entry.id, text
    for number, subject in enumerate(knowledge.not_covered):
        for language in LANGUAGES:
            if text := subject.pointer.get(language):
                yield ("not_covered", number, "pointer", language), None, text


def links(markdown: str) -> tuple[str, ...]:
    """The addresses to which a text links, in order, each once."""
    return _links(_nodes(markdown))


def faults(knowledge: KnowledgeBase) -> Iterator[Fault]:
    """What of the answers and pointers clients do not show well."""
    for path, entry, text in texts(knowledge):
        is_about_the_bot = entry is not None and knowledge.entry(entry).is_about_the_bot
        size = () if is_about_the_bot else _size(text)  # those are as long as the law wants
        for message, remedy in chain(size, _content(_nodes(text))):
            yield Fault(knowledge.place(*path), f"the {path[2]} in {path[3]} {message}", remedy, entry, "warning")


def _size(text: str) -> Iterator[tuple[str, str]]:
    shown = plain(text)
    if len(shown) > _LONGEST:
        message = f"has {len(shown)} characters, more than fit on two screens of a phone ({_LONGEST})"
        yield message, "Say what most people need, and link to the rest, or make two entries of it."
    first = shown.partition("\n")[0]
    if len(first) > _LONGEST_FIRST_LINE:
        message = f"begins with {len(first)} characters in one paragraph (more than {_LONGEST_FIRST_LINE})"
        yield message, "Say in one sentence what the answer is, then an empty line, then the rest."


def _content(nodes: list[SyntaxTreeNode]) -> Iterator[tuple[str, str]]:
    if nodes[1:] and nodes[1].type == "heading":
        yield "begins with a heading", "Begin with the answer: its first line is what a notification shows."
    if any(node.type == "image" for node in nodes):
        yield "holds an image, which clients do not show", "Say in words what is to be seen, or link to it."
    if tags := [tag for node in nodes if node.type in ("html_inline", "html_block") and (tag := _tag(node.content))]:
        yield f"holds HTML (`{tags[0]}`), which is shown as it is written", "Write it as Markdown: **bold**, - a list."
    widths = [len(node.children[0].children[0].children) for node in nodes if node.type == "table"]
    if widths and max(widths) > _MOST_COLUMNS:
        remedy = f"Turn it round or split it: at most {_MOST_COLUMNS} columns fit on a phone."
        yield f"has a table with {max(widths)} columns", remedy
    for link in _links(nodes):
        if not link.startswith(_SCHEMES):
            yield f"links to `{link}`", "Write the whole address, from https:// on (or mailto:)."


def _nodes(markdown: str) -> list[SyntaxTreeNode]:
    """The text as a tree, its root first."""
    return list(SyntaxTreeNode(_PARSER.parse(markdown)).walk())


def _links(nodes: list[SyntaxTreeNode]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(node.attrs.get("href", "")) for node in nodes if node.type == "link"))


def _tag(html: str) -> str | None:
    """The tag with which a piece of HTML begins, or a comment; None where it is no HTML that people know."""
    if html.startswith("<!--"):
        return "<!--"
    name = html.strip("</ \n").partition(">")[0].partition(" ")[0].strip("/").lower()
    return f"<{name}>" if name in _HTML else None
