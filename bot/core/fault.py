"""What is wrong in a file that an admin wrote, where, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
KeyPath = tuple[str | int, ...]
"""The keys and indices that lead to a value."""


@dataclass(frozen=True, order=True)
class Place:
    """A line of a file, counted from 1."""

    file: str
    line: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong in a file that an admin wrote, and what to do about it."""

    place: Place
    message: str
    remedy: str
    entry: str | None = None
    severity: Severity = "error"

    def __str__(self) -> str:
        subject = f"entry {self.entry}: " if self.entry else ""
        return f"{self.place}: {self.severity}: {subject}{self.message}. {self.remedy}"
