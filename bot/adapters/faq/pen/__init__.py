"""Writes into the FAQ's files as people left them: a phrasing more or less, whole files safely, drafts of entries.

What is read is read by the FAQ's own parser, so that nobody else has an opinion on where something stands; what is
written is emitted by ruamel.yaml, which keeps emoji and umlauts readable, and put into the text: the rest of it stays.
"""

from bot.adapters.faq.pen.draft import draft
from bot.adapters.faq.pen.file import replace
from bot.adapters.faq.pen.phrasing import with_phrasing, without_phrasing

__all__ = ["draft", "replace", "with_phrasing", "without_phrasing"]
