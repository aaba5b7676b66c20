"""What the schema accepts is what the bot reads: an editor that complains is right, as far as one file goes."""

import json
import shutil
import tomllib
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from typer.testing import CliRunner

from bot.adapters.faq.knowledge import examine, load, shipped
from bot.commands import app
from bot.yamlfile import Refused
from tests.adapters.faq.test_knowledge import BROKEN, GOOD

FILES = sorted(shipped().glob("*.yaml"))
FIRST_LINE = "# yaml-language-server: $schema=faq.schema.json\n"


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads((shipped() / "faq.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def validator(schema: Any) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def as_editors_read(content: str) -> Any:
    """YAML 1.2 as plain data, in which a date is a text."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(StringIO(content)), default=str))


def test_the_shipped_schema_is_the_one_that_is_generated() -> None:
    """`make schema` writes it anew."""
    result = CliRunner().invoke(app, ["schema"])
    assert result.exit_code == 0
    assert result.output == (shipped() / "faq.schema.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_shipped_file_names_the_schema_and_is_accepted(validator: Draft202012Validator, path: Path) -> None:
    content = path.read_text(encoding="utf-8")
    assert content.startswith(FIRST_LINE)
    assert [error.message for error in validator.iter_errors(as_editors_read(content))] == []


ACCEPTED = {
    "the least": GOOD,
    "everything": GOOD + '    question: {de: "Wo?", en: "Where?"}\n    answer: {de: "Da."}\n'
    '    links: [{title: {de: "x"}, url: "mailto:a@b.de"}]\n    related: [good]\n    offers_human: true\n'
    '    source: {title: "x", url: "https://x.de", as_of: 2020-11-01}\n    review_by: 2027-05-01\n'
    'synonyms: [{to: "a", from: ["b"], weight: 0.5}]\nnot_covered: [{names: ["x"], pointer: {de: "y"}}]\n'
    'examples: [{text: "x", expect: []}]\n',
    "one sentence": GOOD + "phrases: {says: {thanks: {de: Bitte!}}}\n",
    "several ways to say it": GOOD + "phrases: {says: {thanks: {de: [Gern!, Bitte!]}}}\n",
    "some words": GOOD + "phrases: {understands: {yes: [jo]}}\n",
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_the_bot_accepts_the_schema_accepts(validator: Draft202012Validator, tmp_path: Path, case: str) -> None:
    (tmp_path / "faq.yaml").write_text(ACCEPTED[case])
    load(tmp_path)
    assert validator.is_valid(as_editors_read(ACCEPTED[case]))


OF_SHAPE = (
    "unknown key",
    "unknown key on top",
    "missing id",
    "missing phrasings",
    "empty phrasing",
    "malformed link",
    "active link",
    "malformed date",
    "a text for a list",
    "an id with a space",
    "a list on top",
    "unknown sentence",
)
REFUSED = {case: str(BROKEN[case][0]) for case in OF_SHAPE} | {
    "a list for a text": "entries: [{id: a, phrasings: {de: [x]}, answer: {de: [x]}}]\n",
    "a value left empty": GOOD + "    answer:\n      de:\n",
    "a block left empty": GOOD + "    related:\n",
    "another language": GOOD + "    answer: {fr: x}\n",
    "no source's date": GOOD + "    source: {title: x, url: https://x.de}\n",
    "no word to read": GOOD + "synonyms: [{to: a, from: []}]\n",
    "too much weight": GOOD + "synonyms: [{to: a, from: [b], weight: 2}]\n",
    "no pointer": GOOD + "not_covered: [{names: [x]}]\n",
    "nothing expected": GOOD + "examples: [{text: x}]\n",
    "an example's language": GOOD + "examples: [{text: x, language: fr, expect: []}]\n",
    "a part of the phrases": GOOD + "phrases: {sagt: {}}\n",
    "a text for a word list": GOOD + "phrases: {understands: {yes: jo}}\n",
    "a sentence's language": GOOD + "phrases: {says: {thanks: {fr: x}}}\n",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_bot_refuses_in_shape_the_schema_refuses_too(
    validator: Draft202012Validator, tmp_path: Path, case: str
) -> None:
    (tmp_path / "faq.yaml").write_text(REFUSED[case])
    with pytest.raises(Refused):
        load(tmp_path)
    assert not validator.is_valid(as_editors_read(REFUSED[case]))


def test_every_key_of_an_entry_is_described_and_nothing_bears_a_mere_title(schema: Any) -> None:
    for name in ("Entry", "Synonym", "NotCovered", "Example", "Source", "TitledLink", "Phrasings", "Localized"):
        for key, told in schema["$defs"][name]["properties"].items():
            assert told["description"].endswith("."), f"{name}.{key}"
            assert "title" not in told
    assert "{title}" in schema["$defs"]["Says"]["properties"]["source"]["description"]


def test_a_folder_that_a_keeper_copies_is_complete_and_nothing_in_it_is_passed_over(tmp_path: Path) -> None:
    shutil.copytree(shipped(), tmp_path / "faq")
    assert (tmp_path / "faq" / "faq.schema.json").exists()
    copied, faults = examine(tmp_path / "faq")
    assert faults == ()
    assert copied.model_copy(update={"places": {}}) == load().model_copy(update={"places": {}})


def test_the_whole_folder_is_part_of_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"] == {"knowledge": "bot/knowledge"}
