"""Profiles: who somebody is to others; handle, name, words about themselves, links.

Owns: profiles, one for each user account; guests have none.
Publishes: `profiles.profile.changed`.
Consumes: `auth.account.opened`, `auth.account.upgraded`.
"""

from services.core.events.handler import Handler
from services.core.service import Service
from services.profiles.controllers import ProfileController
from services.profiles.events import AccountOpened, AccountUpgraded, on_account_opened, on_account_upgraded
from services.profiles.service import Profiles

SERVICE = Service(
    "profiles",
    Profiles,
    controllers=[ProfileController],
    handlers=[
        Handler("auth", AccountOpened, on_account_opened),
        Handler("auth", AccountUpgraded, on_account_upgraded),
    ],
)
