"""Admins' commands are read as people write them, and none of other bots is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands import AdminCommand, Amiss, Commands, Wanted, wanted
from bot.core.faq import KnowledgeBase

KNOWN = ("whatsapp", "whatsapp-kontakte", "signal", "de")


@pytest.fixture(scope="module")
def commands(knowledge: KnowledgeBase) -> Commands:
    return Commands(knowledge.phrases.understands)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("!status", AdminCommand("status")),
        (" !Status ", AdminCommand("status")),
        ("!hilfe", AdminCommand("help")),
        ("!add whatsapp Geht das?", AdminCommand("add", "whatsapp Geht das?")),
        ("!add! whatsapp Geht das?", AdminCommand("add", "whatsapp Geht das?", forced=True)),
        ("!ergänzen\twhatsapp\nGeht das?", AdminCommand("add", "whatsapp\nGeht das?")),
        ("!rückgängig", AdminCommand("undo")),
        ("!warum Geht das?", AdminCommand("why", "Geht das?")),
        ("!neu Wo?", AdminCommand("new", "Wo?")),
        ("!prüfen", AdminCommand("check")),
        ("!reload!", AdminCommand("reload", forced=True)),
        ("!support", None),
        ("!close", None),
        ("!ban @bob:uni.test", None),
        ("status", None),
        ("ich schreibe !status", None),
        ("!", None),
        ("", None),
    ],
)
def test_commands_are_read_as_people_write_them(commands: Commands, text: str, command: AdminCommand | None) -> None:
    assert commands.read(text) == command


@pytest.mark.parametrize(
    ("rest", "meant"),
    [
        ("whatsapp Geht das?", Wanted("whatsapp", "Geht das?", None)),
        ("WhatsApp: Geht das?", Wanted("whatsapp", "Geht das?", None)),
        ("`whatsapp-kontakte`   Geht das?", Wanted("whatsapp-kontakte", "Geht das?", None)),
        ("<signal> „Geht das?“", Wanted("signal", "Geht das?", None)),
        ('signal "Geht "das"?"', Wanted("signal", '"Geht "das"?"', None)),
        ("en signal Does it work?", Wanted("signal", "Does it work?", "en")),
        ("signal\n  Geht das?  \n", Wanted("signal", "Geht das?", None)),
        ("de signal ist gut", Wanted("de", "signal ist gut", None)),
    ],
)
def test_what_is_wanted_is_read_as_people_write_it(rest: str, meant: Wanted) -> None:
    assert wanted(rest, KNOWN) == meant


def test_a_phrasing_may_have_300_characters_and_no_more() -> None:
    assert wanted(f"signal {'x' * 300}", KNOWN) == Wanted("signal", "x" * 300, None)
    assert isinstance(wanted(f"signal {'x' * 301}", KNOWN), Amiss)


@given(rest=st.text(max_size=400))
def test_whatever_is_wanted_is_a_phrasing_on_one_line_or_amiss(rest: str) -> None:
    for text in (rest, f"signal {rest}"):
        read = wanted(text, KNOWN)
        if isinstance(read, Wanted):
            assert read.entry in KNOWN
            assert read.phrasing.strip()
            assert len(read.phrasing.splitlines()) == 1
            read.phrasing.encode()


@pytest.mark.parametrize("text", ["!statsu", "!ad signal Geht das?", "! add signal", "!Relaod"])
def test_a_mistyped_command_is_told_from_those_of_other_bots(commands: Commands, text: str) -> None:
    read = commands.read(text)
    assert read
    assert (read.verb == "mistyped") == (text != "! add signal")


def test_what_cannot_be_seen_is_no_part_of_a_phrasing() -> None:
    assert wanted("signal Geht\u202e das\u200b?\ud800", KNOWN) == Wanted("signal", "Geht das?", None)
    assert isinstance(wanted("signal \u200b\u200b", KNOWN), Amiss)
