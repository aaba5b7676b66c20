"""The phrases file: what the bot says by itself, and what it understands without the FAQ."""

from bot.core.wording import Localized, LocalizedVariants, Model, Text

_PLACEHOLDERS = {
    "source": {"{title}", "{date}"},
    "verification": {"{device}", "{fingerprint}"},
    "welcome_room": {"{name}"},
    "too_large": {"{largest}"},
    "which_number": {"{count}"},
    "draft_expires": {"{minutes}"},
    "link_subject": {"{start}"},
    "letter_subject": {"{reference}", "{start}"},
    "letter": {"{question}", "{sender}", "{reply_to}", "{reference}", "{history}"},
    "letter_shown": {"{recipient}", "{reply_to}", "{subject}", "{text}"},
    "letter_exchange": {"{question}", "{answer}"},
    "preview": {"{letter}", "{minutes}"},
    "sent": {"{reference}"},
    "handed_over": {"{minutes}"},
    "letter_in_room": {"{question}", "{sender}", "{reference}", "{history}"},
    "preview_in_room": {"{letter}", "{minutes}"},
    "sent_in_room": {"{reference}"},
    "case_opened": {"{letter}", "{reference}"},
    "support_says": {"{text}"},
    "support_says_named": {"{text}", "{name}"},
    "person_says": {"{text}"},
    "case_closed": {"{reference}"},
    "case_closed_for_support": {"{reference}"},
    "failed": {"{reference}"},
    "write_yourself": {"{mailto}"},
    "limit": {"{mailto}"},
    "to_direct_chat": {"{link}"},
    "entry_missing": {"{entries}"},
    "entry_unknown": {"{entry}", "{near}"},
    "phrasing_missing": {"{entry}"},
    "phrasing_long": {"{longest}"},
    "phrasing_known": {"{phrasing}", "{entry}"},
    "phrasing_elsewhere": {"{phrasing}", "{entry}"},
    "phrasing_no_question": {"{phrasing}"},
    "phrasing_leads_elsewhere": {"{phrasing}", "{entry}", "{other}", "{command}"},
    "phrasing_not_covered": {"{phrasing}", "{entry}", "{subject}", "{command}"},
    "phrasing_added": {"{phrasing}", "{entry}", "{file}", "{lang}", "{examples}"},
    "phrasing_undone": {"{phrasing}", "{entry}", "{file}"},
    "not_added": {"{faults}"},
    "add_forced": {"{command}"},
    "not_written": {"{why}"},
    "entry_drafted": {"{draft}"},
    "faq_shipped": {"{folder}"},
    "faq_reloaded": {"{entries}", "{examples}"},
    "faq_refused": {"{faults}"},
    "faq_status": {"{folder}", "{entries}", "{since}", "{examples}", "{errors}", "{warnings}"},
    "faq_checked": {"{errors}", "{warnings}"},
}


