"""What a draft says is to be replaced does not reach staff."""

from datetime import date
from pathlib import Path

import pytest

from bot.adapters.faq.knowledge import load
from bot.adapters.faq.pen import draft
from bot.core.lint import leftovers
from bot.core.model import Language


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_draft_that_is_pasted_as_it_is_has_an_error_for_each_text_to_replace(
    tmp_path: Path, language: Language
) -> None:
    text = draft("Wo ist der Drucker?", language, (), date(2026, 1, 1))
    (tmp_path / "faq.yaml").write_text(f"entries:\n{text}", encoding="utf-8")
    lines = (tmp_path / "faq.yaml").read_text(encoding="utf-8").splitlines()
    found = list(leftovers.faults(load(tmp_path)))
    assert [fault.severity for fault in found] == ["error"] * 4
    for fault in found:
        assert any(
            mark in "".join(lines[fault.place.line - 1 : fault.place.line + 1]) for mark in ("ERSETZ", "REPLACE")
        )


def test_a_completed_draft_has_none(tmp_path: Path) -> None:
    text = draft("Wo ist der Drucker?", "de", (), date(2026, 1, 1))
    for mark in ("BITTE ERSETZEN:", "PLEASE REPLACE:"):
        text = text.replace(mark, "Im Keller:")
    (tmp_path / "faq.yaml").write_text(f"entries:\n{text}", encoding="utf-8")
    assert list(leftovers.faults(load(tmp_path))) == []
