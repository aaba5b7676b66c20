"""Letters to support by SMTP: one connection a letter, encrypted or not at all.

What a server says against the letter itself is for good; what an admin can mend, a wrong password or certificate as
much as a server that is away, is not. Of what servers say only the codes are repeated: their texts may hold addresses.
"""

import asyncio
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from functools import partial

import aiosmtplib
from aiosmtplib import SMTPAuthenticationError, SMTPException, SMTPResponseException

from bot.config import Mail
from bot.core.address import MAIL_ADDRESS
from bot.core.letter import Letter
from bot.ports.post import Bounced, MailTrouble, Unavailable

_TIMEOUT = 30.0
_ACCEPTANCE = 20
"""How many times as long a server may take to accept a content: it may look for viruses, and a mail that is sent again
because it took long arrives twice (RFC 5321, 4.5.3.2.6: ten minutes)."""
_FAREWELL = 2.0
"""Seconds: a letter that was accepted is not held up, nor doubted, for what comes after it."""
_NAME = "Auskunft"
_REFERENCE = re.compile(r"[A-Za-z0-9-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
_LOGIN_CODES = (530, 534, 535, 538)
"""What is missing is a login, or encryption for it (RFC 4954, RFC 3207): the letter itself is not refused."""


class SmtpMailer:
    """Hands letters to the mail server of the configuration."""

    def __init__(self, config: Mail, timeout: float = _TIMEOUT) -> None:
        """`timeout` is for the way to the mail's content, in seconds; for that, the server has twenty times as long."""
        self._config = config
        self._timeout = timeout

    async def send(self, letter: Letter, posted_at: datetime) -> None:
        """Send the letter. Sent again, it is the same mail: it has the same Message-ID and date.

        Raises:
            Unavailable: the server cannot be reached or trusted, does not let us in, or takes the letter later.
            Bounced: the server refuses the letter for good, or there is something in it that no mail can hold.
        """
        mail = composed(letter, self._config.sender, posted_at)
        server = aiosmtplib.SMTP(
            hostname=self._config.server,
            port=self._config.effective_port,
            use_tls=self._config.security == "tls",
            start_tls=False,  # it is begun below, where a server that does not offer it can be told apart
            timeout=None,  # ours instead
        )
        try:
            async with asyncio.timeout(self._timeout) as patience:
                await self._enter(server)
                addresses = (self._config.sender, letter.recipient, letter.reply_to)
                await _hand_over(server, mail, addresses, partial(_extend, patience, self._timeout * _ACCEPTANCE))
            await _part(server)
        except TimeoutError:
            raise Unavailable("no answer in time") from None
        except (SMTPException, OSError, UnicodeError) as error:  # UnicodeError: a host's name that cannot be one
            raise Unavailable(_kind(error)) from None
        finally:
            server.close()

    async def _enter(self, server: aiosmtplib.SMTP) -> None:
        """Connect, encrypt and log in, as it is configured."""
        await server.connect()
        await server.ehlo()
        if self._config.security == "starttls":
            if not server.supports_extension("starttls"):
                raise Unavailable("the server does not offer STARTTLS, which `mail: security:` demands")
            await server.starttls()
            await server.ehlo()
        if self._config.user and self._config.password:
            if not server.supported_auth_methods:
                raise Unavailable("the server offers no login, or none that is known here")
            await server.login(self._config.user, self._config.password.get_secret_value())


def composed(letter: Letter, sender: str, posted_at: datetime) -> EmailMessage:
    """The letter as a mail from `sender`. Line breaks of any kind become the mail's own; lone surrogates are replaced.

    Raises:
        Bounced: the subject or an address holds what would break out of its header.
    """
    for address in (sender, letter.recipient, letter.reply_to):
        if not (MAIL_ADDRESS.fullmatch(address) and address.isprintable()):
            raise Bounced("an address in the letter is none")
    if _CONTROL.search(letter.subject) or not _REFERENCE.fullmatch(letter.reference):
        raise Bounced("the subject or the reference holds control characters")
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(sender, _NAME)
    mail["To"] = _address(letter.recipient)
    mail["Reply-To"] = _address(letter.reply_to)
    # Python before 3.11.10 decodes `=?...?=` in a header and writes the line breaks that come out (CVE-2024-6923).
    mail["Subject"] = _whole(letter.subject).replace("=?", "= ?")
    mail["Date"] = posted_at
    mail["Message-ID"] = f"<{letter.reference}.auskunft@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_whole(letter.text), cte="quoted-printable")  # short lines, and still to be read as it is
    return mail


def _address(address: str, name: str = "") -> Address:
    user, _, domain = address.rpartition("@")
    return Address(name, user, domain)


def _whole(text: str) -> str:
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _extend(patience: asyncio.Timeout, seconds: float) -> None:
    patience.reschedule(asyncio.get_running_loop().time() + seconds)


async def _hand_over(
    server: aiosmtplib.SMTP, mail: EmailMessage, addresses: tuple[str, str, str], is_offered: Callable[[], None]
) -> None:
    """Offer the mail to the server; `is_offered` is called before its content goes."""
    sender, recipient, _ = addresses
    needs_utf8 = not all(address.isascii() for address in addresses)
    if needs_utf8 and not server.supports_extension("smtputf8"):
        raise Bounced("an address is not ASCII, and the server does not take such (SMTPUTF8)")
    encoding = "utf-8" if needs_utf8 else "ascii"
    try:
        await server.mail(sender, options=["SMTPUTF8"] if needs_utf8 else [], encoding=encoding)
        await server.rcpt(recipient, encoding=encoding)
        is_offered()
        await server.data(mail.as_bytes(policy=SMTPUTF8 if needs_utf8 else SMTP))
    except SMTPResponseException as refusal:
        raise _judged(refusal) from None


def _judged(refusal: SMTPResponseException) -> MailTrouble:
    if refusal.code in _LOGIN_CODES:
        return Unavailable(f"the server asks for a login ({_codes(refusal)})")
    return (Bounced if 500 <= refusal.code <= 599 else Unavailable)(_codes(refusal))


async def _part(server: aiosmtplib.SMTP) -> None:
    with suppress(SMTPException, OSError):  # a timeout is one, too
        async with asyncio.timeout(_FAREWELL):
            await server.quit()


def _codes(response: SMTPResponseException) -> str:
    """The code and, where there is one, the enhanced status (RFC 3463)."""
    if response.code < 0:
        return "an answer that is no SMTP"
    enhanced = _ENHANCED.match(response.message)
    return f"{response.code} {enhanced[0]}" if enhanced else str(response.code)


def _kind(error: Exception) -> str:
    """What kind of trouble it is, in a few words."""
    if isinstance(error, SMTPAuthenticationError):
        return f"the login is refused ({_codes(error)})"
    if isinstance(error, SMTPResponseException):
        return _codes(error)
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the server's certificate cannot be verified ({cause.verify_message.rstrip('.')})"
    if isinstance(cause, ssl.SSLError):
        return f"TLS fails ({cause.reason})"
    if isinstance(error, aiosmtplib.SMTPConnectError | UnicodeError):
        return f"no connection ({getattr(cause, 'strerror', None) or type(cause).__name__})"
    return "the connection broke off"
