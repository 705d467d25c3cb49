"""Profiles as a `Service`."""

from services.core.events.handler import Handler
from services.core.service import Service
from services.profiles.controllers import PeopleController, ProfileController
from services.profiles.events import AccountOpened, AccountUpgraded
from services.profiles.service import Profiles

SERVICE = Service(
    "profiles",
    Profiles,
    controllers=[ProfileController],
    internal_controllers=[PeopleController],
    handlers=[
        Handler(AccountOpened, Profiles.on_account_opened),
        Handler(AccountUpgraded, Profiles.on_account_upgraded),
    ],
)
