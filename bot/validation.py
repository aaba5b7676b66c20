"""What pydantic finds wrong in a file that an admin wrote, in the admin's words: message and remedy, with the line."""

import difflib
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.core.fault import Fault, KeyPath
from bot.yamlfile import Document


def validation_faults(
    error: ValidationError, document: Document, model: type[BaseModel]
) -> Iterator[tuple[KeyPath, Fault]]:
    """What pydantic found wrong in `document`, in an admin's words, each with the path of keys and indices to it."""
    for detail in error.errors():
        path = tuple(part for part in detail["loc"] if isinstance(part, str | int))
        yield path, Fault(document.place(path), *_words(detail, path, model))


def _words(detail: ErrorDetails, path: KeyPath, model: type[BaseModel]) -> tuple[str, str]:
    """The message and the remedy for one of pydantic's errors."""
    where, kind, context = _dotted(path), detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        known = _keys(model, path[:-1])
        near = difflib.get_close_matches(str(path[-1]), known, 1)
        remedy = f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}."
        return f"unknown key `{where}`", remedy
    if kind == "model_type" and not path:
        return "the file needs to be a block of keys", "Begin it with a key such as `entries:`."
    if kind == "string_pattern_mismatch":
        name = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
        return f"`{where}` may not be written so", _PATTERNS.get(name, _COMPARE)
    if kind in _TOLD:
        message, remedy = _TOLD[kind]
        return f"`{where}` {message}", remedy.format(**context)
    message = str(context.get("error", detail["msg"]))
    return f"`{where}`: {message[:1].lower()}{message[1:]}", _COMPARE


_COMPARE = "Compare it with config.example.yaml, or with a file of the FAQ that ships."
_EMPTY = ("is empty", "Write something, or remove the line.")
_NO_BOOLEAN = ("is neither true nor false", "Write `true` or `false`, without quotes.")
_NO_DATE = ("is no date", "Write it as YYYY-MM-DD.")
_NO_NUMBER = ("is no number", "Write it with a point: 0.5")
_NO_WHOLE_NUMBER = ("is no whole number", "Write digits only, such as 30.")
_NO_LINK = ("is no link", "Write the whole address, from https:// on (in links, mailto: may be, too).")
_NO_BLOCK = ("needs to be a block of keys", "Write one `key: value` a line, indented below it.")
_TOLD = {
    "missing": ("is missing", "Add it."),
    **dict.fromkeys(("string_too_short", "too_short"), _EMPTY),
    "string_too_long": ("is too long", "Write at most {max_length} characters."),
    "string_type": (
        "needs to be a text",
        "Write it after the colon; put it in quotes where it holds a colon or begins with a sign.",
    ),
    "tuple_type": ("needs to be a list", "Write one item a line, each after `- `, or in [brackets]."),
    **dict.fromkeys(("model_type", "dict_type"), _NO_BLOCK),
    **dict.fromkeys(("bool_parsing", "bool_type"), _NO_BOOLEAN),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), _NO_WHOLE_NUMBER),
    **dict.fromkeys(("float_parsing", "float_type"), _NO_NUMBER),
    "greater_than": ("is too small", "Write a number above {gt:g}."),
    "greater_than_equal": ("is too small", "Write a number from {ge:g} on."),
    "less_than": ("is too large", "Write a number below {lt:g}."),
    "less_than_equal": ("is too large", "Write a number up to {le:g}."),
    "literal_error": ("may not be that", "Write {expected}."),
    "path_type": ("is no path", "Write the path of one file or folder, as a text."),
    **dict.fromkeys(("url_parsing", "url_scheme"), _NO_LINK),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        _NO_DATE,
    ),
}
"""By pydantic's kind of error, what is wrong with the value, and the remedy with what pydantic says of the limits.

https://docs.pydantic.dev/latest/errors/validation_errors/
"""
_MAIL_ADDRESS = "Write a mail address, such as helpdesk@example.org."
_PATTERNS = {
    "id": "Use letters, digits and hyphens, without spaces.",
    "large_rooms": 'Write each as "#name:server" or as "!id:server", in quotes.',
    "user": 'Write it as "@name:server", in quotes.',
    "contact": _MAIL_ADDRESS,
    "sender": _MAIL_ADDRESS,
    "recipient": _MAIL_ADDRESS,
    "server": "Write its name only, such as mail.example.org: neither smtp:// nor a port.",
}


def _dotted(path: KeyPath) -> str:
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    """The keys that `model` knows at `path`, as they are written in the file."""
    schema = model.model_json_schema()
    here: Any = schema
    for part in path:
        here = _resolved(here, schema)
        here = here.get("items", {}) if isinstance(part, int) else here.get("properties", {}).get(part, {})
    return list(_resolved(here, schema).get("properties", {}))


def _resolved(node: Any, schema: Any) -> Any:
    for choice in node.get("anyOf", []):
        if "$ref" in choice or choice.get("type") == "object":
            node = choice
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node
