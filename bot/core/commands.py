"""What admins write in their room to keep the FAQ, read into commands."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.core.model import LANGUAGES, Language
from bot.core.phrases import Understands
from bot.core.text import printable, words

Verb = Literal["help", "status", "check", "reload", "why", "add", "undo", "new"]
VERBS: tuple[Verb, ...] = get_args(Verb)
LONGEST_PHRASING = 300
"""Characters of a phrasing: what people write is shorter, and what is longer is read by its best passage."""
_COMMAND = re.compile(r"\s*!\s?(\w+)(!?)[ \t]*(.*)", re.DOTALL)
_ENTRY = re.compile(r"[`\"'„“<]*([^\s`\"'“>]+?)[`\"'“>:,]*(?:\s+|$)(.*)", re.DOTALL)
_QUOTES = ("„“", "“”", '""', "''", "»«", "«»", "„”", "``")
_NEARLY = 0.6
"""From this similarity on (optimal string alignment, from 0 to 1) an unknown command is taken for a mistyped one."""
_MOST_MEANT = 3
"""The entries that may have been meant by an unknown id."""
_SIMILAR = 50
"""How similar their ids are at least, from 0 to 100 (rapidfuzz's WRatio)."""


@dataclass(frozen=True)
class AdminCommand:
    """What an admin wants."""

    verb: Verb | Literal["mistyped"]
    rest: str = ""
    """What stands behind it."""
    forced: bool = False
    """Whether they want it all the same (`!add!`)."""


@dataclass(frozen=True)
class Wanted:
    """A phrasing that an admin wants in an entry."""

    entry: str
    phrasing: str
    language: Language | None
    """The language, where the admin has named one."""


@dataclass(frozen=True)
class Amiss:
    """What is amiss with what an admin wants in an entry."""

    what: Literal["no entry", "unknown entry", "no phrasing", "no single short line"]
    entry: str = ""
    near: tuple[str, ...] = ()
    """The ids of the entries that may have been meant."""


class Commands:
    """Knows how the phrases file calls the commands."""

    def __init__(self, understands: Understands) -> None:
        self._verbs = {words(each): verb for verb in VERBS for each in getattr(understands, f"{verb}_command")}

    def read(self, text: str) -> AdminCommand | None:
        """The command in an admin's message; None where none of ours is meant."""
        parts = _COMMAND.fullmatch(text)
        said = words(parts[1]) if parts else ()
        if not parts or not said:
            return None
        if verb := self._verbs.get(said):
            return AdminCommand(verb, parts[3].strip(), bool(parts[2]))
        known = [" ".join(each) for each in self._verbs]
        near = process.extractOne(" ".join(said), known, scorer=OSA.normalized_similarity, score_cutoff=_NEARLY)
        return AdminCommand("mistyped") if near else None


def wanted(rest: str, known: Collection[str]) -> Wanted | Amiss:
    """What stands behind `!add`: a language, if they name one, an entry, and a phrasing.

    `known` are the ids of the entries.
    """
    entry, phrasing = _first(rest)
    language = next((each for each in LANGUAGES if each == entry and entry not in known), None)
    if language:
        entry, phrasing = _first(phrasing)
    if not entry:
        return Amiss("no entry")
    found = next((each for each in known if each.casefold() == entry.casefold()), None)
    if found is None:
        near = process.extract(entry, tuple(known), limit=_MOST_MEANT, score_cutoff=_SIMILAR)
        return Amiss("unknown entry", entry, tuple(each for each, *_ in near))
    lines = printable(phrasing).strip().splitlines()
    if not lines:
        return Amiss("no phrasing", found)
    if len(lines) > 1 or len(lines[0]) > LONGEST_PHRASING:
        return Amiss("no single short line", found)
    return Wanted(found, unquoted(" ".join(lines[0].split())), language)


def unquoted(text: str) -> str:
    """`text` without the quotation marks around the whole of it."""
    inner = text[1:-1]
    around = text[:1] + text[-1:]
    return inner.strip() if around in _QUOTES and not set(inner) & set(around) and inner.strip() else text


def _first(text: str) -> tuple[str, str]:
    """The first word of a text, without marks around it, and the rest."""
    parts = _ENTRY.match(text)
    return (parts[1], parts[2]) if parts else ("", "")
