"""Texts as keepers write them: plain, as a link, in one language or in both, as frozen, validated values."""

from typing import Annotated

from pydantic import (
    AfterValidator,
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    TypeAdapter,
    UrlConstraints,
    WithJsonSchema,
)

from bot.core.model import Language

_LINK: TypeAdapter[AnyUrl] = TypeAdapter(Annotated[AnyUrl, UrlConstraints(allowed_schemes=["https", "http", "mailto"])])
_TEXT = {"type": "string", "pattern": r"\S"}


def _checked_link(url: str) -> str:
    _LINK.validate_python(url)
    return url  # as written: pydantic would add a slash, which some pages do not know


TO_REPLACE: dict[Language, str] = {"de": "BITTE ERSETZEN:", "en": "PLEASE REPLACE:"}
"""How a text begins that a draft holds only until somebody writes a better one."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Link = Annotated[
    Text,
    AfterValidator(_checked_link),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": r"^(https?://|mailto:)"}),
]
Variants = Annotated[
    tuple[Text, ...],
    BeforeValidator(lambda told: (told,) if isinstance(told, str) else told),
    WithJsonSchema({"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}),
]


class Model(BaseModel):
    """A frozen value; an unknown key is refused. The texts below its keys describe them in the FAQ's JSON Schema."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Localized(Model):
    """A text in German, in English, or in both."""

    de: Text | None = None
    """In German."""
    en: Text | None = None
    """In English."""

    def get(self, language: Language) -> str | None:
        """The text in `language`, None where there is none."""
        return self.de if language == "de" else self.en

    def best(self, language: Language) -> str:
        """The text in `language`, else in the other one; empty where there is none at all."""
        return self.get(language) or self.de or self.en or ""


class LocalizedVariants(Model):
    """Several ways to say the same in German, in English, or in both; a single one may stand there as a text."""

    de: Variants = ()
    """In German: a text, or a list of texts."""
    en: Variants = ()
    """In English: a text, or a list of texts."""

    def best(self, language: Language, variant: int) -> str:
        """The way to say it with the number `variant`, counted round, in `language`, else in the other one."""
        texts = (self.de if language == "de" else self.en) or self.de or self.en
        return texts[variant % len(texts)] if texts else ""
