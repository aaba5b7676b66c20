"""The pen changes the one spot that is meant, in whatever style a file is written, and takes it back to the byte."""

import textwrap
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.adapters.faq.knowledge import shipped
from bot.adapters.faq.pen import with_phrasing, without_phrasing
from bot.core.faq import Entry
from bot.core.model import Language
from bot.core.text import printable
from bot.ports.keeping import CannotWrite
from bot.yamlfile import Refused, read

DE: Language = "de"
NEW = "Wo?"
LINE = '"Wo?"'


def entries(content: bytes) -> list[Entry]:
    """The entries, as the FAQ takes them."""
    return [Entry.model_validate(each) for each in read(Path("x"), content).data["entries"]]


def written(before: str, after: str, language: Language = DE, phrasing: str = NEW) -> None:
    """`after` comes of `before`, and `before` of `after`."""
    added = with_phrasing(before.encode(), "a", language, phrasing)
    assert added.decode() == after
    assert without_phrasing(added, "a", language, phrasing).decode() == before


def in_entry(phrasings: str) -> str:
    """A file in which the entry `a` has these phrasings, and another one follows."""
    rest = "  # what follows\n  - id: b\n    phrasings: {de: [y]}\n"
    return "# ours\nentries:\n  - id: a # the first\n" + textwrap.indent(textwrap.dedent(phrasings), "    ") + rest


STYLES = {
    "a block list": ("phrasings:\n  de:\n    - x\n", "phrasings:\n  de:\n    - x\n    - {}\n"),
    "dashes below the key": ("phrasings:\n  de:\n  - x\n", "phrasings:\n  de:\n  - x\n  - {}\n"),
    "dashes far in": ("phrasings:\n de:\n       -   x\n", "phrasings:\n de:\n       -   x\n       - {}\n"),
    "comments": (
        "phrasings:\n  de:\n    - x  # why\n    # more\n\n  # and more\n",
        "phrasings:\n  de:\n    - x  # why\n    - {}\n    # more\n\n  # and more\n",
    ),
    "a folded text": (
        "phrasings:\n  de:\n    - >\n      x\n\n      y\n\n\n    # z\n",
        "phrasings:\n  de:\n    - >\n      x\n\n      y\n    - {}\n\n\n    # z\n",
    ),
    "a text with its empty lines": (
        "phrasings:\n  de:\n    - |+\n      x\n\nanswer: {{de: y}}\n",
        "phrasings:\n  de:\n    - |+\n      x\n    - {}\n\nanswer: {{de: y}}\n",
    ),
    "quotes over several lines": (
        'phrasings:\n  de:\n    - "x\n\n      y" # z\n',
        'phrasings:\n  de:\n    - "x\n\n      y" # z\n    - {}\n',
    ),
    "a plain text over several lines": (
        "phrasings:\n  de:\n    - x\n      y\n  en: [z]\n",
        "phrasings:\n  de:\n    - x\n      y\n    - {}\n  en: [z]\n",
    ),
    "brackets": ("phrasings: {{de: [x, 'y' ]}} # z\n", "phrasings: {{de: [x, 'y', {} ]}} # z\n"),
    "a comma at the end": ("phrasings:\n  de: [x,]\n", "phrasings:\n  de: [x, {},]\n"),
    "brackets over lines": (
        "phrasings:\n  de: [x, y,\n    z, u]\n",
        "phrasings:\n  de: [x, y,\n    z, u, {}]\n",
    ),
    "an item a line": (
        "phrasings:\n  de: [\n    x,\n    y,\n  ]\n",
        "phrasings:\n  de: [\n    x,\n    y,\n    {},\n  ]\n",
    ),
    "an item a line with comments": (
        "phrasings:\n  de: [\n    x, # u\n    y  # z\n  ]\n",
        "phrasings:\n  de: [\n    x, # u\n    y, {}  # z\n  ]\n",
    ),
    "an empty list": ("phrasings: {{de: [], en: [x]}}\n", "phrasings: {{de: [{},], en: [x]}}\n"),
    "an empty list in a block": (
        "phrasings:\n  de: [ ] # none\n  en: [x]\n",
        "phrasings:\n  de: [{}, ] # none\n  en: [x]\n",
    ),
    "a new language in a block": (
        "phrasings:\n  en:\n  - x\n\n  # y\n",
        "phrasings:\n  en:\n  - x\n  de:\n  - {}\n\n  # y\n",
    ),
    "a new language in a block of brackets": (
        "phrasings:\n  en: [x]\n",
        "phrasings:\n  en: [x]\n  de: [{}]\n",
    ),
    "a new language in braces": ("phrasings: {{en: [x]}}\n", "phrasings: {{en: [x], de: [{}]}}\n"),
    "a new language a line": (
        "phrasings: {{\n    en: [x],\n  }}\n",
        "phrasings: {{\n    en: [x],\n    de: [{}],\n  }}\n",
    ),
    "nothing yet": ("phrasings: {{}}\n", "phrasings: {{de: [{}]}}\n"),
    "keys in quotes": ('"phrasings": {{"de":["x"]}}\n', '"phrasings": {{"de":["x", {}]}}\n'),
}


