"""What the bot says by itself, or where it cannot answer: to newcomers, to what is unreadable, too old or too much."""

from bot.core.model import Company, Language, Reply
from bot.core.phrases import Says
from bot.core.voice import Voice, escaped


class Notices:
    """Puts circumstances into words."""

    def __init__(self, says: Says, voice: Voice) -> None:
        self._says = says
        self._voice = voice

    def apology(self, language: Language) -> Reply:
        """What is said when something went wrong inside the bot."""
        return self._voice.say(self._says.apology, language)

    def verification(self, first: Language, device: str, fingerprint: str) -> Reply:
        """What is said to a person who wants to verify the bot, in both languages: a request tells none."""
        return self._voice.in_both(self._says.verification, first, device=escaped(device), fingerprint=fingerprint)

    def undecrypted(self, first: Language) -> Reply:
        """What is said to a person whose message cannot be decrypted, in both languages: which is theirs is unread."""
        return self._voice.in_both(self._says.undecrypted, first)

    def missed(self, language: Language) -> Reply:
        """What is said, once a room, to messages that are too old to be answered."""
        return self._voice.say(self._says.missed, language)

    def slow_down(self, language: Language) -> Reply:
        """What is said, once, to a person who writes more than is answered."""
        return self._voice.say(self._says.slow_down, language)

    def welcome(self, company: Company, name: str, language: Language) -> Reply:
        """How the bot, called `name`, introduces itself in a room that it has joined."""
        match company:
            case "alone with one":
                return self._voice.say(self._says.welcome, language)
            case "answered already":
                return self._voice.say(self._says.welcome_answered, language)
            case "several":
                return Reply(language, self._voice.fill(self._says.welcome_room, language, name=escaped(name)))

    def too_large(self, largest: int, first: Language) -> Reply:
        """What is said, in both languages, in a room with more than `largest` members, before the bot leaves it."""
        return self._voice.in_both(self._says.too_large, first, largest=str(largest))

    def unencrypted(self, first: Language) -> Reply:
        """What is said, once a room and day and so in both languages, where no unencrypted room is answered."""
        return self._voice.in_both(self._says.unencrypted, first)
