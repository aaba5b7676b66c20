"""Where in the text of a YAML file something is put in or taken out, in the style of what stands around it.

Positions are those of PyYAML's nodes, in characters. A new language is a new key; a list that was empty keeps a comma
behind its first item (`["x",]`): so the two are told apart when they are taken out again.
"""

import re
from typing import Any

import yaml

from bot.ports.keeping import CannotWrite

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""The line breaks of YAML 1.1, which libyaml reads."""


def value_of(node: yaml.Node | None, key: str) -> Any:
    """The node under `key`; None where there is none."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def of_new_item(text: str, listed: yaml.SequenceNode, item: str) -> tuple[int, str]:
    """Where to put what, so that `item`, written in YAML, is the last one of the list."""
    if not listed.flow_style:
        return _on_new_line(text, listed, f"{_margin(listed)}- {item}")
    if not listed.value:
        return listed.start_mark.index + 1, f"{item},"
    return _within_brackets(text, listed.value[-1], listed.value[-1], item)


def of_new_list(text: str, block: yaml.MappingNode, key: str, item: str) -> tuple[int, str]:
    """Where to put what, so that `key`, which is new, is the last one of the block and holds a list with `item`."""
    pair = f"{key}: [{item}]"
    if block.flow_style and not block.value:
        return block.start_mark.index + 1, pair
    last_key, last = block.value[-1]
    if block.flow_style:
        return _within_brackets(text, last_key, last, pair)
    if isinstance(last, yaml.CollectionNode) and last.flow_style:
        return _on_new_line(text, block, _margin(block) + pair)
    return _on_new_line(text, block, f"{_margin(block)}{key}:", f"{_margin(last)}- {item}")


def of_item(text: str, block: yaml.MappingNode, key: str, number: int) -> tuple[int, int]:
    """From where to where the item with this number is taken out of the list under `key`, the only one with its key.

    Raises:
        CannotWrite: it is written in a way that needs a person.
    """
    name, listed = next(pair for pair in block.value if pair[0].value == key)
    items = [(item, item) for item in listed.value]
    if len(items) > 1:
        return _of_part(text, listed, items, number, "-")
    if listed.flow_style and text.startswith(",", _end(text, items[0][0])):
        return items[0][0].start_mark.index, _end(text, items[0][0]) + 1
    return _of_part(text, block, block.value, block.value.index((name, listed)), "")


def _of_part(
    text: str, whole: yaml.CollectionNode, parts: list[tuple[yaml.Node, yaml.Node]], number: int, dash: str
) -> tuple[int, int]:
    """From where to where a part, of which the first and the last node are given, is taken out of the whole."""
    first, last = parts[number]
    begin, end = first.start_mark.index, _end(text, last)
    if not whole.flow_style:
        margin = begin - first.start_mark.column
        _expect(text[margin:begin], dash, first)
        if found := _BREAK.search(text, end):
            return margin, found.end()
        return [each.start() for each in _BREAK.finditer(text, 0, margin)][-1], len(text)
    if number > 0:
        before = _end(text, parts[number - 1][1])
        _expect(text[before:begin], ",", first)
        return before, end
    if len(parts) > 1:
        after = parts[1][0].start_mark.index
        _expect(text[end:after], ",", first)
        return begin, after
    return begin, end


def _expect(found: str, sign: str, node: yaml.Node) -> None:
    """Only a sign and white space stand here: a comment, or whatever else a person wrote, is not to be lost."""
    if found.strip() != sign:
        raise CannotWrite("this is written in a way that needs a person: take it out by hand", node.start_mark.line + 1)


def _margin(node: yaml.Node) -> str:
    return " " * node.start_mark.column


def _on_new_line(text: str, after: yaml.Node, *lines: str) -> tuple[int, str]:
    end = _end(text, after)
    if found := _BREAK.search(text, end):
        return found.end(), "".join(line + found.group() for line in lines)
    before = _BREAK.search(text)
    return len(text), "".join((before.group() if before else "\n") + line for line in lines)


def _within_brackets(text: str, first: yaml.Node, last: yaml.Node, added: str) -> tuple[int, str]:
    """Behind the last part, of which the first and the last node are given: on a line of its own where that part is.

    Not there where a comment follows, which would no longer stand beside what it is about.
    """
    end = _end(text, last)
    margin = text[first.start_mark.index - first.start_mark.column : first.start_mark.index]
    ends = _BREAK.search(text, end)
    if margin.strip() or "#" in text[end : ends.start() if ends else None]:
        return end, f", {added}"
    newline = [each.group() for each in _BREAK.finditer(text, 0, end)][-1]
    return end, f",{newline}{margin}{added}"


def _end(text: str, node: yaml.Node) -> int:
    """Where the last character of a value ends: libyaml's own mark is behind the empty lines below a block."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    begin, end = node.start_mark.index, node.end_mark.index
    return begin + len(text[begin:end].rstrip())
