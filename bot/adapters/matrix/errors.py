"""What can go wrong with the homeserver, in an admin's words, without naming persons or rooms."""

from collections.abc import Mapping
from typing import Any, TypeVar

import nio

Answered = TypeVar("Answered")


class MatrixError(Exception):
    """The homeserver did not do what it was asked; it may do so later."""


class Limited(MatrixError):
    """The homeserver limits how much the bot may do."""


class Denied(MatrixError):
    """Asking again is no use, most often because the homeserver refuses for good."""


class GivenUp(Denied):
    """The homeserver failed at it again and again, and asking once more is no use, either."""


class Forbidden(Denied):
    """The bot has no right to it: it is not in the room, or may not do this there."""


class Unsupported(Denied):
    """The homeserver does not know what it is asked for."""


class ProofWanted(Denied):
    """The homeserver wants to be shown that it is really us (client-server API, "User-interactive authentication")."""

    def __init__(self, text: str, told: Mapping[str, Any]) -> None:
        super().__init__(text)
        self.told = told


class CannotLogIn(MatrixError):
    """The account cannot be used as it is configured."""


class LoggedOut(MatrixError):
    """The homeserver does not know the access token any more."""


def accepted(response: Answered | nio.ErrorResponse, what: str) -> Answered:
    """`response`, if the homeserver did what it was asked; `what` says what that was.

    Raises:
        LoggedOut: it does not know our access token.
        Denied: it refuses for good.
        MatrixError: it could not do it now.
    """
    if not isinstance(response, nio.ErrorResponse):
        return response
    status = response.transport_response.status if response.transport_response else 0
    raise refusal(status, {"errcode": response.status_code}, what)


def is_final(answer: object) -> bool:
    """Whether the answer, or what was raised in its place, says that the homeserver refuses for good."""
    if isinstance(answer, nio.ErrorResponse):
        try:
            accepted(answer, "it")
        except MatrixError as error:
            answer = error
    return isinstance(answer, Denied) and not isinstance(answer, GivenUp)


def refusal(status: int, told: Mapping[str, Any], what: str) -> MatrixError:
    """What an answer other than 200 means; `told` is its body."""
    code = told.get("errcode")
    if code == "M_UNKNOWN_TOKEN":
        return LoggedOut(
            "the homeserver has revoked the bot's access token: configure a `password`, or a new `access_token` with "
            "its `device_id`"
        )
    text = f"the homeserver {'garbled' if status == 200 else 'refused'} {what}: {code or status}"
    if status == 401 and "flows" in told:
        return ProofWanted(text, told)
    if status in (404, 405) and code in (None, "M_UNRECOGNIZED"):
        return Unsupported(text)
    if code == "M_FORBIDDEN":
        return Forbidden(text)
    if status == 429:
        return Limited(text)
    final = 400 <= status < 500 and status != 408
    return (Denied if final else MatrixError)(text)
