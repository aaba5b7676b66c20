"""What the FAQ's keepers write: entries, synonyms and the bot's own phrases, as frozen, validated values.

Reading them from files is the business of `adapters.knowledge`; whether they are complete, that of `lint`.
"""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated

from pydantic import (
    AfterValidator,
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    UrlConstraints,
    model_validator,
)

from bot.core.fault import Place
from bot.core.model import Language

_LINK: TypeAdapter[AnyUrl] = TypeAdapter(Annotated[AnyUrl, UrlConstraints(allowed_schemes=["https", "http", "mailto"])])


def _checked_link(url: str) -> str:
    _LINK.validate_python(url)
    return url  # as written: pydantic would add a slash, which some pages do not know


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Link = Annotated[Text, AfterValidator(_checked_link)]
Variants = Annotated[tuple[Text, ...], BeforeValidator(lambda told: (told,) if isinstance(told, str) else told)]
EntryId = Annotated[str, StringConstraints(pattern=r"^\S+$", max_length=100)]


class Model(BaseModel):
    """A frozen value; an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Localized(Model):
    """A text in German, in English, or in both."""

    de: Text | None = None
    en: Text | None = None

    def get(self, language: Language) -> str | None:
        """The text in `language`, None where there is none."""
        return self.de if language == "de" else self.en

    def best(self, language: Language) -> str:
        """The text in `language`, else in the other one; empty where there is none at all."""
        return self.get(language) or self.de or self.en or ""


class LocalizedVariants(Model):
    """Several ways to say the same in German, in English, or in both; a single one may stand there as a text."""

    de: Variants = ()
    en: Variants = ()

    def best(self, language: Language, variant: int) -> str:
        """The way to say it with the number `variant`, counted round, in `language`, else in the other one."""
        texts = (self.de if language == "de" else self.en) or self.de or self.en
        return texts[variant % len(texts)] if texts else ""


class Phrasings(Model):
    """Sample questions of an entry, by language."""

    de: tuple[Text, ...] = ()
    en: tuple[Text, ...] = ()

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
    url: Link


class Source(Model):
    """Where an answer comes from."""

    title: Text
    url: Link
    as_of: date
    """The day on which the source was last read."""


class Entry(Model):
    """One item of the FAQ."""

    id: EntryId
    phrasings: Phrasings
    question: Localized = Localized()
    answer: Localized = Localized()
    """Markdown; its first line carries the answer."""
    links: tuple[TitledLink, ...] = ()
    related: tuple[EntryId, ...] = ()
    offers_human: bool = False
    """Whether the bot offers, below the answer, to pass the question on."""
    source: Source | None = None
    review_by: date | None = None

    @property
    def wordings(self) -> tuple[str, ...]:
        """All in which the entry may be asked for: its phrasings and its question, in both languages."""
        return (*self.phrasings.all, *filter(None, (self.question.de, self.question.en)))

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
    """Entries that may help instead."""

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
    language: Language | None = None
    expect: tuple[EntryId, ...]
    """The ids of the entries that answer it, best first; empty: no entry does."""


_PLACEHOLDERS = {
    "source": {"{title}", "{date}"},
    "verification": {"{device}", "{fingerprint}"},
    "welcome_room": {"{name}"},
    "too_large": {"{largest}"},
    "which_number": {"{count}"},
    "draft_expires": {"{minutes}"},
    "link_subject": {"{start}"},
    "letter_subject": {"{reference}", "{start}"},
    "letter": {"{question}", "{sender}", "{reply_to}", "{reference}", "{history}"},
    "letter_shown": {"{recipient}", "{reply_to}", "{subject}", "{text}"},
    "letter_exchange": {"{question}", "{answer}"},
    "preview": {"{letter}", "{minutes}"},
    "sent": {"{reference}"},
    "handed_over": {"{minutes}"},
    "letter_in_room": {"{question}", "{sender}", "{reference}", "{history}"},
    "preview_in_room": {"{letter}", "{minutes}"},
    "sent_in_room": {"{reference}"},
    "case_opened": {"{letter}", "{reference}"},
    "support_says": {"{text}"},
    "support_says_named": {"{text}", "{name}"},
    "person_says": {"{text}"},
    "case_closed": {"{reference}"},
    "case_closed_for_support": {"{reference}"},
    "failed": {"{reference}"},
    "write_yourself": {"{mailto}"},
    "limit": {"{mailto}"},
    "to_direct_chat": {"{link}"},
}


class Says(Model):
    """The bot's own sentences. `{contact}` and the like stand for what is filled in."""

    links: Localized
    source: Localized
    related: Localized
    same_again: Localized
    left_open: Localized
    clarify: Localized
    which_number: Localized
    unhelpful: Localized
    fallback: Localized
    fallback_near: Localized
    none_of_them: Localized
    again: Localized
    offer_human: Localized
    offer_link: Localized
    greeting: Localized
    greeting_again: LocalizedVariants
    thanks: LocalizedVariants
    goodbye: LocalizedVariants
    identity: LocalizedVariants
    how_are_you: LocalizedVariants
    acknowledged: LocalizedVariants
    insult: LocalizedVariants
    language: Localized
    help: Localized
    unknown_command: Localized
    empty: Localized
    text_only: Localized
    nothing_open: Localized
    offer_is_over: Localized
    apology: Localized
    verification: Localized
    missed: Localized
    undecrypted: Localized
    slow_down: Localized
    welcome: Localized
    welcome_answered: Localized
    welcome_room: Localized
    too_large: Localized
    unencrypted: Localized
    ask_question: Localized
    ask_address: Localized
    no_address: Localized
    question_gone: Localized
    draft_expires: Localized
    draft_open: Localized
    link_subject: Localized
    letter_subject: Localized
    letter: Localized
    letter_history: Localized
    letter_exchange: Localized
    letter_unanswered: Localized
    letter_cut: Localized
    letter_shown: Localized
    preview: Localized
    preview_add_history: Localized
    preview_drop_history: Localized
    preview_unclear: Localized
    preview_changed: Localized
    sent: Localized
    handed_over: Localized
    declined: Localized
    cancelled: Localized
    failed: Localized
    write_yourself: Localized
    limit: Localized
    to_direct_chat: Localized
    no_direct_chat: Localized
    letter_in_room: Localized
    preview_in_room: Localized
    sent_in_room: Localized
    support_room: Localized
    this_chat: Localized
    case_opened: Localized
    support_says: Localized
    support_says_named: Localized
    person_says: Localized
    passes_on_text_only: Localized
    not_passed_on: Localized
    case_closed: Localized
    case_closed_for_support: Localized

    @staticmethod
    def placeholders(name: str) -> set[str]:
        """What may stand in braces in the sentence `name`."""
        return {"{contact}"} | _PLACEHOLDERS.get(name, set())


