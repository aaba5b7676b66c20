"""The system's clock."""

from datetime import UTC, datetime


class SystemClock:
    """Tells the time of this machine."""

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)
