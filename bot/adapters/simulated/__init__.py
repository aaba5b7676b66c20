"""In-memory ports: `ask`, dry runs and the tests use them instead of a homeserver, a database and a mail server."""

from bot.adapters.simulated.cases import SimulatedCases, SimulatedRooms
from bot.adapters.simulated.clock import SimulatedClock
from bot.adapters.simulated.keeping import SimulatedAdditions, SimulatedAdminRoom
from bot.adapters.simulated.mailer import SimulatedMailer
from bot.adapters.simulated.outbox import SimulatedOutbox
from bot.adapters.simulated.replies import SimulatedReplies
from bot.adapters.simulated.store import SimulatedStore

__all__ = [
    "SimulatedAdditions",
    "SimulatedAdminRoom",
    "SimulatedCases",
    "SimulatedClock",
    "SimulatedMailer",
    "SimulatedOutbox",
    "SimulatedReplies",
    "SimulatedRooms",
    "SimulatedStore",
]
