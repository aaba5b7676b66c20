"""The configuration: a YAML file and environment variables -> one frozen, typed Config.

Every key can also be given by an environment variable: `AUSKUNFT_MATRIX__PASSWORD` stands for `matrix: password:`, and
`AUSKUNFT_MATRIX__PASSWORD_FILE` names a file that holds the value, as container platforms hand out secrets.
Environment variables win over the file.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bot.core.address import MAIL_ADDRESS
from bot.core.fault import Fault, KeyPath, Place
from bot.core.model import Language
from bot.core.pace import Limits
from bot.core.situation import Thresholds
from bot.core.wording import Link, Model, Text
from bot.validation import validation_faults
from bot.yamlfile import Refused, read

_PREFIX = "AUSKUNFT_"
_KUBERNETES = re.compile(r"AUSKUNFT_(PORT|SERVICE)(_|$)")
"""What Kubernetes adds for a service called auskunft."""
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
_LOCALPART = "{localpart}"


def _listed(value: object) -> object:
    """A text with commas, as environment variables hold lists, as a list."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


UserId = Annotated[str, StringConstraints(pattern=r"^@[^:\s]+:\S+$")]
RoomName = Annotated[str, StringConstraints(pattern=r"^[#!]\S+$")]
"""A room's address (`#room:server`) or id (`!...`)."""
MailAddress = Annotated[str, StringConstraints(pattern=MAIL_ADDRESS.pattern)]
Host = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9._-]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$")]
"""A name or an address, IPv6 without brackets; no port."""


class Matrix(Model):
    """The bot's account and its manners."""

    user: UserId
    homeserver: Link | None = None
    """Where the homeserver is; without it, the domain of `user` is asked (`.well-known`)."""
    password: SecretStr | None = None
    access_token: SecretStr | None = None
    device_id: Text | None = None
    device_name: Text = "Auskunft"
    display_name: Text = "Auskunft"
    avatar: Path | None = None
    invites_from: Annotated[tuple[Text, ...], BeforeValidator(_listed)] = ()
    """Homeservers and Matrix ids whose invitations are accepted; empty: the bot's own homeserver only."""
    largest_room: Annotated[int, Field(ge=0)] = 200
    """Members of the largest room in which the bot stays when it is invited; 0: no limit."""
    large_rooms: Annotated[tuple[RoomName, ...], BeforeValidator(_listed)] = ()
    """Addresses or ids of the rooms in which it stays however large they are."""
    unencrypted: Literal["answer", "refuse"] = "answer"
    """What is done about questions in rooms without encryption."""
    answers: Literal["notice", "text"] = "notice"
    edits: Annotated[int, Field(ge=0, le=24 * 60)] = 5
    """Minutes after an answer in which an edit of the question leads to a new one."""
    questions: Limits = Limits()
    """How much one person is answered."""
    support_room: RoomName | None = None
    """The encrypted room in which support answers what people want to be passed on; without it, there is none."""
    support_names: Literal["hide", "show"] = "hide"
    """Whether people are told who of support writes."""
    admin_room: RoomName | None = None
    """The room in which admins keep the FAQ; without it, they keep it by its files."""
    admins: Annotated[tuple[UserId, ...], BeforeValidator(_listed)] = ()
    """The Matrix ids of those who may."""

    @model_validator(mode="after")
    def _can_log_in(self) -> "Matrix":
        if self.access_token and not self.device_id:
            raise ValueError("`access_token` needs the `device_id` that it was made for")
        if not self.access_token and not self.password:
            raise ValueError("either a `password` or an `access_token` with its `device_id` is needed")
        return self

    @model_validator(mode="after")
    def _knows_its_admins(self) -> "Matrix":
        if bool(self.admin_room) != bool(self.admins):
            missing, given = ("admins", "admin_room") if self.admin_room else ("admin_room", "admins")
            raise ValueError(f"`{given}` needs `{missing}`: who may keep the FAQ, and in which room")
        if self.admin_room and self.admin_room == self.support_room:
            raise ValueError("`admin_room` and `support_room` are two rooms: people's cases are not for all admins")
        return self

    @property
    def server_name(self) -> str:
        """The domain of the bot's Matrix id."""
        return self.user.partition(":")[2]


