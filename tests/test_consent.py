"""Whatever people write: nothing is sent without their yes to what they saw, and nothing outlives the conversation."""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.core.desk import Desk
from bot.core.faq import KnowledgeBase
from bot.core.text import words
from tests.rehearsal import LIFETIME, Dialogue, Line, Played, converse
from tests.test_dialogues import shows

_TEXTS = st.sampled_from(
    [
        *("ja", "Ja!", "yes", "senden", "send"),
        *("ok", "jaja vielleicht", "ja aber", "👍", "yes but not yet", "nicht senden", "ja nein"),
        *("nein", "no", "abbrechen", "cancel"),
        *("Mensch", "human please", "!support", "ich möchte mit einem Menschen sprechen"),
        *("ada@example.org", "grace@example.com", "ada at example", "ada@", "ja ada@example.org"),
        *("mit Verlauf", "ohne Verlauf", "with history", "without history"),
        *("Darf ich WhatsApp dienstlich nutzen?", "Is Telegram allowed?", "gäste in konferenz einladen", "und Signal?"),
        *("mein vpn geht nicht", "staubsauger", "keins davon", "das hilft nicht", "warum?"),
        *("hallo", "danke", "in english please", "auf deutsch bitte", "!hilfe", "!foo"),
        *("1", "2.", "das zweite", "9", "", "🎉", "ja\nja"),
    ]
)
_WAITS = st.sampled_from([0, 0, 0, 0, 0, 0, LIFETIME - 1, LIFETIME + 1])
_SAID = st.builds(lambda text, after: Line(user=text, after=after), _TEXTS | st.text(max_size=20), _WAITS)
_TAPPED = st.builds(lambda tap, after: Line(tap=tap, after=after), st.sampled_from([1, 2, 9, "up", "down"]), _WAITS)
_HANDED_OVER = [Line(user=text) for text in ("mein vpn geht nicht", "Mensch", "ada@example.org")]
_BEGUN = st.sampled_from([[], _HANDED_OVER[:2], _HANDED_OVER])
"""Chance alone seldom gets as far as a preview."""
_CONVERSATIONS = st.builds(
    lambda begun, rest: [*begun, *rest], _BEGUN, st.lists(_SAID | _TAPPED, min_size=1, max_size=12)
)
_PROBES = st.builds(lambda text: Line(user=text, after=LIFETIME + 1), _TEXTS)
_many = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _dialogue(lines: list[Line]) -> Dialogue:
    return Dialogue(name="by chance", turns=lines)


@_many
@given(lines=_CONVERSATIONS)
@example(lines=[*_HANDED_OVER, Line(user="ja")])
@example(lines=[*_HANDED_OVER, Line(user="ja", after=LIFETIME + 1)])
@example(lines=[*_HANDED_OVER, Line(user="mit Verlauf"), Line(user="grace@example.com"), Line(user="yes")])
@example(lines=[*_HANDED_OVER, Line(user="ja"), Line(user="ja"), Line(tap="up")])
@example(lines=[*_HANDED_OVER, Line(user="nein"), Line(user="ja")])
async def test_a_letter_is_sent_only_by_a_yes_to_what_was_shown(
    lines: list[Line], desk: Desk, knowledge: KnowledgeBase
) -> None:
    yes = {words(text) for text in knowledge.phrases.understands.yes}
    shown: Played | None = None
    for turn in await converse(_dialogue(lines), desk):
        if turn.line.after > LIFETIME:
            shown = None
        assert bool(turn.posted) == (turn.decision == "sent")
        for letter in turn.posted:
            assert words(turn.line.user or "") in yes
            assert shown is not None
            assert shows(shown.text, letter.recipient, letter.reply_to, letter.subject, letter.text)
        assert len(turn.posted) <= 1
        if turn.decision == "preview" and turn.shows_letter:
            shown = turn
        elif turn.decision in ("sent", "cancelled"):
            shown = None


@_many
@given(lines=_CONVERSATIONS, probe=_PROBES)
@example(lines=_HANDED_OVER, probe=Line(user="ja", after=LIFETIME + 1))
@example(lines=[Line(user="!support")], probe=Line(user="ada@example.org", after=LIFETIME + 1))
@example(lines=[Line(user="gäste in konferenz einladen")], probe=Line(user="das zweite", after=LIFETIME + 1))
@example(lines=[Line(user="in english please")], probe=Line(user="und Signal?", after=LIFETIME + 1))
async def test_after_the_lifetime_all_is_as_if_nothing_had_been_said(
    lines: list[Line], probe: Line, desk: Desk
) -> None:
    *before, late = await converse(_dialogue([*lines, probe]), desk)
    (fresh,) = await converse(_dialogue([probe]), desk)
    assert late.draft == fresh.draft
    if late.decision == "silence" and any(turn.posted for turn in before):
        return  # the topic is support's for a while
    assert _decided(late) == _decided(fresh)


def _decided(turn: Played) -> tuple[object, ...]:
    return turn.decision, turn.entries, turn.options, turn.language
