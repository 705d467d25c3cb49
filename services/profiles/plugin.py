"""Profiles as a `Service`."""

from services.core.events.handler import Handler
from services.core.personal import Personal
from services.core.service import Job, Service
from services.profiles.controllers import (
    AvatarController,
    BannerController,
    PeopleController,
    ProfileController,
    ProfileImageController,
)
from services.profiles.events import AccountDeleted, AccountOpened, AccountUpgraded
from services.profiles.repository import exported
from services.profiles.service import Profiles
from services.profiles.settings import ProfilesSettings

SERVICE = Service(
    "profiles",
    Profiles,
    settings=ProfilesSettings,
    controllers=[ProfileController, AvatarController, BannerController, ProfileImageController],
    parts=lambda profiles: {"images": profiles.images},
    internal_controllers=[PeopleController],
    handlers=[
        Handler(AccountOpened, Profiles.on_account_opened),
        Handler(AccountUpgraded, Profiles.on_account_upgraded),
    ],
    jobs=[Job("images", 60.0, Profiles.sweep)],
    personal=Personal(AccountDeleted, Profiles.erase, exported),
)
