"""Auth: who somebody is; accounts, guests, sessions, API keys, roles, and the keys that sign access tokens.

Owns: accounts, sessions with their refresh tokens, API keys, signing keys, the audit log of all these.
Publishes: `auth.account.opened`, `auth.account.upgraded`.
Consumes: nothing.
"""

from services.auth.controllers import CONTROLLERS, ROOT_CONTROLLERS
from services.auth.service import Auth
from services.auth.settings import AuthSettings
from services.auth.signing import SEAL_KEY, new_seal_key
from services.core.service import Job, Service

SERVICE = Service(
    "auth",
    Auth,
    settings=AuthSettings,
    controllers=CONTROLLERS,
    root_controllers=ROOT_CONTROLLERS,
    jobs=[
        Job("announce-ended-sessions", 10, Auth.announce),
        Job("signing-keys", 5, Auth.renew_keys),
        Job("gateway-keys", 5, Auth.publish_keys),
        Job("forget-old-sessions", 3_600, Auth.forget),
    ],
    secrets={SEAL_KEY: new_seal_key},
    mail=True,
)