class Says(Model):
    """The bot's own sentences. `{contact}` and the like stand for what is filled in."""

    links: Localized
    source: Localized
    related: Localized
    same_again: Localized
    left_open: Localized
    clarify: Localized
    which_number: Localized
    unhelpful: Localized
    fallback: Localized
    fallback_near: Localized
    none_of_them: Localized
    again: Localized
    offer_human: Localized
    offer_link: Localized
    greeting: Localized
    greeting_again: LocalizedVariants
    thanks: LocalizedVariants
    goodbye: LocalizedVariants
    identity: LocalizedVariants
    how_are_you: LocalizedVariants
    acknowledged: LocalizedVariants
    insult: LocalizedVariants
    language: Localized
    help: Localized
    unknown_command: Localized
    empty: Localized
    text_only: Localized
    nothing_open: Localized
    offer_is_over: Localized
    apology: Localized
    verification: Localized
    missed: Localized
    undecrypted: Localized
    slow_down: Localized
    welcome: Localized
    welcome_answered: Localized
    welcome_room: Localized
    too_large: Localized
    unencrypted: Localized
    ask_question: Localized
    ask_for_link: Localized
    ask_address: Localized
    no_address: Localized
    question_gone: Localized
    draft_expires: Localized
    draft_open: Localized
    link_subject: Localized
    letter_subject: Localized
    letter: Localized
    letter_history: Localized
    letter_exchange: Localized
    letter_unanswered: Localized
    letter_cut: Localized
    letter_shown: Localized
    preview: Localized
    preview_add_history: Localized
    preview_drop_history: Localized
    preview_unclear: Localized
    preview_changed: Localized
    sent: Localized
    handed_over: Localized
    declined: Localized
    cancelled: Localized
    failed: Localized
    write_yourself: Localized
    limit: Localized
    to_direct_chat: Localized
    no_direct_chat: Localized
    letter_in_room: Localized
    preview_in_room: Localized
    sent_in_room: Localized
    support_room: Localized
    this_chat: Localized
    case_opened: Localized
    support_says: Localized
    support_says_named: Localized
    person_says: Localized
    passes_on_text_only: Localized
    not_passed_on: Localized
    case_closed: Localized
    case_closed_for_support: Localized
    admin_help: Localized
    admins_only: Localized
    question_missing: Localized
    entry_missing: Localized
    entry_unknown: Localized
    entry_drafted: Localized
    phrasing_missing: Localized
    phrasing_long: Localized
    phrasing_known: Localized
    phrasing_elsewhere: Localized
    phrasing_no_question: Localized
    phrasing_leads_elsewhere: Localized
    phrasing_not_covered: Localized
    phrasing_added: Localized
    phrasing_undone: Localized
    nothing_to_undo: Localized
    not_added: Localized
    add_forced: Localized
    not_written: Localized
    faq_shipped: Localized
    faq_reloaded: Localized
    faq_unchanged: Localized
    faq_refused: Localized
    faq_status: Localized
    faq_checked: Localized

    @staticmethod
    def placeholders(name: str) -> set[str]:
        """What may stand in braces in the sentence `name`."""
        return {"{contact}"} | _PLACEHOLDERS.get(name, set())


class Understands(Model):
    """Messages that the bot understands without the FAQ, as a whole and without case and punctuation."""

    help_command: tuple[Text, ...]
    support_command: tuple[Text, ...]
    close_command: tuple[Text, ...]
    """In the thread of a case, it ends the case."""
    status_command: tuple[Text, ...]
    """This and the following ones, of admins in their room."""
    check_command: tuple[Text, ...]
    reload_command: tuple[Text, ...]
    why_command: tuple[Text, ...]
    add_command: tuple[Text, ...]
    undo_command: tuple[Text, ...]
    new_command: tuple[Text, ...]
    polite: tuple[Text, ...]
    """Words that may stand at the beginning or the end of any of them."""
    greeting: tuple[Text, ...]
    thanks: tuple[Text, ...]
    goodbye: tuple[Text, ...]
    identity: tuple[Text, ...]
    how_are_you: tuple[Text, ...]
    acknowledged: tuple[Text, ...]
    insult: tuple[Text, ...]
    yes: tuple[Text, ...]
    """Nothing else lets a letter go out."""
    agree: tuple[Text, ...]
    """Enough of a yes to be asked on, but not to let a letter go out."""
    no: tuple[Text, ...]
    none_of_them: tuple[Text, ...]
    unhelpful: tuple[Text, ...]
    human: tuple[Text, ...]
    in_german: tuple[Text, ...]
    in_english: tuple[Text, ...]
    other_question: tuple[Text, ...]
    with_history: tuple[Text, ...]
    without_history: tuple[Text, ...]
    first: tuple[Text, ...]
    second: tuple[Text, ...]
    third: tuple[Text, ...]
    fourth: tuple[Text, ...]
    last: tuple[Text, ...]
    beside_a_choice: tuple[Text, ...]
    """Words that may stand beside the number of an option."""


class Phrases(Model):
    """What the bot says and understands by itself."""

    says: Says
    """The bot's own sentences."""
    understands: Understands
    """Messages that it understands without an entry."""
