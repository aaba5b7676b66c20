"""A phrasing more or less in a file of the FAQ, and every other byte of the file as it was.

What comes out is read again and compared before anybody gets it. Whether the whole FAQ is sound with it is the
business of `adapters.faq.knowledge`: `load(folder, {name: content})`.
"""

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.adapters.faq.pen import spans
from bot.adapters.faq.pen.scalar import in_one_line, quoted
from bot.core.model import Language
from bot.ports.keeping import CannotWrite
from bot.yamlfile import Refused, read


def with_phrasing(content: bytes, entry_id: str, language: Language, phrasing: str) -> bytes:
    """The content of a file with `phrasing`, in one line, as the entry's last one in that language.

    Raises:
        CannotWrite: the entry is not there, it has the phrasing already, or it is written in a way that needs a person.
    """
    phrasing = in_one_line(phrasing)
    if not phrasing:
        raise CannotWrite("this phrasing holds no text: write the question as people ask it")
    page = _Page.of(content, entry_id)
    listed, said = page.listed(language), page.said(language)
    if listed is not None and phrasing in said:
        node = listed.value[said.index(phrasing)]
        raise CannotWrite(f"`{entry_id}` has this phrasing already", node.start_mark.line + 1)
    if listed is not None:
        at, added = spans.of_new_item(page.text, listed, quoted(phrasing))
    else:
        at, added = spans.of_new_list(page.text, page.phrasings, language, quoted(phrasing))
    return page.changed(at, at, added, language, [*said, phrasing])


def without_phrasing(content: bytes, entry_id: str, language: Language, phrasing: str) -> bytes:
    """The content of a file without `phrasing`: what `with_phrasing` has put there is taken out to the byte.

    A comment that somebody has written on its lines since goes with them.

    Raises:
        CannotWrite: the phrasing, or the entry, is not there (any more), or it is written in a way that needs a person.
    """
    phrasing = in_one_line(phrasing)
    page = _Page.of(content, entry_id)
    said = page.said(language)
    if page.listed(language) is None or phrasing not in said:
        raise CannotWrite(f"`{entry_id}` does not have this phrasing (any more): nothing is left to take out")
    number = len(said) - 1 - said[::-1].index(phrasing)
    begin, end = spans.of_item(page.text, page.phrasings, language, number)
    return page.changed(begin, end, "", language, said[:number] + said[number + 1 :])


@dataclass(frozen=True)
class _Page:
    """The content of a file, opened at an entry."""

    text: str
    mark: bytes
    """The byte order mark, where there is one."""
    data: Any
    number: int
    """The entry's, counted from 0."""
    phrasings: yaml.MappingNode

    @classmethod
    def of(cls, content: bytes, entry_id: str) -> "_Page":
        data = _data(content)
        entries = data.get("entries") if isinstance(data, dict) else None
        ids = [each.get("id") if isinstance(each, dict) else None for each in _as_list(entries)]
        if entry_id not in ids:
            raise CannotWrite(f"the entry `{entry_id}` is not in this file (any more): look where it stands now")
        number = ids.index(entry_id)
        text = content.decode("utf-8-sig")
        entry = spans.value_of(yaml.compose(text, yaml.CSafeLoader), "entries").value[number]
        phrasings = spans.value_of(entry, "phrasings")
        if not isinstance(phrasings, yaml.MappingNode):
            reason = f"`{entry_id}` has no block `phrasings:` to write into: write it by hand"
            raise CannotWrite(reason, entry.start_mark.line + 1)
        mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
        return cls(text, mark, data, number, phrasings)

    def listed(self, language: Language) -> yaml.SequenceNode | None:
        """The list of the entry's phrasings in `language`; None where there is none."""
        node = spans.value_of(self.phrasings, language)
        if node is None:
            return None
        if isinstance(node, yaml.SequenceNode) and all(isinstance(each, yaml.ScalarNode) for each in node.value):
            return node
        raise CannotWrite(f"`{language}:` is no list of texts: correct it by hand", node.start_mark.line + 1)

    def said(self, language: Language) -> list[str]:
        """The entry's phrasings in `language`."""
        return list(self._said.get(language, ()))

    def changed(self, begin: int, end: int, added: str, language: Language, said: list[str]) -> bytes:
        """The content with `added` in the place of a part: the entry says just `said` then, and all else is as before.

        Raises:
            CannotWrite: that is not what comes out.
        """
        content = self.mark + (self.text[:begin] + added + self.text[end:]).encode()
        others = {key: each for key, each in self._said.items() if key != language}
        meant = [self._saying({**others, language: said})] + ([] if said else [self._saying(others)])
        try:
            found = _data(content)
        except CannotWrite:
            found = None
        if found not in meant:
            raise CannotWrite(
                "this is written in a way that needs a person: change it by hand", self.phrasings.start_mark.line + 1
            )
        return content

    @property
    def _said(self) -> dict[str, list[str]]:
        said: dict[str, list[str]] = self.data["entries"][self.number]["phrasings"]
        return said

    def _saying(self, said: dict[str, list[str]]) -> Any:
        """The data, had the entry these phrasings."""
        entries = list(self.data["entries"])
        entries[self.number] = {**entries[self.number], "phrasings": said}
        return {**self.data, "entries": entries}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _data(content: bytes) -> Any:
    """What the FAQ's reader finds in the content, without the white space around texts, as the FAQ takes them."""
    try:
        return _stripped(read(Path("this file"), content).data)
    except Refused as refused:
        fault = refused.faults[0]
        raise CannotWrite(f"{fault.message}. {fault.remedy}", fault.place.line) from None


def _stripped(value: Any) -> Any:
    match value:
        case dict():
            return {key: _stripped(each) for key, each in value.items()}
        case list():
            return [_stripped(each) for each in value]
        case str():
            return value.strip()
    return value
