"""Which words the FAQ and its entries use: what a question is about, and how much of it they explain."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bot.core.features import Features
from bot.core.model import Word
from bot.core.text import FUNCTION_WORDS, stem

_UNKNOWN = 0.75
"""What an unknown word weighs, as a share of the heaviest known one."""
_NOTHING = 1.0
"""What a question needs to weigh before it says anything, as a share of the heaviest word: "wir" says nothing."""
_WILD = 0.6
"""The certainty below which a reading is a wild guess."""
_GUESS = 0.5
"""What a confidence is worth that rests on a wild guess alone."""
_MANY = 0.4
"""The share of an entry's phrasings that name its subject, at least."""

_SUBJECTLESS = frozenset(stem(word) for words in FUNCTION_WORDS.values() for word in words)


class Usage:
    """How many phrasings of which entry use each stem."""

    def __init__(
        self, readings: Sequence[tuple[Word, ...]], of: Sequence[int], entries: int, features: Features
    ) -> None:
        """`readings` are the phrasings as they were read; `of` says to which entry, by number, each belongs.

        Numbers from `entries` on are what the FAQ does not cover: their words are not the FAQ's.
        """
        users: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for number, read in zip(of, readings, strict=True):
            for each in {stem(sense.word) for word in read for sense in word.senses}:
                users[each][number] += 1
        self._users = dict(users)
        self._entries = entries
        self._features = features
        self._subjects = self._find_subjects(Counter(of))

    def names_subject(self, read: Sequence[Word]) -> bool:
        """Whether the question names what the FAQ is about, otherwise than to turn it down."""
        said = (word for word in read if word.not_covered is None and not word.turned_down and word.senses)
        meant = (sense for word in said for sense in (word.senses[:1] if word.is_alternatives else word.senses))
        return any(sense.certainty >= _WILD and stem(sense.word) in self._subjects for sense in meant)

    def has_content_of(self, read: Sequence[Word], entry: int) -> bool:
        """Whether the question shares a word with the entry that is no function word."""
        stems = (stem(each) for word in read if word.not_covered is None for each in word.read_as)
        return any(each not in _SUBJECTLESS and entry in self._users.get(each, ()) for each in stems)

    def subject(self, readings: Iterable[Sequence[Word]]) -> str:
        """The word that most of an entry's phrasings use, no function word; empty where none is common to them."""
        counts: Counter[str] = Counter()
        shown: dict[str, str] = {}
        all_readings = list(readings)
        for read in all_readings:
            said = {stem(sense.word): sense.word for word in read for sense in word.senses}
            counts.update(said.keys() - _SUBJECTLESS)
            shown = {**said, **shown}
        ((best, count),) = counts.most_common(1) or [("", 0)]
        return shown[best] if count >= len(all_readings) * _MANY / 2 and count else ""

    def explained(
        self, read: Sequence[Word], entries: Iterable[int], without: Mapping[int, int] | None = None
    ) -> list[tuple[float, float]]:
        """For each entry the shares of a question's weight that the FAQ's and the entry's words explain, from 0 to 1.

        `without` says of how many phrasings of which entry the words are not to count. What the question turns down
        counts nothing.
        """
        without = without or {}
        heard = [(word.certainty**0.5, self._senses(word)) for word in read if not word.turned_down]
        total = _NOTHING * self._features.heaviest
        by_faq = 0.0
        for certainty, senses in heard:
            left = [weight for weight, users in senses if self._in_faq(users, without)]
            by_faq += certainty * max(left, default=0.0)
            total += max(left, default=0.0) or _UNKNOWN * self._features.heaviest
        shares = []
        for entry in entries:
            gone = without.get(entry, 0)
            own = (
                certainty * max((w for w, users in s if users.get(entry, 0) > gone), default=0.0)
                for certainty, s in heard
            )
            shares.append((by_faq / total, sum(own) / total) if total else (0.0, 0.0))
        return shares

    def trust(self, read: Sequence[Word], entry: int) -> float:
        """What a confidence in the entry is worth: less where only wild guesses speak for it, "Skynet" for Skype."""
        if all(sense.certainty >= _WILD for word in read for sense in word.senses):
            return 1.0
        own = [s.certainty for word in read for s in word.senses if entry in self._users.get(stem(s.word), ())]
        return _GUESS if own and max(own) < _WILD else 1.0

    def _senses(self, word: Word) -> list[tuple[float, Counter[int]]]:
        """The weight and the users of each sense of a word."""
        senses = word.senses if word.not_covered is None else ()
        found = ((self._features.weight(sense.word), self._users.get(stem(sense.word))) for sense in senses)
        return [(weight, users) for weight, users in found if weight and users]

    def _in_faq(self, users: Counter[int], without: Mapping[int, int]) -> bool:
        return any(number < self._entries and count > without.get(number, 0) for number, count in users.items())

    def _find_subjects(self, phrasings: Counter[int]) -> frozenset[str]:
        """The stems that many of an entry's phrasings use, and at most half of the entries; no function words."""
        most = max(1, self._entries // 2)
        return frozenset(
            each
            for each, users in self._users.items()
            if each not in _SUBJECTLESS
            and sum(number < self._entries for number in users) <= most
            and any(n < self._entries and count >= max(2, _MANY * phrasings[n]) for n, count in users.items())
        )
