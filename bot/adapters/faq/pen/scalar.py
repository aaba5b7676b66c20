"""A text as YAML holds it: in one line, and in double quotes."""

import io
import sys

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from bot.core.text import printable


def in_one_line(text: str) -> str:
    """`text` with one space for all white space, without what shows nothing or deceives (see `printable`)."""
    return " ".join(filter(None, map(printable, text.split())))


def quoted(line: str) -> str:
    """A line of text in double quotes, for people to read: umlauts and emoji stay as they are."""
    yaml = YAML()
    yaml.width = sys.maxsize
    stream = io.StringIO()
    yaml.dump(DoubleQuotedScalarString(line), stream)
    return stream.getvalue().rstrip("\n")
