"""All that is wrong with a FAQ: what its files say amiss, what it lacks, and how the matcher sees its phrasings."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from bot.adapters.faq.knowledge import examine
from bot.core.desk import Desk
from bot.core.faq import KnowledgeBase
from bot.core.fault import Fault
from bot.core.lint import lint, lint_each
from bot.core.situation import Thresholds

_NOBODY = "nobody@example.org"
"""The contact address of a desk that answers nobody."""


class Inspection(NamedTuple):
    """A FAQ and what is wrong with it."""

    knowledge: KnowledgeBase
    faults: tuple[Fault, ...]
    is_whole: bool
    """Whether all of it could be read, and so looked for faults."""


def inspect(
    folder: Path | None,
    thresholds: Thresholds = Thresholds(),
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Inspection:
    """What can be read of the FAQ in `folder`, and its faults; `progress`: see `Desk.review`.

    Where a file of it cannot be read, all that depends on the whole FAQ is left out.

    Raises:
        Refused: this is no folder, or it cannot be read.
    """
    base, told = examine(folder)
    is_whole = all(fault.severity == "warning" for fault in told)
    if not is_whole:
        found = lint_each(base)
    else:
        found = lint(base, Desk(base, _NOBODY).review(progress), date.today(), thresholds)
    return Inspection(base, tuple(sorted((*told, *found))), is_whole)
