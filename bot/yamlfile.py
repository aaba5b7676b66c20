"""One YAML file, read safely into plain data, with the line of every value; what is wrong becomes faults.

Both the FAQ and the configuration are read through here. Every scalar is read as text, as it is written, and the
models that validate it turn it into dates and numbers: so `no`, `on` and `1.10` mean themselves and surprise nobody.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.core.fault import Fault, KeyPath, Place

LARGEST = 8 * 1024 * 1024
"""Bytes of a file that is read. A FAQ of 5,000 entries takes about 4 MiB; what is much larger is no FAQ."""
_DEEPEST = 30
_TAB, _STRANGE = "the line is indented with a tab", "the line is indented with spaces of a web page or a chat"
_INDENT = "Indent with ordinary spaces."
_CUT = re.compile(r"\s+(#[^\s#].*)")


class Refused(Exception):
    """A file that cannot be used; `faults` say why."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


@dataclass(frozen=True)
class Document:
    """The data of a file and where it stands."""

    file: str
    data: Any
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    """The line of every key and item, by the path of keys and indices that leads to it."""
    cut: Mapping[KeyPath, str] = field(default_factory=dict)
    """What follows a text in its row and was read as a comment, though it may be meant: "Raum #5" without quotes."""

    def place(self, path: KeyPath) -> Place:
        """The place of the value at `path`, or of what comes nearest above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return Place(self.file, self.lines.get(path, 1))


def read(path: Path, instead: bytes | None = None) -> Document:
    """The one document in the file at `path`, or in what is read `instead`. A symbolic link is followed.

    Raises:
        Refused: it cannot be read, is no UTF-8, no YAML, too large, or uses what is not supported.
    """
    file = str(path)
    text = read_text(path, instead)
    try:
        nodes = list(yaml.compose_all(text, yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        raise Refused([_syntax_fault(error, file, text)]) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise Refused(
            [Fault(Place(file), f"this is no valid YAML ({_first_line(error)})", "Compare it with a file that works.")]
        ) from None
    if len(nodes) > 1:
        place = Place(file, nodes[1].start_mark.line + 1)
        raise Refused([Fault(place, "a second document begins here (`---`)", "Keep one document a file.")])
    reader = _Reader(file, text)
    data = reader.value(nodes[0], ()) if nodes else {}
    if reader.faults:
        raise Refused(reader.faults)
    return Document(file, data, reader.lines, reader.cut)


def read_text(path: Path, instead: bytes | None = None) -> str:
    """The text in the file at `path`, or what is read `instead`.

    Raises:
        Refused: it cannot be read, is no UTF-8 or too large.
    """
    file = str(path)
    try:
        size = path.stat().st_size if instead is None else len(instead)
        if size > LARGEST:
            message = f"the file is too large ({size / 2**20:.0f} MiB; at most {LARGEST // 2**20} MiB are read)"
            raise Refused([Fault(Place(file), message, "Split it into several files.")])
        raw = path.read_bytes() if instead is None else instead
    except OSError as error:
        remedy = "Check the path and the file's permissions."
        raise Refused([Fault(Place(file), f"the file cannot be read ({error.strerror})", remedy)]) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = Place(file, raw.count(b"\n", 0, error.start) + 1)
        raise Refused([Fault(place, "this is not UTF-8", "Save the file with the encoding UTF-8.")]) from None


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]


def _syntax_fault(error: yaml.MarkedYAMLError, file: str, text: str) -> Fault:
    if (opening := _open_quote(error, text)) is not None:
        remedy = 'Close it at the end of the text; a quotation mark within the text is written \\".'
        return Fault(Place(file, opening + 1), "this is no valid YAML: the quotation mark here is not closed", remedy)
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    for number, row in enumerate(text.split("\n")[:line], 1):
        if odd := set(_indentation(row)) - {" "}:
            return Fault(Place(file, number), _TAB if "\t" in odd else _STRANGE, _INDENT)
    remedy = (
        "Look at this line and the one before it. Text that holds `: ` or begins with a sign such as * & @ % ` { [ > | "
        'needs "quotes", and a quotation mark within it is written \\"; check brackets and indentation too.'
    )
    return Fault(Place(file, line), f"this is no valid YAML ({error.problem or error.context})", remedy)


def _indentation(row: str) -> str:
    return row[: len(row) - len(row.lstrip())].rstrip("\r")


def _open_quote(error: yaml.MarkedYAMLError, text: str) -> int | None:
    """The row, from 0, of a quotation mark that is never closed, or only by the one that opens a later text."""
    if error.context and "quoted scalar" in error.context and error.context_mark:
        return int(error.context_mark.line)
    problem = error.problem_mark
    last: yaml.ScalarToken | None = None
    with suppress(yaml.YAMLError):
        for token in yaml.scan(text, yaml.CSafeLoader):
            if problem is None or token.start_mark.index >= problem.index:
                break
            last = token if isinstance(token, yaml.ScalarToken) else last
    if problem is None or last is None or last.style not in ("'", '"'):
        return None
    runs_on = last.start_mark.line < last.end_mark.line >= problem.line - 1
    return int(last.start_mark.line) if runs_on else None


class _Reader:
    """Turns the nodes of a document into plain data, and notes lines and faults on the way."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._rows = text.split("\n")
        self.lines: dict[KeyPath, int] = {}
        self.cut: dict[KeyPath, str] = {}
        self.faults: list[Fault] = []
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if self._begins_with(node, "&!"):
            self._fault(node, "`&` and `!` at the beginning of a text are marks of YAML", "Put the text in quotes.")
        elif len(path) > _DEEPEST:
            self._fault(node, "this is nested too deeply", "Write it flatter.")
        elif id(node) in self._seen:
            remedy = "Write the text out in both places; text that begins with `*` needs quotes."
            self._fault(node, "anchors and aliases (`&`, `*`) are not supported", remedy)
        elif isinstance(node, yaml.MappingNode):
            self._seen.add(id(node))
            return self._mapping(node, path)
        elif isinstance(node, yaml.SequenceNode):
            self._seen.add(id(node))
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        elif isinstance(node, yaml.ScalarNode):
            self._seen.add(id(node))
            if not node.style and (swallowed := self._swallowed(node)):
                self.cut[path] = swallowed
            return node.value
        return None

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, "this key is no plain text", "Begin the line with a key such as `id:`.")
                continue
            key = key_node.value
            if key != key.lstrip():
                self._fault(key_node, _STRANGE, _INDENT)
                continue
            if key in data:
                first = self.lines[(*path, key)]
                self._fault(
                    key_node,
                    f"`{key}:` stands here twice (first in line {first})",
                    "Where a new item begins, `- ` is missing before it; else correct the indentation, or remove one.",
                )
                continue
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            data[key] = self.value(value_node, (*path, key))
        return data

    def _begins_with(self, node: yaml.Node, marks: str) -> bool:
        mark = node.start_mark
        return mark.line < len(self._rows) and self._rows[mark.line][mark.column : mark.column + 1] in tuple(marks)

    def _swallowed(self, node: yaml.Node) -> str | None:
        """What ` #` cuts off an unquoted text, if it looks like a part of it: a comment has a space after its `#`."""
        mark = node.end_mark
        after = _CUT.match(self._rows[mark.line][mark.column :]) if mark.line < len(self._rows) else None
        return after[1] if after else None

    def _fault(self, node: yaml.Node, message: str, remedy: str) -> None:
        self.faults.append(Fault(Place(self.file, node.start_mark.line + 1), message, remedy))
