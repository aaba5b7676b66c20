"""An edition of the FAQ: as its files stood at one time, ready to be asked, checked, and tested by its examples."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.core.commands import Commands
from bot.core.desk import Desk
from bot.core.evaluation import Evaluation, Judged
from bot.core.fault import Fault, Severity
from bot.core.keeping import Keeping

_MAY_WAVER = 0.01
"""The share of the examples that may be wrong anew: all phrasings are learned together, so a new one moves a few."""


@dataclass(frozen=True)
class Edition:
    """What an edition is, and what was found in it."""

    desk: Desk
    faults: tuple[Fault, ...]
    """What `lint` found: the FAQ can be used all the same."""
    evaluation: Evaluation
    commands: Commands
    """What its keepers may write in their room, in its words."""
    keeping: Keeping
    """What they are told."""
    files: Mapping[str, str]
    """The name of the file in which each entry stands, by its id."""

    def objections(self, live: "Edition") -> tuple[Fault, ...]:
        """What speaks against taking this edition in the place of `live`: new errors."""
        return tuple(fault for fault in self._news(live) if fault.severity == "error")

    def remarks(self, live: "Edition") -> tuple[Fault, ...]:
        """The warnings that `live` does not have."""
        return tuple(fault for fault in self._news(live) if fault.severity == "warning")

    def _news(self, live: "Edition") -> Iterator[Fault]:
        """The faults that `live` does not have, wherever they stand.

        Examples that were not answered wrong and would be are errors, if they are many.
        """
        known = {(fault.entry, fault.message) for fault in live.faults}
        yield from (fault for fault in self.faults if (fault.entry, fault.message) not in known)
        broken = self.evaluation.newly_wrong(live.evaluation)
        is_much = len(broken) > _MAY_WAVER * self.evaluation.tally.count
        yield from (_broken(judged, "error" if is_much else "warning") for judged in broken)


def _broken(judged: Judged, severity: Severity) -> Fault:
    expected = " or ".join(f"`{entry}`" for entry in judged.example.expect) or "no entry"
    given = ", ".join(f"`{entry}`" for entry in judged.given)
    return Fault(
        judged.place,
        f'the example "{judged.text}" would be answered with {given} now instead of {expected}',
        "See `!why` or `auskunft ask --explain`; correct what was changed, or the example if that is out of date.",
        severity=severity,
    )