@pytest.mark.parametrize("style", STYLES)
def test_a_phrasing_is_put_in_in_the_style_of_its_list_and_taken_out_to_the_byte(style: str) -> None:
    before, after = STYLES[style]
    written(in_entry(before.format()), in_entry(after.format(LINE)))


@pytest.mark.parametrize("style", STYLES)
def test_line_ends_the_byte_order_mark_and_a_missing_last_line_break_stay(style: str) -> None:
    before, after = (in_entry(each.format(LINE)) for each in STYLES[style])
    written(f"\ufeff{before}".replace("\n", "\r\n"), f"\ufeff{after}".replace("\n", "\r\n"))
    here = "entries:\n- id: a\n  phrasings:\n    de:\n    - 😀"
    written(here, f"{here}\n    - {LINE}")
    written(here.replace("\n", "\r"), f"{here}\n    - {LINE}".replace("\n", "\r"))
    written(here + " # end", f"{here} # end\n    en:\n    - {LINE}", "en")


def test_an_entry_in_braces_and_a_file_in_brackets_are_written_too() -> None:
    written(
        "entries:\n- {id: a, phrasings: {de: [x]}}\n- {id: b, phrasings: {de: [x]}}\n",
        f"entries:\n- {{id: a, phrasings: {{de: [x, {LINE}]}}}}\n- {{id: b, phrasings: {{de: [x]}}}}\n",
    )
    written("entries: [{phrasings: {de: [x]}, id: a}]", f"entries: [{{phrasings: {{de: [x, {LINE}]}}, id: a}}]")


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ('Was heißt "sicher"?', '"Was heißt \\"sicher\\"?"'),
        ("C:\\neu 😀 👩\u200d💻", '"C:\\\\neu 😀 👩\u200d💻"'),
        ("- {{x}}: [y] # z, *a &b !c %d @e `f`", '"- {{x}}: [y] # z, *a &b !c %d @e `f`"'),
        ("  zwei\n\n Zeilen\tund\u2028\u00a0mehr\x85 ", '"zwei Zeilen und mehr"'),
        ("st\x00\x1b\x7fill\ud800\u202e", '"still"'),
        ("no", '"no"'),
        ("\ufffe", '"\\uFFFE"'),
        ("lang " * 400, '"' + "lang " * 399 + 'lang"'),
    ],
)
def test_a_phrasing_is_written_in_one_readable_line(typed: str, line: str) -> None:
    before = "entries:\n- id: a\n  phrasings:\n    de:\n    - x\n"
    written(before, f"{before}    - {line}\n", phrasing=typed)


def test_what_others_have_added_meanwhile_stays_when_a_phrasing_is_taken_out() -> None:
    for before, after in (
        ("de: [{}, y]", "de: [y]"),
        ("de: [x, {}, y, # z\n        u]", "de: [x, y, # z\n        u]"),
        ("de:\n      - x # z\n      - {}\n      - y\n      # u", "de:\n      - x # z\n      - y\n      # u"),
        ("de:\n      - {}\n      - y", "de:\n      - y"),
    ):
        content, expected = (f"entries:\n- id: a\n  phrasings:\n    {each.format(LINE)}\n" for each in (before, after))
        assert without_phrasing(content.encode(), "a", DE, NEW).decode() == expected


