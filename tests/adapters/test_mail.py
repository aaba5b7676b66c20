"""Letters on their way to a real mail server on loopback, and what becomes of those that it does not take."""

import asyncio
import email
import re
import sys
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTPUTF8, default
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from aiosmtplib.email import parse_address
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.adapters.mail import SmtpMailer, composed
from bot.adapters.mailcatcher import Mailcatcher, NoMailcatcher, mailcatcher
from bot.config import Mail
from bot.core.letter import Letter
from bot.ports.post import Bounced, Unavailable
from tests.mailserver import HANG, authority, mail_server

SENDER = "auskunft@uni.test"
POSTED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TEXT = "Grüße,\n\n.ein Punkt\nFrom hier\n  eingerückt  \n" + "lang " * 500 + "\nEnde\n"
HEADERS = {
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
}
ANYTHING = st.text(st.characters())
"""Control characters and lone surrogates among it."""


def letter(**fields: str) -> Letter:
    values = {"recipient": "help@uni.test", "reply_to": "ada@uni.test", "subject": "Wie geht das?", "text": TEXT}
    return Letter(**{"reference": "lusab-babad", **values, **fields})


def mailer(at: Mailcatcher, timeout: float = 10, **fields: Any) -> SmtpMailer:
    values = {"server": "localhost", "port": at.port, "security": "none", "sender": SENDER, **fields}
    return SmtpMailer(Mail.model_validate(values), timeout)


