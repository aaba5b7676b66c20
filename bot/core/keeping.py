"""What admins write in their room to keep the FAQ, read into commands, and what they are told."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from rapidfuzz import process

from bot.core.evaluation import Evaluation
from bot.core.fault import Fault
from bot.core.model import LANGUAGES, Language, Reply
from bot.core.phrases import Phrases
from bot.core.understanding import Understanding
from bot.core.voice import Voice, escaped
from bot.core.wording import Localized

Verb = Literal["help", "status", "check", "reload", "why", "add", "undo", "new"]
VERBS: tuple[Verb, ...] = get_args(Verb)
_COMMAND = re.compile(r"\s*!(\w+)(!?)[ \t]*(.*)", re.DOTALL)
_ENTRY = re.compile(r"[`\"'„“<]*([^\s`\"'“>]+?)[`\"'“>:,]*(?:\s+|$)(.*)", re.DOTALL)
_LONGEST_PHRASING = 300
"""Characters of a phrasing: what people write is shorter, and what is longer is read by its best passage."""
_QUOTES = ("„“", "“”", '""', "''", "»«", "«»", "„”", "``")
_MOST_FAULTS = 10
_NEAR = 3
"""The entries that may have been meant."""
_SIMILAR = 50
"""How similar their ids are at least, from 0 to 100 (rapidfuzz's WRatio)."""


@dataclass(frozen=True)
class AdminCommand:
    """What an admin wants."""

    verb: Verb
    rest: str = ""
    """What stands behind it."""
    forced: bool = False
    """Whether they want it all the same (`!add!`)."""


@dataclass(frozen=True)
class Wanted:
    """A phrasing that an admin wants in an entry."""

    entry: str
    phrasing: str
    language: Language | None
    """The language, where the admin has named one."""


class Keeping:
    """Reads admins' commands, and puts into words what becomes of them, in the bot's own language."""

    def __init__(self, phrases: Phrases, understanding: Understanding, voice: Voice, language: Language) -> None:
        self._says = phrases.says
        self._understanding = understanding
        self._voice = voice
        self._language = language

    def command(self, text: str) -> AdminCommand | None:
        """The command in an admin's message; None where there is none that concerns the FAQ."""
        parts = _COMMAND.fullmatch(text)
        named = self._understanding.read(parts[1]) if parts else None
        verb = next((verb for verb in VERBS if named and named.means(f"{verb}_command")), None)
        return AdminCommand(verb, parts[3].strip(), bool(parts[2])) if parts and verb else None

    def wanted(self, rest: str, known: Collection[str]) -> Wanted | Reply:
        """What stands behind `!add`: a language, if they name one, an entry, and a phrasing; or what is amiss with it.

        `known` are the ids of the entries.
        """
        entry, phrasing = _first(rest)
        language = next((each for each in LANGUAGES if each == entry and entry not in known), None)
        if language:
            entry, phrasing = _first(phrasing)
        found = next((each for each in known if each.casefold() == entry.casefold()), None)
        if found is None:
            near = process.extract(entry, tuple(known), limit=_NEAR, score_cutoff=_SIMILAR)
            return self._say(self._says.entry_unknown, entry=_code(entry), near=_listed([each for each, *_ in near]))
        lines = phrasing.strip().splitlines()
        if not phrasing.strip():
            return self._say(self._says.phrasing_missing, entry=_code(found))
        if len(lines) > 1 or len(phrasing) > _LONGEST_PHRASING:
            return self._say(self._says.phrasing_long, longest=str(_LONGEST_PHRASING))
        return Wanted(found, _unquoted(phrasing.strip()), language)

    def help(self) -> Reply:
        """What admins can do."""
        return self._say(self._says.admin_help)

    def admins_only(self) -> Reply:
        """A friendly no to anybody else."""
        return self._say(self._says.admins_only)

    def known_already(self, phrasing: str, entry: str, is_there: bool) -> Reply:
        """That the phrasing stands in `entry`; `is_there`: which is where it was wanted."""
        phrase = self._says.phrasing_known if is_there else self._says.phrasing_elsewhere
        return self._say(phrase, phrasing=escaped(phrasing), entry=_code(entry))

    def no_question(self, phrasing: str) -> Reply:
        """That the phrasing is never taken for a question to the FAQ."""
        return self._say(self._says.phrasing_no_question, phrasing=escaped(phrasing))

    def leads_elsewhere(self, wanted: Wanted, other: str, confidence: float | None) -> Reply:
        """That the phrasing is answered with something else, and how to want it all the same."""
        percent = "" if confidence is None else f" ({confidence:.0%})"
        told = _code(other) + (percent.replace("%", "\N{NO-BREAK SPACE}%") if self._language == "de" else percent)
        return self._say(
            self._says.phrasing_leads_elsewhere,
            phrasing=escaped(wanted.phrasing),
            entry=_code(wanted.entry),
            other=told,
            command=_forced(wanted),
        )

    def not_covered(self, wanted: Wanted, subject: str) -> Reply:
        """That the phrasing is taken for what the FAQ says nothing about, and how to want it all the same."""
        return self._say(
            self._says.phrasing_not_covered,
            phrasing=escaped(wanted.phrasing),
            entry=_code(wanted.entry),
            subject=escaped(subject),
            command=_forced(wanted),
        )

    def added(
        self, wanted: Wanted, language: Language, file: str, evaluation: Evaluation, faults: Sequence[Fault] = ()
    ) -> Reply:
        """That the phrasing answers from now on; `faults` are what was found new in the FAQ all the same."""
        told = self._fill(
            self._says.phrasing_added,
            phrasing=escaped(wanted.phrasing),
            entry=_code(wanted.entry),
            file=_code(_name(file)),
            lang=language,
            examples=_counted(evaluation),
        )
        return Reply(self._language, "\n\n".join(filter(None, (told, _faults(faults)))))

    def not_added(self, objections: Sequence[Fault], wanted: Wanted | None) -> Reply:
        """That nothing was written, and why. `wanted`: what may be wanted all the same; None where it cannot be."""
        reply = self._say(self._says.not_added, faults=_faults(objections))
        if wanted is None:
            return reply
        return Reply(
            self._language, f"{reply.markdown}\n\n{self._fill(self._says.add_forced, command=_forced(wanted))}"
        )

    def not_written(self, why: str) -> Reply:
        """That a file could not be written."""
        return self._say(self._says.not_written, why=escaped(why))

    def shipped(self, folder: str) -> Reply:
        """That the FAQ that ships is not written into, and how to get an own one."""
        return self._say(self._says.faq_shipped, folder=folder)

    def undone(self, phrasing: str, entry: str, file: str, faults: Sequence[Fault] = ()) -> Reply:
        """That the phrasing is gone again; `faults` are what was found new in the FAQ all the same."""
        told = self._fill(
            self._says.phrasing_undone, phrasing=escaped(phrasing), entry=_code(entry), file=_code(_name(file))
        )
        return Reply(self._language, "\n\n".join(filter(None, (told, _faults(faults)))))

    def nothing_to_undo(self) -> Reply:
        """That no phrasing was added lately."""
        return self._say(self._says.nothing_to_undo)

    def drafted(self, draft: str) -> Reply:
        """An entry to be completed, as YAML."""
        return self._say(self._says.entry_drafted, draft=_block(draft))

    def question_missing(self) -> Reply:
        """That a question belongs behind the command."""
        return self._say(self._says.question_missing)

    def reloaded(self, entries: int, evaluation: Evaluation, faults: Sequence[Fault]) -> Reply:
        """That what was saved answers from now on; `faults` are what it has all the same."""
        told = self._fill(self._says.faq_reloaded, entries=str(entries), examples=_counted(evaluation))
        return Reply(self._language, "\n\n".join(filter(None, (told, _faults(faults)))))

    def unchanged(self) -> Reply:
        """That the files hold what answers already."""
        return self._say(self._says.faq_unchanged)

    def refused(self, objections: Sequence[Fault]) -> Reply:
        """That what was saved does not answer, and why."""
        return self._say(self._says.faq_refused, faults=_faults(objections))

    def status(self, folder: str, entries: int, since: str, evaluation: Evaluation, faults: Sequence[Fault]) -> Reply:
        """How the FAQ stands."""
        return self._say(
            self._says.faq_status,
            folder=_code(folder),
            entries=str(entries),
            since=since,
            examples=_counted(evaluation),
            **_sums(faults),
        )

    def checked(self, faults: Sequence[Fault]) -> Reply:
        """What the check has found."""
        told = self._fill(self._says.faq_checked, **_sums(faults))
        return Reply(self._language, "\n\n".join(filter(None, (told, _faults(faults)))))

    def _say(self, phrase: Localized, **values: str) -> Reply:
        return self._voice.say(phrase, self._language, **values)

    def _fill(self, phrase: Localized, **values: str) -> str:
        return self._voice.fill(phrase, self._language, **values)


def _first(text: str) -> tuple[str, str]:
    """The first word of a text, without marks around it, and the rest."""
    parts = _ENTRY.match(text)
    return (parts[1], parts[2]) if parts else ("", "")


def _unquoted(text: str) -> str:
    """Without the quotation marks around the whole of it."""
    inner = text[1:-1]
    around = text[:1] + text[-1:]
    return inner.strip() if around in _QUOTES and not set(inner) & set(around) and inner.strip() else text


def _forced(wanted: Wanted) -> str:
    language = f"{wanted.language} " if wanted.language else ""
    return _block(f"!add! {language}{wanted.entry} {wanted.phrasing}")


def _code(text: str) -> str:
    """A name that admins write themselves, such as an id or a file, for a line of its own or within one."""
    return f"`{text.replace('`', '')}`" if text.strip("` ") else "–"


def _block(text: str) -> str:
    """Text to be copied, of whatever is in it: the fence is longer than any in the text."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}\n{text.rstrip()}\n{fence}"


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(map(_code, ids)) or "–"


def _faults(faults: Sequence[Fault]) -> str:
    """Errors first, each as an item of a list; of many, the first."""
    ordered = sorted(faults, key=lambda fault: fault.severity != "error")
    items = [f"- {_code(f'{_name(each.place.file)}:{each.place.line}')} {_told(each)}" for each in ordered]
    more = len(items) - _MOST_FAULTS
    return "\n".join([*items[:_MOST_FAULTS], *([f"- \\+ {more}"] if more > 0 else [])])


def _told(fault: Fault) -> str:
    subject = f"entry {fault.entry}: " if fault.entry else ""
    return escaped(f"{fault.severity}: {subject}{fault.message}. {fault.remedy}")


def _sums(faults: Sequence[Fault]) -> dict[str, str]:
    errors = sum(fault.severity == "error" for fault in faults)
    return {"errors": str(errors), "warnings": str(len(faults) - errors)}


def _counted(evaluation: Evaluation) -> str:
    """How many examples are right, of all."""
    return f"{evaluation.tally.right}/{evaluation.tally.count}"


def _name(path: str) -> str:
    return path.rpartition("/")[2]
