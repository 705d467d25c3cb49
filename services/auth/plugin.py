"""Auth as a `Service`."""

from services.auth.controllers import CONTROLLERS, INTERNAL_CONTROLLERS, ROOT_CONTROLLERS
from services.auth.repository.accounts import ARCHIVE_DUE
from services.auth.service import Auth
from services.auth.service.archives import EXPORTING
from services.auth.settings import AuthSettings
from services.auth.signing import SEAL_KEY, new_seal_key
from services.core.service import Job, Service

SERVICE = Service(
    "auth",
    Auth,
    settings=AuthSettings,
    controllers=CONTROLLERS,
    root_controllers=ROOT_CONTROLLERS,
    internal_controllers=INTERNAL_CONTROLLERS,
    jobs=[
        Job("announce-ended-sessions", 2, Auth.announce),
        Job("signing-keys", 5, Auth.renew_keys),
        Job("gateway-keys", 5, Auth.publish_keys),
        Job("forget-old-sessions", 3_600, Auth.forget),
        Job("delete-accounts", 60, Auth.delete_due),
        Job("archives", 2, Auth.prepare_archives, ARCHIVE_DUE),
    ],
    secrets={SEAL_KEY: new_seal_key},
    mail=True,
    needs=EXPORTING,
)
