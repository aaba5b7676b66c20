"""What those who keep the FAQ are told in their room."""

import re
from collections.abc import Sequence
from datetime import datetime

from bot.core.commands import LONGEST_PHRASING, Amiss, Wanted
from bot.core.evaluation import Evaluation
from bot.core.fault import Fault
from bot.core.model import Language, Reply
from bot.core.phrases import Says
from bot.core.voice import Voice, escaped
from bot.core.wording import Localized

_MOST_FAULTS = 10
_TIME = {"de": "%d.%m.%Y, %H:%M Uhr", "en": "%-d %B %Y, %H:%M"}


class Keeping:
    """Puts into words what becomes of admins' commands and of what they save, in the bot's own language."""

    def __init__(self, says: Says, voice: Voice, language: Language) -> None:
        self._says = says
        self._voice = voice
        self._language = language

    def mistyped(self) -> Reply:
        """That there is no such command."""
        return self._say(self._says.unknown_command)

    def amiss(self, amiss: Amiss, known: Sequence[str]) -> Reply:
        """What is amiss with what was to be added; `known` are the ids of the entries."""
        match amiss.what:
            case "no entry":
                return self._say(self._says.entry_missing, entries=_listed(known))
            case "unknown entry":
                return self._say(self._says.entry_unknown, entry=_code(amiss.entry), near=_listed(amiss.near))
            case "no phrasing":
                return self._say(self._says.phrasing_missing, entry=_code(amiss.entry))
            case "no single short line":
                return self._say(self._says.phrasing_long, longest=str(LONGEST_PHRASING))

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

    def status(
        self, folder: str, entries: int, since: datetime, evaluation: Evaluation, faults: Sequence[Fault]
    ) -> Reply:
        """How the FAQ stands; `since` it answers."""
        return self._say(
            self._says.faq_status,
            folder=_code(folder),
            entries=str(entries),
            since=since.strftime(_TIME[self._language]),
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
