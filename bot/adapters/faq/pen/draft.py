"""A new entry as YAML to begin with: what is to be replaced says so."""

import io
import sys
from collections.abc import Collection
from datetime import date
from itertools import count

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString as Quoted
from ruamel.yaml.scalarstring import LiteralScalarString as Literal

from bot.adapters.faq.pen.scalar import in_one_line
from bot.core.model import LANGUAGES, Language
from bot.core.text import FUNCTION_WORDS, words
from bot.core.wording import TO_REPLACE
from bot.ports.keeping import CannotWrite

_LONGEST_ID = 40
_NAMELESS: dict[Language, str] = {"de": "neuer-eintrag", "en": "new-entry"}
_DE, _EN = TO_REPLACE["de"], TO_REPLACE["en"]
_QUESTION: dict[Language, str] = {
    "de": f"{_DE} dieselbe Frage auf Deutsch",
    "en": f"{_EN} the same question in English",
}
_ANSWER: dict[Language, str] = {
    "de": (
        f"{_DE} die Antwort in einem Satz.\n\n"
        "Darunter, was man sonst noch wissen sollte, als Markdown:\n\n1. Schritte\n2. oder Listen"
    ),
    "en": (
        f"{_EN} the answer in one sentence.\n\n"
        "Below it, whatever else helps to know, as Markdown:\n\n1. steps\n2. or lists"
    ),
}
_SOURCE: dict[Language, str] = {
    "de": f"{_DE} wo die Antwort steht",
    "en": f"{_EN} where the answer comes from",
}
_SOURCE_URL = "https://example.org/"
_COMMENTS: dict[Language, dict[str, str]] = {
    "de": {
        "id": "jetzt noch frei zu wählen, später bleibt sie",
        "phrasings": "so viele, wie Ihnen einfallen, auch in Stichworten; in beiden Sprachen",
        "source": "title, url und as_of ersetzen; as_of: der Tag, an dem die Quelle zuletzt gelesen wurde",
        "review_by": "bis wann die Antwort zu prüfen ist",
    },
    "en": {
        "id": "choose it now, it stays later on",
        "phrasings": "as many as come to your mind, keywords too; in both languages",
        "source": "replace title, url and as_of; as_of: the day on which the source was last read",
        "review_by": "by when the answer is to be checked",
    },
}


def draft(question: str, language: Language, known_ids: Collection[str], today: date) -> str:
    """An entry for `question`, to be pasted under `entries:`; its id is none of `known_ids`.

    Raises:
        CannotWrite: the question holds no text.
    """
    question = in_one_line(question)
    if not question:
        raise CannotWrite("this question holds no text: write it as people ask it")
    said = {each: Quoted(question if each == language else _QUESTION[each]) for each in LANGUAGES}
    phrasings = {each: CommentedSeq([Quoted(question)] if each == language else []) for each in LANGUAGES}
    source = {"title": Quoted(_SOURCE[language]), "url": Quoted(_SOURCE_URL), "as_of": today}
    entry = CommentedMap(
        id=_id_for(question, language, known_ids),
        question=CommentedMap(said),
        phrasings=CommentedMap(phrasings),
        answer=CommentedMap({each: Literal(_ANSWER[each]) for each in LANGUAGES}),
        source=CommentedMap(source),
        review_by=_in_a_year(today),
    )
    for key, comment in _COMMENTS[language].items():
        entry.yaml_add_eol_comment(comment, key, column=0)
    return _below_entries(entry)


def _id_for(question: str, language: Language, known_ids: Collection[str]) -> str:
    """The telling words of the question, as many as fit; with a number where an entry is called so already."""
    said = [plain for word in words(question) if (plain := "".join(filter(str.isascii, word)))]
    telling = [word for word in said if not any(word in those for those in FUNCTION_WORDS.values())]
    name = ""
    for word in telling or said:
        longer = f"{name}-{word}" if name else word[:_LONGEST_ID]
        if len(longer) > _LONGEST_ID:
            break
        name = longer
    name = name or _NAMELESS[language]
    if name not in known_ids:
        return name
    return next(other for number in count(2) if (other := f"{name}-{number}") not in known_ids)


def _in_a_year(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # on the 29th of February
        return day.replace(year=day.year + 1, day=28)


def _below_entries(entry: CommentedMap) -> str:
    yaml = YAML()
    yaml.width = sys.maxsize
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump({"entries": [entry]}, stream)
    return stream.getvalue().partition("\n")[2]
