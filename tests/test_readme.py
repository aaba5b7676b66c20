"""What the README shows works."""

import re
from pathlib import Path

from typer.testing import CliRunner

from bot.adapters.faq.knowledge import load
from bot.commands import app
from bot.core.lint import lint

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_entry_shown_has_no_error(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    assert [fault for fault in lint(load(tmp_path)) if fault.severity == "error"] == []


def test_the_entry_shown_is_found_with_the_question_shown(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    question = re.findall(r'ask --knowledge my-faq --explain "(.*?)"', README)[0]
    result = CliRunner().invoke(app, ["ask", "--knowledge", str(tmp_path), question])
    assert "Uni-Druck" in result.output


def test_what_stands_beside_the_entry_shown_loads_and_works(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text("\n".join(blocks("yaml")), encoding="utf-8")
    said = {
        text: CliRunner().invoke(app, ["ask", "--knowledge", str(tmp_path), text]).output
        for text in ("Printer einrichten", "Plotter?", "wo kann ich toner bestellen")
    }
    assert ["Uni-Druck" in said["Printer einrichten"], "Druckerei" in said["Plotter?"]] == [True, True]
    assert "Einkauf" in said["wo kann ich toner bestellen"]


def test_every_link_to_a_file_leads_somewhere() -> None:
    root = Path(__file__).parents[1]
    pages = [root / "README.md", *(root / "docs").glob("*.md")]
    links = [
        (page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_every_command_shown_exists() -> None:
    shown = set(re.findall(r"auskunft (ask|check|demo|run|[a-z]+) ?", " ".join(blocks("sh"))))
    commands = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert shown <= commands | {str(group.typer_instance.info.name) for group in app.registered_groups}


def test_the_commands_of_make_exist() -> None:
    makefile = (Path(__file__).parents[1] / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert f"\n{target}:" in makefile
