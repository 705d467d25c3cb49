"""Who follows streams."""

from uuid import UUID

from services.core.identity.subject import Kind
from services.core.live.source import Viewer
from services.core.problems import Problem, missing_scope, not_for_guests, unauthenticated

_SCOPE = "messages:read"


def account_of(viewer: Viewer) -> UUID | Problem:
    """Return whose account a viewer shows; else why they may follow nothing."""
    subject = viewer.subject
    if subject is None:
        return unauthenticated()
    if subject.kind is not Kind.USER:
        return not_for_guests()
    return subject.id if subject.may(_SCOPE) else missing_scope(_SCOPE)
