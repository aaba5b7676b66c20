"""How an escalation is drafted: the question, the reply address, the preview, and the yes without which nothing goes.

These are the rules of `triage` that concern a draft. What the letter says is the business of `correspondence`.
"""

from dataclasses import replace

from bot.core.address import find_address
from bot.core.conversation import Draft, Quoted
from bot.core.decision import SMALLTALK, Cancelled, Decision, Escalate, Preview, Refer, Sent
from bot.core.situation import Situation


def draft(now: Situation, question: Quoted | None = None) -> Decision:
    """Open a draft with `question`, else with the last one that tells something, or that was not answered."""
    exchanges = now.conversation.exchanges
    telling = [each for each in exchanges if each.is_telling] or [each for each in exchanges if not each.entries]
    last = telling[-1].question if telling else None
    return advance(Draft(now.message.event_id, "question", question or last), now)


def advance(open_draft: Draft, now: Situation) -> Decision:
    """Ask for what the draft lacks; where it lacks nothing, show it."""
    if open_draft.question is None:
        return Escalate(replace(open_draft, stage="question"))
    if not now.ways:
        return Refer(open_draft)
    if "mail" in now.ways and open_draft.address is None and not now.manners.reply_address:
        return Escalate(replace(open_draft, stage="address"))
    asked = now.conversation.exchanges
    history = tuple(exchange for exchange in asked if exchange.question != open_draft.question)
    return Preview(replace(open_draft, stage="preview", history=history))


def repeat(open_draft: Draft) -> Decision:
    """Ask, or show, once more what was asked or shown last."""
    return Preview(open_draft) if open_draft.stage == "preview" else Escalate(open_draft)


def cancelled(now: Situation) -> Decision | None:
    """The person does not want it any more."""
    return Cancelled() if now.conversation.draft and now.understood.means("no") else None


def asked_again(now: Situation) -> Decision | None:
    """The person asks for a human once more."""
    open_draft = now.conversation.draft
    return repeat(open_draft) if open_draft and now.understood.means("human") else None


def other_question_wanted(now: Situation) -> Decision | None:
    """The person wants to pass on something else than was taken."""
    open_draft = now.conversation.draft
    if not open_draft or open_draft.stage == "question" or not now.understood.means("other_question"):
        return None
    return advance(replace(open_draft, question=None), now)


def question_told(now: Situation) -> Decision | None:
    """The message is the question, whatever it says but for small talk."""
    open_draft = now.conversation.draft
    if not open_draft or open_draft.stage != "question" or now.understood.first(SMALLTALK):
        return None
    if find_address(now.text) and len(now.text.split()) == 1:  # the answer to what is asked next
        return Escalate(replace(open_draft, address=now.this))
    return advance(replace(open_draft, question=now.this), now)


def address_told(now: Situation) -> Decision | None:
    """The message names the reply address, at first or instead of the one that was shown."""
    open_draft = now.conversation.draft
    if not open_draft or open_draft.stage == "question" or not find_address(now.text):
        return None
    return advance(replace(open_draft, address=now.this), now)


def confirmed(now: Situation) -> Decision | None:
    """The one way in which a letter goes out: a yes to what was shown, and written after that.

    A yes after anything else, or one that was on its way already, brings the letter once more.
    """
    open_draft = now.conversation.draft
    if not open_draft or open_draft.stage != "preview" or not now.understood.means("yes"):
        return None
    if not now.understood.is_plain:  # "Ja?", "ja ❌"
        return Preview(open_draft, "unclear")
    is_to_it = open_draft.shown and now.message.follows(now.conversation.reply)
    return Sent(open_draft) if is_to_it else Preview(open_draft)


def history_wanted(now: Situation) -> Decision | None:
    """Whether the earlier questions and answers go along."""
    open_draft = now.conversation.draft
    if not open_draft or open_draft.stage != "preview":
        return None
    wanted = now.understood.first(("with_history", "without_history"))
    return Preview(replace(open_draft, with_history=wanted == "with_history")) if wanted else None


def unclear(now: Situation) -> Decision | None:
    """The message is neither an answer to what was asked nor a question of its own."""
    open_draft = now.conversation.draft
    if not open_draft:
        return None
    if open_draft.stage == "address":
        return Escalate(open_draft, "no address")
    return Preview(open_draft, "unclear") if open_draft.stage == "preview" else Escalate(open_draft)
