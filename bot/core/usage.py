"""Which words the FAQ and its entries use: what a question is about, and how much of it they explain."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from bot.core.features import Features
from bot.core.model import Reading, Word
from bot.core.text import stem

_UNKNOWN = 0.75
"""What an unknown word weighs, as a share of the heaviest known one."""
_NOTHING = 0.3
"""What a question needs to weigh before it says anything, as a share of the heaviest word: "wir" says nothing."""
_NOBODY: Counter[int] = Counter()


class Usage:
    """How many phrasings of which entry use each stem."""

    def __init__(self, readings: Sequence[tuple[Word, ...]], of: Sequence[int], features: Features) -> None:
        """`readings` are the phrasings as they were read; `of` says to which entry, by number, each belongs."""
        users: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for number, read in zip(of, readings, strict=True):
            for each in {stem(sense.word) for word in read for sense in word.senses}:
                users[each][number] += 1
        self._users = dict(users)
        self._features = features
        self._subjects = self._find_subjects(Counter(of))

    def names_subject(self, read: Sequence[Word]) -> bool:
        """Whether the question names what the FAQ is about, otherwise than to turn it down."""
        named = (word for word in read if word.not_covered is None and word.reading is not Reading.DROPPED)
        return any(stem(each) in self._subjects for word in named for each in word.read_as)

    def explained(
        self, read: Sequence[Word], entry: int, without: Mapping[int, int] | None = None
    ) -> tuple[float, float]:
        """The shares of a question's weight that the FAQ's words and that the entry's words explain, from 0 to 1.

        `without` says of how many phrasings of which entry the words are not to count. What the question turns down
        counts nothing.
        """
        heaviest = self._features.heaviest
        by_faq = by_entry = 0.0
        total = _NOTHING * heaviest
        for word in read:
            if word.reading is Reading.DROPPED:
                continue
            faq, own = self._weights(word, entry, without or {})
            by_faq += word.certainty**0.5 * faq
            by_entry += word.certainty**0.5 * own
            total += faq or _UNKNOWN * heaviest
        return (by_faq / total, by_entry / total) if total else (0.0, 0.0)

    def _weights(self, word: Word, entry: int, without: Mapping[int, int]) -> tuple[float, float]:
        """What the word weighs for the whole FAQ and for the entry; 0 where it is not used."""
        faq = own = 0.0
        for sense in word.senses if word.not_covered is None else ():
            users = self._users.get(stem(sense.word), _NOBODY)
            weight = self._features.weight(sense.word) or 0.0
            if users.total() > sum(min(users[number], count) for number, count in without.items()):
                faq = max(faq, weight)
            if users[entry] > without.get(entry, 0):
                own = max(own, weight)
        return faq, own

    def _find_subjects(self, phrasings: Counter[int]) -> frozenset[str]:
        """The stems that half of an entry's phrasings use, and not half of the entries."""
        most = max(1, len(phrasings) // 2)
        return frozenset(
            each
            for each, using in self._users.items()
            if len(using) <= most and any(count >= phrasings[entry] / 2 for entry, count in using.items())
        )
