"""What can go wrong with the homeserver, in an admin's words, without naming persons or rooms."""

from typing import TypeVar

import nio

Answered = TypeVar("Answered")


class MatrixError(Exception):
    """The homeserver did not do what it was asked; it may do so later."""


class Denied(MatrixError):
    """The homeserver refuses for good: asking again is no use."""


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
    if response.status_code == "M_UNKNOWN_TOKEN":
        raise LoggedOut(
            "the homeserver has revoked the bot's access token; delete session.json in the data folder to log in as a "
            "new device, or configure a new access token"
        )
    status = response.transport_response.status if response.transport_response else 0
    final = 400 <= status < 500 and status not in (408, 429)
    raise (Denied if final else MatrixError)(f"the homeserver refused {what}: {response.status_code or status}")
