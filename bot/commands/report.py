"""What a check found, as people read it, and as programs do: JSON, GitHub's annotations, GitLab's code quality."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.core.fault import Fault

_COLOURS = {"error": "bold red", "warning": "yellow"}
_WIDEST = 120


@dataclass(frozen=True)
class Report:
    """The faults of a FAQ of so many entries, in so many files of a folder."""

    entries: int
    files: int
    faults: tuple[Fault, ...]
    folder: str = ""
    is_whole: bool = True
    """Whether all of it could be read, and so looked for faults."""

    @property
    def errors(self) -> int:
        """How many of the faults are errors."""
        return sum(fault.severity == "error" for fault in self.faults)

    @property
    def warnings(self) -> int:
        """How many of the faults are warnings."""
        return len(self.faults) - self.errors

    @property
    def summary(self) -> str:
        """The whole in one line."""
        checked = f"{_several(self.entries, 'entry', 'entries')} in {_several(self.files, 'file', 'files')}"
        found = f"{_several(self.errors, 'error', 'errors')}, {_several(self.warnings, 'warning', 'warnings')}"
        rest = "" if self.is_whole else " The rest is checked once the FAQ can be read as a whole."
        return f"{shown(self.folder)}: {checked}: {found}.{rest}" if self.folder else f"{checked}: {found}.{rest}"


def lines(report: Report) -> Iterator[str]:
    """One line a fault, to be searched and sorted, and the summary."""
    for fault in report.faults:
        place = f"{shown(fault.place.file)}:{fault.place.line}"
        yield f"{place}: {fault.severity}: {_subject(fault)}{fault.message}. {fault.remedy}"
    yield report.summary


def show(report: Report, console: Console) -> None:
    """For people at a terminal: by file, with colours, and long lines folded."""
    for file, faults in groupby(report.faults, key=lambda fault: fault.place.file):
        console.print(Text(shown(file), style="bold"), width=_WIDEST)
        table = Table.grid(padding=(0, 1))
        table.add_column(justify="right", style="dim", min_width=5)
        table.add_column()
        table.add_column(overflow="fold")
        for fault in faults:
            told = Text.assemble((_subject(fault), "bold"), f"{fault.message}. ", (fault.remedy, "dim"))
            table.add_row(str(fault.place.line), Text(fault.severity, style=_COLOURS[fault.severity]), told)
        console.print(table, "", width=min(console.width, _WIDEST))
    worst = "error" if report.errors else "warning"
    console.print(Text(report.summary, style=_COLOURS[worst] if report.faults else "green"))


def as_json(report: Report) -> str:
    """One object, for programs."""
    faults = [
        {
            "file": shown(fault.place.file),
            "line": fault.place.line,
            "severity": fault.severity,
            "entry": fault.entry,
            "message": fault.message,
            "remedy": fault.remedy,
        }
        for fault in report.faults
    ]
    counts = {key: getattr(report, key) for key in ("entries", "files", "errors", "warnings")}
    return json.dumps({**counts, "faults": faults}, ensure_ascii=False)


def for_github(report: Report) -> Iterator[str]:
    """GitHub's workflow commands, which it shows beside the changed lines.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    for fault in report.faults:
        title = f"entry {fault.entry}" if fault.entry else "FAQ"
        values = {"file": shown(fault.place.file), "line": fault.place.line, "title": title}
        properties = ",".join(f"{key}={_escaped(str(value), ':,')}" for key, value in values.items())
        yield f"::{fault.severity} {properties}::{_escaped(f'{fault.message}. {fault.remedy}')}"
    yield report.summary


def for_gitlab(report: Report) -> str:
    """GitLab's code quality report. A fingerprint stays the same where a fault only moves to another line.

    https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
    """
    before: Counter[tuple[str, str, str]] = Counter()
    issues: list[dict[str, Any]] = []
    for fault in report.faults:
        key = (shown(fault.place.file), fault.entry or "", fault.message)
        issues.append(
            {
                "description": f"{_subject(fault)}{fault.message}. {fault.remedy}",
                "check_name": "auskunft",
                "fingerprint": hashlib.sha256("\n".join((*key, str(before[key]))).encode()).hexdigest(),
                "severity": {"error": "major", "warning": "minor"}[fault.severity],
                "location": {"path": key[0], "lines": {"begin": fault.place.line}},
            }
        )
        before[key] += 1
    return json.dumps(issues, ensure_ascii=False)


def shown(file: str) -> str:
    """A path as people would write it: from the working folder on, where it is below that."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def _escaped(text: str, further: str = "") -> str:
    """`text` as workflow commands want it (`toCommandValue` and `escapeProperty` of actions/toolkit)."""
    for sign in f"%\r\n{further}":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def _subject(fault: Fault) -> str:
    return f"entry {fault.entry}: " if fault.entry else ""


def _several(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