class Mail(Model):
    """The mail server that takes letters to support, and how many it gets."""

    server: Host
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted. The server's certificate and name are always verified."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    user: Text | None = None
    password: SecretStr | None = None
    sender: MailAddress
    """From whom the letters are: the bot's own mailbox, where the server returns what it cannot deliver."""
    recipient: MailAddress | None = None
    """To whom they go; without it, to `contact`."""
    reply_address: str = ""
    """The address of a person, with {localpart} for the first part of the Matrix id; empty: people are asked for it."""
    per_person: Annotated[int, Field(ge=1)] = 5
    """Letters of one person in a day."""
    overall: Annotated[int, Field(ge=1)] = 50
    """Letters of all in a day."""

    @field_validator("security")
    @classmethod
    def _stays_private(cls, security: str, info: ValidationInfo) -> str:
        server = info.data.get("server", "localhost")
        if security == "none" and not _LOOPBACK.fullmatch(server):
            remedy = "use `starttls` or `tls`, or a relay on this machine (`server: localhost`)"
            raise ValueError(f"`none` would send names, addresses and questions to {server} unencrypted; {remedy}")
        return security

    @field_validator("reply_address")
    @classmethod
    def _makes_addresses(cls, pattern: str) -> str:
        address = pattern.replace(_LOCALPART, "x")
        is_one = MAIL_ADDRESS.fullmatch(address) and not set("{}") & set(address)
        if pattern and (pattern.count(_LOCALPART) != 1 or not is_one):
            raise ValueError(f'write it with {_LOCALPART} once, as in "{_LOCALPART}@example.org", in quotes')
        return pattern

    @model_validator(mode="after")
    def _can_log_in(self) -> "Mail":
        if bool(self.user) != bool(self.password):
            missing, given = ("password", "user") if self.user else ("user", "password")
            raise ValueError(f"the `{given}` needs a `{missing}`; a server that asks for no login needs neither")
        return self

    @property
    def effective_port(self) -> int:
        """The port, or the usual one."""
        return self.port or {"starttls": 587, "tls": 465, "none": 25}[self.security]


class Conversations(Model):
    """How long a conversation lasts."""

    remember: Annotated[int, Field(ge=1, le=24 * 60)] = 30
    """Minutes after the last message until it is forgotten."""
    handed_over: Annotated[int, Field(ge=0, le=24 * 60)] = 60
    """Minutes for which the bot leaves to support what it has handed over; 0: not at all."""


class Config(Model):
    """All settings."""

    matrix: Matrix
    data: Path = Path("data")
    """The folder for the bot's store and keys."""
    knowledge: Path | None = None
    """The folder of the FAQ; without it, the one that ships with the bot."""
    contact: MailAddress = "multimedia@tu-braunschweig.de"
    language: Language = "de"
    mail: Mail | None = None
    """Without it, no mail is sent."""
    conversation: Conversations = Conversations()
    matching: Thresholds = Thresholds()
    """How sure the bot must be."""


def load_config(path: Path, environment: Mapping[str, str]) -> Config:
    """The configuration in the file at `path`, overridden by `environment`. Relative paths count from its folder.

    Raises:
        Refused: something in it cannot be used; each fault names file and line, or the variable.
    """
    if not path.exists():
        remedy = "Copy config.example.yaml, which explains every key, or name another file with --config."
        raise Refused([Fault(Place(str(path)), "there is no such file", remedy)])
    document = read(path)
    data = document.data or {}
    if not isinstance(data, dict):
        raise Refused([Fault(Place(document.file), "this is no block of keys", "Compare it with config.example.yaml.")])
    origins = _overlay(data, environment)
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        faults = [_named(fault, key, origins) for key, fault in validation_faults(error, document, Config)]
        raise Refused(faults) from None
    return _anchored(config, path.absolute().parent)


def _overlay(data: dict[str, Any], environment: Mapping[str, str]) -> dict[KeyPath, str]:
    """Write the environment's values into `data`; by their path, the variables that they came from."""
    origins: dict[KeyPath, str] = {}
    for variable, value in sorted(environment.items()):
        if not variable.startswith(_PREFIX) or _KUBERNETES.match(variable):
            continue
        key = variable.removeprefix(_PREFIX)
        if key.endswith("_FILE"):
            key, value = key.removesuffix("_FILE"), _secret(variable, Path(value))
        path = tuple(key.lower().split("__"))
        block = data
        for part in path[:-1]:
            block = block.setdefault(part, {}) if isinstance(block, dict) else {}
        if isinstance(block, dict):
            block[path[-1]] = value
        origins[path] = variable
    return origins


def _secret(variable: str, path: Path) -> str:
    place = Place(f"environment variable {variable}")
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        message = f"the file {path} cannot be read ({getattr(error, 'strerror', None) or 'no text'})"
        raise Refused([Fault(place, message, "Check the path.")]) from None
    if not secret:
        raise Refused([Fault(place, f"the file {path} is empty", "Write the secret into it.")])
    return secret


def _named(fault: Fault, key: KeyPath, origins: Mapping[KeyPath, str]) -> Fault:
    """The fault, with the variable as its place where the value came from the environment."""
    is_unknown = bool(key) and key[0] not in Config.model_fields  # the fault is told of the block, not of the value
    named = (origin for path, origin in origins.items() if path[:1] == key[:1]) if is_unknown else ()
    variable = origins.get(key) or next(iter(named), None)
    place = Place(f"environment variable {variable}") if variable else fault.place
    return Fault(place, fault.message, fault.remedy)


def _anchored(config: Config, folder: Path) -> Config:
    avatar = config.matrix.avatar
    matrix = config.matrix.model_copy(update={"avatar": folder / avatar if avatar else None})
    knowledge = folder / config.knowledge if config.knowledge else None
    return config.model_copy(update={"matrix": matrix, "data": folder / config.data, "knowledge": knowledge})
