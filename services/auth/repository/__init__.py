"""Every SQL statement of Auth."""

from services.auth.repository.accounts import (
    AccountRepository,
    ArchiveRepository,
    AuditRepository,
    DepartureRepository,
    LetterRepository,
    exported,
)
from services.auth.repository.keys import KEYS, KeyRepository, SigningKeyRepository
from services.auth.repository.sessions import SESSIONS, SessionRepository

__all__ = [
    "KEYS",
    "SESSIONS",
    "AccountRepository",
    "ArchiveRepository",
    "AuditRepository",
    "DepartureRepository",
    "KeyRepository",
    "LetterRepository",
    "SessionRepository",
    "SigningKeyRepository",
    "exported",
]