def parsed(mail: EmailMessage) -> EmailMessage:
    """The mail as its recipient reads it."""
    return email.message_from_bytes(mail.as_bytes().replace(b"\r\n", b"\n"), policy=default)


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An authority that this process trusts."""
    known = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(known.pem))
    return known


async def trouble_of(at: Mailcatcher, kind: type[Exception], **fields: Any) -> str:
    with pytest.raises(kind) as caught:
        await mailer(at, **fields).send(letter(), POSTED)
    assert "uni.test" not in str(caught.value)
    return str(caught.value)


async def test_a_letter_arrives_word_for_word_with_its_envelope() -> None:
    async with mail_server() as server:
        await mailer(server).send(letter(), POSTED)
    (received,) = server.received
    assert (received.sender, received.recipients) == (SENDER, ("help@uni.test",))
    assert received.mail.get_content() == TEXT
    assert server.commands == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]


async def test_a_text_of_100_kb_arrives_unharmed_in_short_lines() -> None:
    text = "Ein Wörtchen, das oft vorkommt. " * 3300 + "\n" + "x" * 3000 + "\n"
    async with mail_server() as server:
        await mailer(server).send(letter(text=text), POSTED)
    assert server.received[0].mail.get_content() == text
    assert max(map(len, server.received[0].raw.splitlines())) <= 78


def test_the_headers_say_from_whom_it_is_who_gets_the_reply_and_that_no_machine_may_reply() -> None:
    mail = parsed(composed(letter(subject="Größe der Gruppe?"), SENDER, POSTED))
    assert set(mail.keys()) == HEADERS
    assert mail["From"] == f"Auskunft <{SENDER}>"
    assert (mail["To"], mail["Reply-To"]) == ("help@uni.test", "ada@uni.test")
    assert mail["Subject"] == "Größe der Gruppe?"
    assert mail["Date"].datetime == POSTED
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"


async def test_a_letter_that_is_sent_again_is_the_same_mail() -> None:
    async with mail_server() as server:
        for _ in range(2):
            await mailer(server).send(letter(), POSTED)
    first, second = server.received
    assert first.raw == second.raw
    assert first.mail["Message-ID"] == "<lusab-babad.auskunft@uni.test>"


@settings(deadline=None)  # the time of a busy machine is none of its business
@given(ANYTHING)
@example("a\rb\r\nc\n\nd\x0be\x0cf\x85g\u2028h\x00\ud800.")
def test_every_text_arrives_with_line_breaks_and_lone_surrogates_made_good(text: str) -> None:
    whole = re.sub(r"[\ud800-\udfff]", "\ufffd", re.sub(r"\r\n?", "\n", text))
    expected = whole if whole.endswith("\n") else whole + "\n"
    assert parsed(composed(letter(text=text), SENDER, POSTED)).get_content() == expected


@settings(deadline=None)
@given(ANYTHING | st.builds("{}{}Bcc: eve@uni.test{}".format, ANYTHING, st.sampled_from("\r\n\v\f\x1c\x85"), ANYTHING))
@example("=?utf-8?q?a=0ABcc:_eve=40uni.test?=")
@example("=?utf-8?q?a=0D=0ABcc:_eve=40uni.test?= and more")
@example("x" * 3000)
@example("ä" * 3000)
def test_no_subject_makes_a_header(subject: str) -> None:
    try:
        mail = composed(letter(subject=subject), SENDER, POSTED)
    except Bounced:
        assert any(
            character < " " or "\x7f" <= character <= "\x9f" or character in "\u2028\u2029" for character in subject
        )
    else:
        for raw in (mail.as_bytes(), mail.as_bytes(policy=SMTPUTF8)):
            assert set(email.message_from_bytes(raw, policy=default).keys()) == HEADERS
            assert max(map(len, raw.splitlines())) <= 998


@settings(deadline=None)
@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=300))
def test_a_subject_arrives_word_for_word(subject: str) -> None:
    arrived = str(parsed(composed(letter(subject=subject), SENDER, POSTED))["Subject"])
    assert arrived.split() == subject.replace("=?", "= ?").split()


@settings(deadline=None)
@given(
    st.sampled_from(["recipient", "reply_to", "reference"]),
    ANYTHING | st.builds("{}@{}".format, ANYTHING, ANYTHING) | st.emails(),
)
@example("reply_to", "ada@uni.test\r\nBcc: eve@uni.test")
@example("recipient", "help@uni.test, eve@uni.test")
@example("recipient", "=?utf-8?q?a=0ABcc=3A?=@uni.test")
@example("reply_to", "ada@uni.test\ud800")
@example("reference", "x\nBcc: eve@uni.test")
def test_what_is_no_address_or_no_reference_bounces_and_what_is_one_stays_whole(field: str, value: str) -> None:
    try:
        mail = composed(letter(**{field: value}), SENDER, POSTED)
    except Bounced:
        return
    read = email.message_from_string(mail.as_bytes(policy=SMTPUTF8).decode(), policy=default)
    assert set(read.keys()) == HEADERS
    if field != "reference":
        header = read["To" if field == "recipient" else "Reply-To"]
        assert [address.addr_spec for address in header.addresses] == [value]
        assert parse_address(value) == value  # the envelope's address is the header's


async def test_a_letter_that_would_break_out_of_its_headers_never_reaches_the_server() -> None:
    async with mail_server() as server:
        with pytest.raises(Bounced, match="control characters"):
            await mailer(server).send(letter(subject="a\r\nBcc: eve@uni.test"), POSTED)
    assert server.commands == []


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_temporary_refusal_leaves_the_letter_to_a_later_try(command: str) -> None:
    refusals = iter(["451 4.3.0 <ada@uni.test> later"] * 2)
    async with mail_server(answers={command: refusals}) as server:
        for _ in range(2):
            assert await trouble_of(server, Unavailable) == "451 4.3.0"
        await mailer(server).send(letter(), POSTED)
    assert len(server.received) == 1


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_refusal_for_good_bounces_with_the_codes_and_nothing_else(command: str) -> None:
    refusals = iter(["550 5.1.1 <help@uni.test>: nobody", "554 no, help@uni.test 5.7.1"])
    async with mail_server(answers={command: refusals}) as server:
        assert await trouble_of(server, Bounced) == "550 5.1.1"
        assert await trouble_of(server, Bounced) == "554"


async def test_a_server_that_speaks_no_smtp_is_unavailable() -> None:
    async with mail_server(answers={"MAIL": iter(["what?"])}) as server:
        assert await trouble_of(server, Unavailable) == "an answer that is no SMTP"


async def test_a_server_that_refuses_everybody_is_unavailable() -> None:
    async with mail_server(answers={"EHLO": iter(["554 5.3.2 uni.test is closed"])}) as server:
        assert await trouble_of(server, Unavailable) == "554 5.3.2"


async def test_starttls_encrypts_before_anything_is_said(trusted: Any) -> None:
    async with mail_server(starttls=trusted.server) as server:
        await mailer(server, security="starttls").send(letter(), POSTED)
    assert len(server.received) == 1
    assert re.fullmatch(rb"EHLO \S+\r\nSTARTTLS\r\n", server.unencrypted)


async def test_tls_encrypts_from_the_first_byte_on(trusted: Any) -> None:
    async with mail_server(tls=trusted.server) as server:
        await mailer(server, security="tls").send(letter(), POSTED)
    assert len(server.received) == 1
    assert server.unencrypted == b""


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_a_server_without_starttls_gets_no_letter_and_no_password() -> None:
    login = {"user": "auskunft", "password": SecretStr("hush")}
    async with mail_server(login=("auskunft", "hush")) as server:
        trouble = await trouble_of(server, Unavailable, security="starttls", **login)
    assert trouble == "the server does not offer STARTTLS, which `mail: security:` demands"
    assert re.fullmatch(rb"EHLO \S+\r\n", server.unencrypted)
    assert server.commands == ["EHLO"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_an_unknown_authority_is_not_trusted(tmp_path: Path, security: str) -> None:
    async with mail_server(**{security: authority(tmp_path).server}) as server:
        trouble = await trouble_of(server, Unavailable, security=security)
    assert trouble.startswith("the server's certificate cannot be verified (")
    assert not {"MAIL", "DATA"} & set(server.commands)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_for_another_server_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    other = authority(tmp_path, "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.pem))
    async with mail_server(**{security: other.server}) as server:
        trouble = await trouble_of(server, Unavailable, security=security)
    assert "certificate is not valid for 'localhost'" in trouble
    assert not {"MAIL", "DATA"} & set(server.commands)


async def test_tls_with_a_server_that_speaks_none_is_unavailable() -> None:
    async with mail_server() as server:
        assert (await trouble_of(server, Unavailable, security="tls")).startswith("TLS fails (")


async def test_a_login_is_given_where_it_is_configured(trusted: Any) -> None:
    login = {"user": "auskunft", "password": SecretStr("hüsh")}
    async with mail_server(starttls=trusted.server, login=("auskunft", "hüsh")) as server:
        await mailer(server, security="starttls", **login).send(letter(), POSTED)
    assert len(server.received) == 1


async def test_a_wrong_a_missing_and_an_unwanted_login_are_for_an_admin_to_mend(trusted: Any) -> None:
    login = {"user": "auskunft", "password": SecretStr("wrong")}
    async with mail_server(starttls=trusted.server, login=("auskunft", "hush")) as server:
        trouble = await trouble_of(server, Unavailable, security="starttls", **login)
        assert trouble == "the login is refused (535 5.7.8)"
        trouble = await trouble_of(server, Unavailable, security="starttls")
        assert trouble == "the server asks for a login (530 5.7.0)"
    async with mail_server() as server:
        assert (
            await trouble_of(server, Unavailable, **login) == "the server offers no login, or none that is known here"
        )


async def test_a_server_that_is_down_is_unavailable_and_gets_the_letter_once_it_is_back() -> None:
    async with mail_server() as server:
        await server.stop()
        assert (await trouble_of(server, Unavailable)).startswith("no connection (")
        await server.start()
        await mailer(server).send(letter(), POSTED)
    assert len(server.received) == 1


async def test_a_name_that_no_server_has_is_unavailable() -> None:
    async with mail_server() as server:
        for name in ("nowhere.invalid", "x" * 64 + ".example"):
            trouble = await trouble_of(server, Unavailable, server=name, security="tls")
            assert trouble.startswith("no connection (")


async def test_a_server_that_breaks_off_is_unavailable() -> None:
    async with mail_server(answers={"DATA": repeat(HANG)}) as server:
        sending = asyncio.create_task(trouble_of(server, Unavailable))
        while "DATA" not in server.commands:
            await asyncio.sleep(0.01)
        await server.stop()
        assert await sending == "the connection broke off"


@pytest.mark.parametrize("command", ["EHLO", "RCPT", "DATA"])
async def test_a_server_that_hangs_is_unavailable_after_the_timeout(command: str) -> None:
    async with mail_server(answers={command: repeat(HANG)}) as server:
        begun = time.monotonic()
        assert await trouble_of(server, Unavailable, timeout=0.3) == "no answer in time"
        took = time.monotonic() - begun
        assert 6 < took < 12 if command == "DATA" else took < 2  # a content may be looked at for long


async def test_a_letter_that_was_accepted_stays_so_whatever_the_server_does_then() -> None:
    async with mail_server(answers={"QUIT": iter([HANG, "500 what?"])}) as server:
        for _ in range(2):
            await mailer(server, timeout=1).send(letter(), POSTED)
    assert len(server.received) == 2


@pytest.mark.parametrize("field", ["recipient", "reply_to"])
async def test_addresses_beyond_ascii_go_to_servers_that_take_them(field: str) -> None:
    async with mail_server() as server:
        await mailer(server).send(letter(**{field: "jörg@münchen.test"}), POSTED)
    (received,) = server.received
    assert "SMTPUTF8" in received.options
    assert received.mail["To" if field == "recipient" else "Reply-To"] == "jörg@münchen.test"
    assert received.mail.get_content() == TEXT


async def test_a_sender_beyond_ascii_is_sent_as_one() -> None:
    async with mail_server() as server:
        await mailer(server, sender="büro@münchen.test").send(letter(), POSTED)
    (received,) = server.received
    assert received.sender == "büro@münchen.test"
    assert "<lusab-babad.auskunft@münchen.test>".encode() in received.raw


async def test_addresses_beyond_ascii_bounce_where_the_server_does_not_take_them() -> None:
    async with mail_server(utf8=False) as server:
        with pytest.raises(Bounced, match="an address is not ASCII"):
            await mailer(server).send(letter(reply_to="jörg@uni.test"), POSTED)
    assert "MAIL" not in server.commands


async def test_the_mailcatcher_gives_what_it_receives() -> None:
    async with mailcatcher() as catcher:
        await mailer(catcher, server=catcher.host).send(letter(), POSTED)
        mail = await catcher.mails.get()
    assert mail["Subject"] == "Wie geht das?"


async def test_without_aiosmtpd_the_mailcatcher_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiosmtpd", None)
    with pytest.raises(NoMailcatcher, match="make demo"):
        async with mailcatcher():
            pass
