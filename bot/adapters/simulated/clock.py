"""A clock that moves only when it is told to."""

from datetime import UTC, datetime, timedelta


class SimulatedClock:
    """Tells a time that is set."""

    def __init__(self, now: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        """The time it was set to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by
