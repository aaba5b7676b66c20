"""What the FAQ's keepers write: entries, synonyms, what is not covered, as frozen, validated values.

Reading them from files is the business of `adapters.faq.knowledge`; whether they are complete, that of `lint`.
"""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from bot.core.fault import KeyPath, Place
from bot.core.model import Language
from bot.core.phrases import Phrases
from bot.core.wording import Link, Localized, Model, Text

EntryId = Annotated[str, StringConstraints(pattern=r"^\S+$", max_length=100)]


class Phrasings(Model):
    """Sample questions of an entry, by language."""

    de: tuple[Text, ...] = ()
    """In German, as people type them."""
    en: tuple[Text, ...] = ()
    """In English, as people type them."""

    def get(self, language: Language) -> tuple[str, ...]:
        """The sample questions in `language`."""
        return self.de if language == "de" else self.en

    @property
    def all(self) -> tuple[str, ...]:
        """The sample questions in both languages."""
        return (*self.de, *self.en)


class TitledLink(Model):
    """A link with what it leads to."""

    title: Localized
    """What it is called in the answer."""
    url: Link
    """The whole address: https://..., or mailto:..."""


class Source(Model):
    """Where an answer comes from."""

    title: Text
    """What it is called below the answer."""
    url: Link
    """The whole address: https://..."""
    as_of: date
    """The day on which it was last read: YYYY-MM-DD."""


class Entry(Model):
    """One item of the FAQ."""

    id: EntryId
    """Its name, without spaces, unique in the whole FAQ. Keep it: others refer to it."""
    phrasings: Phrasings
    """Sample questions, by language: what people type is compared with them. Five or more make it easy to find."""
    question: Localized = Localized()
    """The entry as a short question: so it is called where it is offered."""
    answer: Localized = Localized()
    """Markdown; its first line carries the answer."""
    links: tuple[TitledLink, ...] = ()
    """Where to read more; they stand below the answer."""
    related: tuple[EntryId, ...] = ()
    """The ids of entries that fit, too; their questions stand below the answer."""
    offers_human: bool = False
    """Whether the bot offers, below the answer, to pass the question on."""
    source: Source | None = None
    """Where the answer comes from."""
    review_by: date | None = None
    """The day by which somebody reads it again: YYYY-MM-DD."""

    @property
    def wordings(self) -> tuple[str, ...]:
        """All in which the entry may be asked for: its phrasings and its question, in both languages."""
        return (*self.phrasings.all, *filter(None, (self.question.de, self.question.en)))

    @property
    def is_about_the_bot(self) -> bool:
        """Whether it is about the bot itself: its id says so."""
        return self.id.startswith("bot-")

    def title(self, language: Language) -> str:
        """The entry as a short question: its question, else its first phrasing, else its id."""
        samples = self.phrasings.get(language) or self.phrasings.de or self.phrasings.en
        return self.question.best(language) or (samples[0] if samples else self.id)


class Synonym(Model):
    """Words that people write instead of a word that the FAQ uses."""

    to: Text
    """The word or words of the FAQ."""
    from_: tuple[Text, ...] = Field(alias="from", min_length=1)
    """What is also read as `to`, as whole words."""
    weight: float = Field(default=1.0, gt=0, le=1)
    """How surely `from` means `to`."""


class NotCovered(Model):
    """Something that people ask about and the FAQ says nothing about: another product, another service."""

    names: tuple[Text, ...] = ()
    """What people call it, as whole words."""
    phrasings: Phrasings = Phrasings()
    """Sample questions, where it has no name or shares its words with an entry."""
    pointer: Localized
    """What is said instead of an answer, as Markdown: where to turn."""
    related: tuple[EntryId, ...] = ()
    """The ids of entries that may help instead."""

    @model_validator(mode="after")
    def _is_recognisable(self) -> "NotCovered":
        if not (self.names or self.phrasings.all):
            raise ValueError("either `names` or `phrasings` are needed")
        if not (self.pointer.de or self.pointer.en):
            raise ValueError("the `pointer` has no text")
        return self


class Example(Model):
    """A message as people type it, with the entries that would be right."""

    text: Text
    """What they type."""
    language: Language | None = None
    """The language that it is in."""
    expect: tuple[EntryId, ...]
    """The ids of the entries that answer it, best first; empty: no entry does."""
    kind: Text | None = None
    """How it is written (colloquial, formal, ...), so that figures can be told apart."""


class KnowledgeBase(Model):
    """A whole FAQ."""

    entries: tuple[Entry, ...]
    synonyms: tuple[Synonym, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    examples: tuple[Example, ...] = ()
    """What the confidence is calibrated with; never matched against."""
    phrases: Phrases
    places: Mapping[KeyPath, Place] = {}
    """Where each value was written, by the path that leads to it here: `("entries", 3, "answer", "de")`."""

    def place(self, *path: str | int) -> Place:
        """Where the value at `path` was written, or what comes nearest above it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place("?"))

    def entry(self, entry_id: str) -> Entry:
        """The entry with this id.

        Raises:
            KeyError: there is none.
        """
        return self._by_id[entry_id]

    def find(self, entry_id: str) -> Entry | None:
        """The entry with this id; None where there is none (any more)."""
        return self._by_id.get(entry_id)

    @cached_property
    def _by_id(self) -> Mapping[str, Entry]:
        return {entry.id: entry for entry in self.entries}
