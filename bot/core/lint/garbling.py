"""Text that was garbled on its way: UTF-8 that some program took for Latin-1 ("Ã¼"), and letters that were lost ("�").

The rule is small as it is meant to be sure: only what is read back as a Latin letter or a common sign counts. (ftfy
mends much more, on the strength of guesses: `„Gruß“` ends in what may be two garbled bytes.)
"""

import re
from collections.abc import Iterator
from typing import Any

from bot.core.faq import KnowledgeBase
from bot.core.fault import Fault, KeyPath

_LOST = "\ufffd"
_CONTINUATION = bytes(range(0x80, 0xC0)).decode("cp1252", "ignore") + "".join(map(chr, range(0x80, 0xC0)))
"""The bytes that follow the first one of a character in UTF-8, as Windows and as Latin-1 show them."""
_GARBLED = re.compile(rf"[ÂÃ][{re.escape(_CONTINUATION)}]|â(?:€|\x80)[{re.escape(_CONTINUATION)}]")
_BLOCKS = ("entries", "synonyms", "not_covered", "examples")


def faults(knowledge: KnowledgeBase) -> Iterator[Fault]:
    """Each text of the FAQ that does not say what was written."""
    for block in _BLOCKS:
        for number, item in enumerate(getattr(knowledge, block)):
            entry = item.id if block == "entries" else None
            for path, text in _texts(item.model_dump(by_alias=True), (block, number)):
                yield from _garbled(knowledge, path, text, entry)
    for path, text in _texts(knowledge.phrases.model_dump(), ("phrases",)):
        yield from _garbled(knowledge, path, text, None)


def _texts(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    match value:
        case str():
            yield path, value
        case dict():
            for key, each in value.items():
                yield from _texts(each, (*path, key))
        case tuple():
            for number, each in enumerate(value):
                yield from _texts(each, (*path, number))


def _garbled(knowledge: KnowledgeBase, path: KeyPath, text: str, entry: str | None) -> Iterator[Fault]:
    if found := _GARBLED.search(text):
        remedy = "The file was opened with a wrong encoding once: write the letters anew, or take it from a backup."
        yield Fault(knowledge.place(*path), f'"{_around(text, found)}" is garbled', remedy, entry)
    elif _LOST in text:
        remedy = "A letter was lost when the file was converted: write it anew."
        yield Fault(knowledge.place(*path), f'there is a "{_LOST}" in the text', remedy, entry)


def _around(text: str, found: re.Match[str]) -> str:
    """The word in which something was found."""
    before, after = text[: found.start()].replace("\n", " "), text[found.end() :].replace("\n", " ")
    return f"{before.rpartition(' ')[2]}{found[0]}{after.partition(' ')[0]}"
