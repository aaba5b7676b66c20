from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.commands import app
from tests.adapters.faq.test_knowledge import BROKEN


def check(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", *arguments])
    return result.exit_code, result.output


def test_the_shipped_faq_is_in_order() -> None:
    assert check("--strict") == (0, "31 entries in 4 files: 0 errors, 0 warnings.\n")


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_faq_ends_with_1_and_names_file_and_line(tmp_path: Path, case: str) -> None:
    content, line, *_ = BROKEN[case]
    (tmp_path / "faq.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    code, output = check("--knowledge", str(tmp_path))
    assert code == 1
    assert f"faq.yaml:{line}: error: " in output


def test_what_is_missing_in_a_language_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text(
        "entries:\n  - {id: a, phrasings: {de: [x], en: [y]}, answer: {de: x}, question: {de: x, en: y}}\n"
    )
    code, output = check("-k", str(tmp_path))
    assert code == 1
    assert "faq.yaml:2: error: entry a: the answer is missing in en" in output


def test_warnings_fail_only_a_strict_check(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text(
        "entries:\n  - {id: a, phrasings: {de: [x]}, answer: {de: x}, question: {de: x}}\n"
    )
    assert check("-k", str(tmp_path))[0] == 0
    assert check("-k", str(tmp_path), "--strict")[0] == 1


def test_a_configuration_is_checked_with_the_faq_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text('matrix: {user: "@b:c", password: x}\nknowledge: nowhere\n')
    code, output = check("--config", str(tmp_path / "config.yaml"))
    assert code == 1
    assert "this is no folder" in output
