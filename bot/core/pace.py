"""How much one person is answered: so that neither a flood nor another bot keeps ours talking for ever.

Two bots that answer each other never stop by themselves. Good ones leave notices alone, as ours does; with the others
an exchange ends as soon as one message stays unanswered, since a bot speaks only when spoken to. So these are not
answered:

- what goes beyond a bucket that refills by the minute, which a quick human never empties, or beyond one for the day,
  which ends what is slow;
- the same text a fourth time in a row within an hour, at whatever pace.

Whoever empties a bucket is told so, once, and again only after it was half full. All this is kept in memory only, for
the people heard of last: after a restart everybody begins anew. What is replayed after a crash was not answered
before, or the homeserver recognises the reply, whatever it is. Time is when messages were sent, not when they were
read: nobody is blamed for how fast the bot catches up.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from pydantic import Field

from bot.core.model import Message
from bot.core.wording import Model

_MOST_PEOPLE = 10_000
_SAME = 3
"""So often in a row the same text is answered."""
_IN_A_ROW = 3600
"""Seconds within which the same text counts as in a row."""
_MINUTE, _DAY = 60, 24 * 3600


class Limits(Model):
    """How much one person is answered, over all rooms."""

    burst: int = Field(default=10, ge=1, le=1000)
    """Messages that may come at once."""
    per_minute: int = Field(default=6, ge=0, le=1000)
    """Messages that may follow every minute; 0: any number."""
    per_day: int = Field(default=200, ge=0, le=100_000)
    """Messages of a day; 0: any number."""


class Verdict(Enum):
    """What is done about a message, for the pace of its sender."""

    ANSWER = auto()
    TELL = auto()
    """It is too much, and the sender is to be told so."""
    IGNORE = auto()


@dataclass
class _Bucket:
    size: int
    per_second: float
    tokens: float
    at: float
    told: bool = False

    def refill(self, at: float) -> None:
        self.tokens = min(self.size, self.tokens + max(0.0, at - self.at) * self.per_second)
        self.at = max(self.at, at)
        self.told = self.told and self.tokens < self.size / 2


@dataclass
class _Sender:
    buckets: list[_Bucket]
    said: int = 0
    """A hash of what was answered last, and where: no text is kept."""
    said_at: float = 0
    times: int = 0
    """How often in a row it was answered."""


class Pace:
    """Knows the pace of everybody who writes."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Without `limits`, everything is answered."""
        refills = [(limits.burst, limits.per_minute, _MINUTE), (limits.per_day, limits.per_day, _DAY)] if limits else []
        self._buckets = [(size, number / seconds) for size, number, seconds in refills if number]
        self._senders: OrderedDict[str, _Sender] = OrderedDict()

    def verdict(self, message: Message, now: datetime) -> Verdict:
        """What is to be done about `message`. Nothing changes by asking."""
        sender = self._sender(message, now)
        if any(bucket.tokens < 1 and not bucket.told for bucket in sender.buckets):
            return Verdict.TELL
        if any(bucket.tokens < 1 for bucket in sender.buckets):
            return Verdict.IGNORE
        again = sender.times >= _SAME and sender.said == _hash(message)
        if self._buckets and again and _time(message, now) - sender.said_at <= _IN_A_ROW:
            return Verdict.IGNORE
        return Verdict.ANSWER

    def answered(self, message: Message, now: datetime) -> None:
        """Count that `message` was answered."""
        sender, at, said = self._sender(message, now), _time(message, now), _hash(message)
        for bucket in sender.buckets:
            bucket.tokens -= 1
        goes_on = sender.said == said and at - sender.said_at <= _IN_A_ROW
        sender.said, sender.said_at, sender.times = said, at, sender.times + 1 if goes_on else 1

    def told(self, message: Message, now: datetime) -> None:
        """Remember that the sender of `message` was told that it is too much."""
        for bucket in self._sender(message, now).buckets:
            bucket.told = bucket.tokens < 1

    def _sender(self, message: Message, now: datetime) -> _Sender:
        at = _time(message, now)
        if message.sender not in self._senders:
            buckets = [_Bucket(size, per_second, size, at) for size, per_second in self._buckets]
            self._senders[message.sender] = _Sender(buckets)
            if len(self._senders) > _MOST_PEOPLE:
                self._senders.popitem(last=False)
        self._senders.move_to_end(message.sender)
        sender = self._senders[message.sender]
        for bucket in sender.buckets:
            bucket.refill(at)
        return sender


def _time(message: Message, now: datetime) -> float:
    """When the message was sent; a homeserver whose clock is fast does not refill a bucket."""
    return min(message.sent_at, now).timestamp()


def _hash(message: Message) -> int:
    return hash((message.room_id, (message.text or "").strip().casefold()))
