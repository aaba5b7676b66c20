"""How well a FAQ answers messages of which it is known what would be right.

Each example is a new conversation's first message, as `auskunft ask` puts it. An evaluation is plain data: it can be
kept, sent to another process, and compared with an earlier one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeVar

from bot.core.conversation import Conversation
from bot.core.decision import Answer, Clarify, Decision
from bot.core.desk import Desk
from bot.core.faq import Example
from bot.core.fault import Place
from bot.core.model import Language, Message
from bot.core.situation import Thresholds

Verdict = Literal["right", "helped", "wrong", "refused"]
"""Answered with an expected entry; offered it among others; answered, but with none of the expected; anything else.

Where none is expected: not answered; offered a choice, which does no harm; answered. It is never refused.
"""
_Key = TypeVar("_Key", str, bool)
_CURVE = tuple(round(0.05 * step, 2) for step in range(1, 20))
_WHENEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""When the messages are considered: nothing was said before, so that it does not matter."""


@dataclass(frozen=True)
class Judged:
    """An example and what came of it."""

    example: Example
    verdict: Verdict
    decision: Decision
    language: Language
    """The one that the example names, else the one in which the bot spoke."""
    place: Place
    """Where the example was written."""

    @property
    def text(self) -> str:
        """The message: by it, two evaluations are compared."""
        return self.example.text

    @property
    def given(self) -> tuple[str, ...]:
        """The ids of the entries that were answered."""
        return self.decision.entries if isinstance(self.decision, Answer) else ()

    @property
    def offered(self) -> tuple[str, ...]:
        """The ids of the entries that were offered for a choice."""
        return self.decision.options if isinstance(self.decision, Clarify) else ()


@dataclass(frozen=True)
class Tally:
    """How many examples were judged how."""

    right: int = 0
    helped: int = 0
    wrong: int = 0
    refused: int = 0

    @staticmethod
    def of(judged: Iterable[Judged]) -> "Tally":
        """The tally of some examples."""
        found = Counter(each.verdict for each in judged)
        return Tally(found["right"], found["helped"], found["wrong"], found["refused"])

    @property
    def count(self) -> int:
        """All of them."""
        return self.right + self.helped + self.wrong + self.refused

    def rate(self, *verdicts: Verdict) -> float:
        """The share, from 0 to 1, that was judged as one of `verdicts`; 0 where there are no examples."""
        return sum(getattr(self, verdict) for verdict in verdicts) / self.count if self.count else 0.0


class Confusion(NamedTuple):
    """What was answered instead of what."""

    expected: str | None
    """The best of the expected entries; None where no entry answers."""
    given: str
    texts: tuple[str, ...]
    """The messages of which it was."""


@dataclass(frozen=True)
class Evaluation:
    """What came of all examples, in their order."""

    judged: tuple[Judged, ...]

    @property
    def tally(self) -> Tally:
        """Of all examples."""
        return Tally.of(self.judged)

    @property
    def by_language(self) -> Mapping[str, Tally]:
        """Of the examples in each language."""
        return self._by(lambda each: each.language)

    @property
    def by_kind(self) -> Mapping[str, Tally]:
        """Of the examples of each kind; those of none are left out."""
        return self._by(lambda each: each.example.kind)

    @property
    def by_scope(self) -> Mapping[bool, Tally]:
        """Of the examples that an entry answers (True) and of the others (False)."""
        return self._by(lambda each: bool(each.example.expect))

    @property
    def confusions(self) -> tuple[Confusion, ...]:
        """What was answered instead of what, the most frequent first."""
        texts: defaultdict[tuple[str | None, str], list[str]] = defaultdict(list)
        for each in self.judged:
            if each.verdict == "wrong":
                texts[next(iter(each.example.expect), None), each.given[0]].append(each.text)
        found = (Confusion(expected, given, tuple(those)) for (expected, given), those in texts.items())
        return tuple(sorted(found, key=lambda confusion: -len(confusion.texts)))

    @property
    def failures(self) -> tuple[Judged, ...]:
        """The examples that were answered wrong, then those that were refused."""
        return tuple(each for verdict in ("wrong", "refused") for each in self.judged if each.verdict == verdict)

    def newly_wrong(self, before: "Evaluation") -> tuple[Judged, ...]:
        """The examples that are wrong and were not `before`. An example with another text is another example."""
        were = {each.text for each in before.judged if each.verdict != "wrong"}
        return tuple(each for each in self.judged if each.verdict == "wrong" and each.text in were)

    def _by(self, key: Callable[[Judged], _Key | None]) -> dict[_Key, Tally]:
        groups: defaultdict[_Key, list[Judged]] = defaultdict(list)
        for each in self.judged:
            if (named := key(each)) is not None:
                groups[named].append(each)
        return {named: Tally.of(group) for named, group in groups.items()}


class Trial:
    """Examples that were put to a desk, to be judged under its thresholds or under others without ranking anew."""

    def __init__(self, desk: Desk, examples: Sequence[Example], places: Sequence[Place] = ()) -> None:
        """`places`: where the examples were written, one for each."""
        self.examples = tuple(examples)
        self._desk = desk
        self._places = places or [Place("?")] * len(examples)
        self._turns = [
            desk.consider(Conversation(), Message(f"${number}", "!", "@", each.text, _WHENEVER), _WHENEVER)
            for number, each in enumerate(examples)
        ]
        self._situations = [desk.situation(turn) for turn in self._turns]

    @property
    def thresholds(self) -> Thresholds:
        """Those of the desk."""
        return self._desk.thresholds

    def under(self, thresholds: Thresholds | None = None) -> Evaluation:
        """What comes of the examples under `thresholds`; without, under those of the desk."""
        judged = []
        for example, turn, now, place in zip(self.examples, self._turns, self._situations, self._places, strict=True):
            decision = self._desk.decide(replace(now, thresholds=thresholds)) if thresholds else turn.decision
            verdict = _verdict(example.expect, decision, self._desk.told_by(decision))
            judged.append(Judged(example, verdict, decision, example.language or turn.language, place))
        return Evaluation(tuple(judged))

    def curve(self) -> tuple[tuple[float, Tally], ...]:
        """What comes of them as the threshold of an answer rises from 0.05 to 0.95, and the others stay below it."""
        return tuple((answer, self.under(_below(self.thresholds, answer)).tally) for answer in _CURVE)


def evaluate(desk: Desk, examples: Sequence[Example], places: Sequence[Place] = ()) -> Evaluation:
    """What comes of `examples` at `desk`. `places`: where they were written, one for each."""
    return Trial(desk, examples, places).under()


def _verdict(expected: Sequence[str], decision: Decision, told: Sequence[str]) -> Verdict:
    if isinstance(decision, Clarify):
        return "helped" if not expected or set(decision.options) & set(expected) else "refused"
    if not expected:
        return "wrong" if isinstance(decision, Answer) else "right"
    if set(told) & set(expected):
        return "right"
    return "wrong" if isinstance(decision, Answer) else "refused"


def _below(thresholds: Thresholds, answer: float) -> Thresholds:
    clarify = min(thresholds.clarify, answer)
    changed = {"answer": answer, "clarify": clarify, "near": min(thresholds.near, clarify)}
    return thresholds.model_copy(update=changed)
