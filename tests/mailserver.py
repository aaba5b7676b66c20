"""A real mail server on loopback that refuses, hangs and demands what a test wants."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.adapters.mailcatcher import Mailcatcher

HANG = "hang"
"""In place of an answer: none comes."""
Command = Literal["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]


@dataclass(frozen=True)
class Authority:
    """A certificate authority of its own, and a server's certificate that it signed."""

    pem: Path
    """What a process that trusts it names by SSL_CERT_FILE."""
    server: ssl.SSLContext


def authority(folder: Path, name: str = "localhost") -> Authority:
    """An authority that nobody knows, and a certificate for the server called `name`, both made for the occasion."""
    folder.mkdir(parents=True, exist_ok=True)
    signer, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("A test's authority", signer, "A test's authority", signer, is_authority=True)
    names = [x509.DNSName(name), *([x509.IPAddress(IPv4Address("127.0.0.1"))] if name == "localhost" else [])]
    leaf = _certificate(name, key, "A test's authority", signer, names=names)
    (folder / "authority.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return Authority(folder / "authority.pem", context)


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool = False,
    names: list[x509.GeneralName] | None = None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


@dataclass(frozen=True)
class Received:
    """A mail with its envelope."""

    mail: EmailMessage
    raw: bytes
    sender: str
    recipients: tuple[str, ...]
    options: tuple[str, ...]


@dataclass
class Demands:
    """How a server treats its clients."""

    answers: dict[Command, Iterator[str]] = field(default_factory=dict)
    """What is answered to a command, in turn, instead of accepting it; once that is used up, it is accepted."""
    starttls: ssl.SSLContext | None = None
    """Offered and demanded, with this certificate."""
    tls: ssl.SSLContext | None = None
    """From the first byte on."""
    login: tuple[str, str] | None = None
    """The user and the password that are demanded."""
    utf8: bool = True
    """Whether addresses may be other than ASCII."""


class MailServer(Mailcatcher):
    """A mail server with demands; it may be stopped and started again on the same port."""

    def __init__(self, demands: Demands) -> None:
        super().__init__()
        self.demands = demands
        self.received: list[Received] = []
        self.commands: list[str] = []
        """MAIL, RCPT and DATA, as far as they were reached."""
        self.unencrypted = bytearray()
        """All that clients sent without encryption."""

    async def start(self, **options: Any) -> None:
        await super().start(ssl=self.demands.tls, **options)

    def protocol(self, **settings: Any) -> SMTP:
        demands = self.demands
        settings = {
            "hostname": "localhost",
            "enable_SMTPUTF8": demands.utf8,
            "tls_context": demands.starttls,
            "require_starttls": bool(demands.starttls),
            "auth_required": bool(demands.login),
            "auth_require_tls": bool(demands.starttls),
            "authenticator": self._authenticate,
            "loop": asyncio.get_running_loop(),
        }
        return _Protocol(self, **settings)

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        refusal = await self._refusal("EHLO")
        return [refusal] if refusal else [line for line in responses if self.demands.login or "AUTH" not in line]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from, envelope.mail_options = address, options
        return await self._refusal("MAIL") or "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := await self._refusal("RCPT"):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if refusal := await self._refusal("DATA"):
            return refusal
        accepted = await super().handle_DATA(server, session, envelope)
        sender, recipients, options = envelope.mail_from, tuple(envelope.rcpt_tos), tuple(envelope.mail_options)
        raw = envelope.original_content or b""
        self.received.append(Received(self.mails.get_nowait(), raw, sender or "", recipients, options))
        return accepted

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return await self._refusal("QUIT") or "221 2.0.0 Bye"

    async def _refusal(self, command: Command) -> str | None:
        self.commands.append(command)
        answer = next(self.demands.answers.get(command, iter(())), None)
        if answer == HANG:
            await asyncio.Event().wait()
        return answer

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.demands.login, handled=False)


class _Protocol(SMTP):
    def data_received(self, data: bytes) -> None:
        is_encrypted = self.transport is not None and self.transport.get_extra_info("sslcontext") is not None
        if not is_encrypted:
            self.event_handler.unencrypted.extend(data)
        super().data_received(data)


@asynccontextmanager
async def mail_server(**demands: Any) -> AsyncIterator[MailServer]:
    """A mail server with these demands, running; at the end it is stopped."""
    server = MailServer(Demands(**demands))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
