"""A mail server that takes everything, unless it is told not to."""

from datetime import datetime

from bot.core.letter import Letter


class SimulatedMailer:
    """Keeps what was sent, in order."""

    def __init__(self) -> None:
        self.sent: list[tuple[Letter, datetime]] = []
        self.tried: list[str] = []
        """The references of all letters that it was handed, taken or not."""
        self.trouble: Exception | None = None
        """What it raises for every letter."""
        self.troubles: dict[str, Exception] = {}
        """What it raises for the letters of these references."""

    async def send(self, letter: Letter, posted_at: datetime) -> None:
        """Keep the letter, or raise what was told."""
        self.tried.append(letter.reference)
        if trouble := self.troubles.get(letter.reference, self.trouble):
            raise trouble
        self.sent.append((letter, posted_at))
