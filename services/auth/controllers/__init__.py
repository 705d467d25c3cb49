"""Auth over HTTP."""

from services.auth.controllers.accounts import AccountController, GuestController
from services.auth.controllers.internal import AddressController
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
INTERNAL_CONTROLLERS = [AddressController]

__all__ = ["CONTROLLERS", "INTERNAL_CONTROLLERS", "ROOT_CONTROLLERS"]