REFUSED = {
    "there already": (in_entry("phrasings:\n  de:\n    - x\n    - Wo?\n"), "line 7: `a` has this phrasing already"),
    "no such entry": ("entries:\n- id: b\n  phrasings: {de: [x]}\n", "the entry `a` is not in this file"),
    "no entries": ("synonyms: []\n", "the entry `a` is not in this file"),
    "no phrasings": ("entries:\n- id: a\n", "line 2: `a` has no block `phrasings:`"),
    "a text for a list": ("entries:\n- id: a\n  phrasings: {de: x}\n", "line 3: `de:` is no list of texts: correct it"),
    "a list of blocks": ("entries:\n- id: a\n  phrasings:\n    de: [b: c]\n", "line 4: `de:` is no list of texts"),
    "broken": ('entries:\n- id: a\n  phrasings: {de: ["x]}\n', "line 3: this is no valid YAML"),
    "indented with a tab": (
        "entries:\n\t- id: a\n",
        "line 2: the line is indented with a tab.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_written_is_refused_with_its_line_and_a_remedy(case: str) -> None:
    content, told = REFUSED[case]
    with pytest.raises(CannotWrite) as refused:
        with_phrasing(content.encode(), "a", DE, NEW)
    assert str(refused.value).startswith(told)


def test_a_phrasing_without_text_and_one_that_is_gone_are_told() -> None:
    content = in_entry("phrasings: {de: [x]}\n").encode()
    with pytest.raises(CannotWrite, match="holds no text"):
        with_phrasing(content, "a", DE, " \x00\n\u200b")
    for language in get_args(Language):
        with pytest.raises(CannotWrite, match="does not have this phrasing"):
            without_phrasing(content, "a", language, NEW)


@pytest.mark.parametrize(
    "phrasings",
    [
        "de: [x, # no\n      Wo?]",
        "de: [x,\n      Wo? # yes\n      , y]",
        "de:\n    - x\n    -\n      Wo?\n",
        "de:\n    - Wo?\n",
    ],
)
def test_nothing_but_the_phrasing_is_ever_taken_out(phrasings: str) -> None:
    """A comment beside it would be lost, a dash left alone, a block be empty: or it comes out well."""
    content = in_entry(f"phrasings:\n  {phrasings}\n").encode()
    expected = [each for each in entries(content)[0].phrasings.de if each != NEW]
    try:
        after = without_phrasing(content, "a", DE, NEW)
    except CannotWrite as refused:
        assert "by hand" in str(refused)  # noqa: PT017
    else:
        assert list(entries(after)[0].phrasings.de) == expected
        assert (b"#" in phrasings.encode()) <= (after.count(b"#") == content.count(b"#"))


def test_every_entry_that_ships_can_be_written_and_is_as_before_in_the_end() -> None:
    for path in shipped().glob("*.yaml"):
        content = path.read_bytes()
        for entry in [] if b"\nentries:" not in content else entries(content)[::4]:
            for language in get_args(Language):
                added = with_phrasing(content, entry.id, language, "Stimmt's?")
                assert len(added.splitlines()) == len(content.splitlines()) + 1
                assert without_phrasing(added, entry.id, language, "Stimmt's?") == content


# Files as people write them.

TEXT = st.sampled_from(["x", "Wo ist das?", "wo 😀 nicht", "größer als 3", "a b c d"])
COMMENT = st.sampled_from(["", "", "  # [why], - {not}", " # ü"])
BELOW = st.sampled_from(["", "", "\n", "{m}# below\n", "\n\n{m}  # deeper\n", "# at the margin\n"])


@st.composite
def flow_lists(draw: st.DrawFn, margin: str) -> str:
    items = draw(st.lists(st.builds(lambda t, q: q + t + q, TEXT, st.sampled_from(["", "'", '"'])), max_size=3))
    gap = draw(st.sampled_from(["", " ", f"\n{margin}   ", f" # c, d]\n{margin}   "]))
    comma = draw(st.sampled_from(["", ",", " ,"])) if items else ""
    between = "," + (gap or " ")
    return f"[{gap}{between.join(items)}{comma}{gap}]"


@st.composite
def block_lists(draw: st.DrawFn, margin: str) -> str:
    margin += draw(st.sampled_from(["", " ", "    "]))
    rows = []
    for text in draw(st.lists(TEXT, min_size=1, max_size=3)):
        comment = draw(COMMENT)
        deeper = f"\n{margin}   "
        one = [
            text,
            f"'{text}'",
            f'"{text}"',
            text + deeper + "more",
            f'"{text}\n{deeper}more"',
            f"'{text}{deeper}more'",
        ]
        block = [f"{sign}{comment}{deeper}{text}{deeper}more" for sign in (">", "|", ">-", "|+", "|-")]
        item = draw(st.sampled_from([each + comment for each in one] + block))
        rows.append(f"{margin}-{draw(st.sampled_from([' ', '   ']))}{item}\n{draw(BELOW).format(m=margin)}")
    return "\n" + "".join(rows)


@st.composite
def phrasings(draw: st.DrawFn, margin: str) -> str:
    languages = draw(st.sampled_from([["de"], ["en"], ["de", "en"], ["en", "de"]]))
    if draw(st.booleans()):
        gap = draw(st.sampled_from([" ", f"\n{margin}    "]))
        pairs = [f"{each}: {draw(flow_lists(margin + '    '))}" for each in languages]
        return f" {{{f',{gap}'.join(pairs)}{draw(st.sampled_from(['', ',', gap]))}}}{draw(COMMENT)}\n"
    margin += draw(st.sampled_from([" ", "  ", "    "]))
    text = draw(COMMENT) + "\n"
    for language in languages:
        lines = draw(block_lists(margin) | flow_lists(margin).map(" {}\n".format))
        text += f"{margin}{language}:{lines}"
    return text


@st.composite
def files(draw: st.DrawFn) -> bytes:
    margin = draw(st.sampled_from(["", "  ", "    "]))
    text = draw(st.sampled_from(["", "# ours\n\n", "---\n"])) + "entries:\n"
    for name in draw(st.sampled_from([["a"], ["b", "a"], ["a", "b"], ["b", "a", "c"]])):
        own = f"phrasings:{draw(phrasings(margin + '  '))}"
        answer = draw(
            st.sampled_from(["", "answer: {de: x}\n", "answer:\n          de: |\n            - x\n\n            y\n"])
        )
        parts = draw(st.permutations([f"id: {name}{draw(COMMENT)}\n", own, answer]))
        text += f"{margin}- " + f"{margin}  ".join(filter(None, parts))
    text += draw(st.sampled_from(["", "", "\n# end\n", "synonyms: []\n", "...\n"]))
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))).encode(
        draw(st.sampled_from(["utf-8", "utf-8-sig"]))
    )


