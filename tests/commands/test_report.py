import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from bot.commands.report import Report, as_json, for_github, for_gitlab, lines, show
from bot.core.fault import Fault, Place

ERROR = Fault(Place("faq.yaml", 7), "50 % are: lost,\nall", "Do [this].", "a")
WARNING = Fault(Place("/somewhere/more.yaml", 3), "odd", "Look again.", severity="warning")
BOTH = Report(2, 1, (WARNING, ERROR))


@pytest.mark.parametrize(
    ("report", "summary"),
    [
        (Report(1, 1, (ERROR,)), "1 entry in 1 file: 1 error, 0 warnings."),
        (Report(31, 4, (WARNING,)), "31 entries in 4 files: 0 errors, 1 warning."),
        (Report(0, 0, (ERROR, ERROR, WARNING, WARNING)), "0 entries in 0 files: 2 errors, 2 warnings."),
    ],
)
def test_the_sum_counts_as_people_do(report: Report, summary: str) -> None:
    assert report.summary == summary


def test_a_line_tells_a_fault() -> None:
    first, second, _ = lines(Report(2, 1, (WARNING, Fault(Place("faq.yaml", 7), "gone", "Write it.", "a"))))
    assert first == "/somewhere/more.yaml:3: warning: odd. Look again."
    assert second == "faq.yaml:7: error: entry a: gone. Write it."


def test_a_path_is_shown_from_the_working_folder_on() -> None:
    below = Fault(Place(str(Path.cwd() / "knowledge" / "faq.yaml"), 7), "gone", "Write it.")
    assert next(lines(Report(1, 1, (below,)))).startswith("knowledge/faq.yaml:7: ")
    assert json.loads(as_json(Report(1, 1, (below,))))["faults"][0]["file"] == "knowledge/faq.yaml"


def test_people_get_faults_by_file_folded_and_with_brackets_as_they_stand() -> None:
    shown = io.StringIO()
    long = Fault(Place("faq.yaml", 8), "word " * 30 + "end", "Do [this].", "a")
    show(Report(2, 1, (WARNING, long, long)), Console(file=shown, width=60))
    rows = shown.getvalue().splitlines()
    assert [row for row in rows if row.endswith(".yaml")] == ["/somewhere/more.yaml", "faq.yaml"]
    assert all(len(row) <= 60 for row in rows)
    assert [row.split()[1] for row in rows if row[:6].strip().isdigit()] == ["warning", "error", "error"]
    assert "Do [this]." in shown.getvalue()
    assert rows[-1] == "2 entries in 1 file: 2 errors, 1 warning."


@pytest.mark.parametrize(
    ("faults", "colour"), [((), "\x1b[32m"), ((WARNING,), "\x1b[33m"), ((WARNING, ERROR), "\x1b[1;31m")]
)
def test_the_sum_is_green_yellow_or_red(faults: tuple[Fault, ...], colour: str) -> None:
    shown = io.StringIO()
    show(Report(1, 1, faults), Console(file=shown, force_terminal=True, color_system="standard", width=80))
    assert colour in shown.getvalue().splitlines()[-1]


def test_the_json_is_one_object() -> None:
    assert json.loads(as_json(BOTH)) == {
        "entries": 2,
        "files": 1,
        "errors": 1,
        "warnings": 1,
        "faults": [
            {
                "file": "/somewhere/more.yaml",
                "line": 3,
                "severity": "warning",
                "entry": None,
                "message": "odd",
                "remedy": "Look again.",
            },
            {
                "file": "faq.yaml",
                "line": 7,
                "severity": "error",
                "entry": "a",
                "message": "50 % are: lost,\nall",
                "remedy": "Do [this].",
            },
        ],
    }


def test_github_gets_commands_with_its_escapes() -> None:
    comma = Fault(Place("a,b:c.yaml", 1), "odd", "Look.", "x")
    assert list(for_github(Report(2, 1, (WARNING, ERROR, comma)))) == [
        "::warning file=/somewhere/more.yaml,line=3,title=FAQ::odd. Look again.",
        "::error file=faq.yaml,line=7,title=entry a::50 %25 are: lost,%0Aall. Do [this].",
        "::error file=a%2Cb%3Ac.yaml,line=1,title=entry x::odd. Look.",
        "2 entries in 1 file: 2 errors, 1 warning.",
    ]


def test_gitlab_gets_issues_whose_fingerprints_outlive_a_move_and_tell_twins_apart() -> None:
    before = json.loads(for_gitlab(Report(2, 1, (WARNING, ERROR, ERROR))))
    moved = Fault(Place("faq.yaml", 99), ERROR.message, ERROR.remedy, "a")
    after = json.loads(for_gitlab(Report(2, 1, (moved,))))
    assert [issue["severity"] for issue in before] == ["minor", "major", "major"]
    assert before[1]["location"] == {"path": "faq.yaml", "lines": {"begin": 7}}
    assert before[1]["description"].startswith("entry a: 50 % are")
    assert after[0]["fingerprint"] == before[1]["fingerprint"]
    assert len({issue["fingerprint"] for issue in before}) == 3