class Understands(Model):
    """Messages that the bot understands without the FAQ, as a whole and without case and punctuation."""

    help_command: tuple[Text, ...]
    support_command: tuple[Text, ...]
    close_command: tuple[Text, ...]
    """In the thread of a case, it ends the case."""
    polite: tuple[Text, ...]
    """Words that may stand at the beginning or the end of any of them."""
    greeting: tuple[Text, ...]
    thanks: tuple[Text, ...]
    goodbye: tuple[Text, ...]
    identity: tuple[Text, ...]
    how_are_you: tuple[Text, ...]
    acknowledged: tuple[Text, ...]
    insult: tuple[Text, ...]
    yes: tuple[Text, ...]
    """Nothing else lets a letter go out."""
    agree: tuple[Text, ...]
    """Enough of a yes to be asked on, but not to let a letter go out."""
    no: tuple[Text, ...]
    none_of_them: tuple[Text, ...]
    unhelpful: tuple[Text, ...]
    human: tuple[Text, ...]
    in_german: tuple[Text, ...]
    in_english: tuple[Text, ...]
    other_question: tuple[Text, ...]
    with_history: tuple[Text, ...]
    without_history: tuple[Text, ...]
    first: tuple[Text, ...]
    second: tuple[Text, ...]
    third: tuple[Text, ...]
    fourth: tuple[Text, ...]
    last: tuple[Text, ...]
    beside_a_choice: tuple[Text, ...]
    """Words that may stand beside the number of an option."""


class Phrases(Model):
    """What the bot says and understands by itself."""

    says: Says
    understands: Understands


class KnowledgeBase(Model):
    """A whole FAQ."""

    entries: tuple[Entry, ...]
    synonyms: tuple[Synonym, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    examples: tuple[Example, ...] = ()
    """What the confidence is calibrated with; never matched against."""
    phrases: Phrases
    places: Mapping[str, Place] = {}
    """Where each entry was written, by its id."""
    not_covered_places: tuple[Place, ...] = ()
    """Where each of `not_covered` was written."""

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
