"""What a use case needs to know of the pen that writes into the FAQ's files: that it may refuse to."""


class CannotWrite(Exception):
    """Nothing was changed; the text says why, and what to do by hand."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.reason = reason
        self.line = line
        """The line of the file that it is about, counted from 1; None where it is about no single one."""