PHRASING = st.text(min_size=1) | st.text("\"'\\:#-[]{}, \n\taä😀*&!%@`>|", min_size=2, max_size=9)


@given(files(), st.sampled_from(["de", "en"]), PHRASING)
def test_in_any_file_a_phrasing_is_added_and_nothing_else_changes(
    content: bytes, language: Language, phrasing: str
) -> None:
    try:
        before = entries(content)
    except Refused:
        assume(False)
    (number,) = (n for n, entry in enumerate(before) if entry.id == "a")
    try:
        added = with_phrasing(content, "a", language, phrasing)
    except CannotWrite as refused:
        assert "no text" in str(refused) or "already" in str(refused)  # noqa: PT017
        return
    said: dict[str, Any] = before[number].phrasings.model_dump()
    said[language] = (*said[language], entries(added)[number].phrasings.get(language)[-1])
    assert said[language][-1].split() == [each for part in phrasing.split() if (each := printable(part))]
    assert entries(added) == [
        entry.model_copy(update={"phrasings": type(entry.phrasings)(**said)}) if entry.id == "a" else entry
        for entry in before
    ]
    at = next((n for n, (x, y) in enumerate(zip(content, added, strict=False)) if x != y), len(content))
    assert content[at:] == (added[len(added) - len(content) + at :] if at < len(content) else b"")
    assert len(added.splitlines()) - len(content.splitlines()) <= 2
    assert without_phrasing(added, "a", language, phrasing) == content
