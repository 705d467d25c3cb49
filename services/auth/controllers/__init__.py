"""Auth over HTTP."""

from services.auth.controllers.accounts import AccountController, GuestController
from services.auth.controllers.keys import KeyController
from services.auth.controllers.leaving import LeavingController
from services.auth.controllers.letters import LetterController
from services.auth.controllers.sessions import SessionController
from services.auth.controllers.well_known import WellKnownController

CONTROLLERS = [
    AccountController,
    GuestController,
    SessionController,
    KeyController,
    LetterController,
    LeavingController,
]
ROOT_CONTROLLERS = [WellKnownController]

__all__ = ["CONTROLLERS", "ROOT_CONTROLLERS"]
