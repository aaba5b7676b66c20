"""`auskunft schema`: the JSON Schema of the FAQ's files, by which editors complete keys and mark mistakes.

It is generated from the models that read the files, so that both agree; what goes across files, such as an id that
does not exist, only `check` finds.
"""

import json
from typing import Any

import typer
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DateSchema, NullableSchema, StringSchema, WithDefaultSchema

from bot.adapters.faq.knowledge import File
from bot.core.phrases import Phrases, Says, Understands

_NOT_BLANK = r"\S"
_DATE = r"^\d{4}-\d{2}-\d{2}$"


def schema() -> None:
    """Print the JSON Schema (2020-12) of the FAQ's files.

    Editors with a YAML language server use it where a file's first line names it:
    # yaml-language-server: $schema=faq.schema.json
    """
    typer.echo(json.dumps(faq_schema(), ensure_ascii=False, indent=2))


def faq_schema() -> dict[str, Any]:
    """The JSON Schema of a file of the FAQ."""
    told, phrases = (model.model_json_schema(schema_generator=_FaqSchema) for model in (File, Phrases))
    definitions = phrases.pop("$defs")
    for part in (phrases, *(definitions[model.__name__] for model in (Says, Understands))):
        del part["required"]  # a folder says only what it wants to be said otherwise
    for name, sentence in definitions[Says.__name__]["properties"].items():
        sentence["description"] = f"May hold {', '.join(sorted(Says.placeholders(name)))}."
    told["properties"]["phrases"] = phrases | {"description": told["properties"]["phrases"]["description"]}
    told["$defs"] |= definitions
    return {"$schema": GenerateJsonSchema.schema_dialect, **_untitled(told)}


class _FaqSchema(GenerateJsonSchema):
    """The schema as the bot reads YAML: whatever is left out has no value, and nothing may be left empty."""

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        told = super().default_schema(schema)
        if isinstance(told.get("default"), dict | list | None):
            told.pop("default", None)
        return told

    def str_schema(self, schema: StringSchema) -> JsonSchemaValue:
        told = super().str_schema(schema)
        return {"pattern": _NOT_BLANK, **told} if schema.get("strip_whitespace") else told

    def date_schema(self, schema: DateSchema) -> JsonSchemaValue:
        return {**super().date_schema(schema), "pattern": _DATE}  # not every editor minds the format


def _untitled(node: Any) -> Any:
    """The schema without the titles that pydantic makes of names."""
    if isinstance(node, list):
        return [_untitled(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {key: _untitled(value) for key, value in node.items() if key != "title" or not isinstance(value, str)}
