"""Addresses and passwords in requests, checked."""

from services.auth import emails, passwords
from services.core.problems import FieldError, Problem, refused


def email(raw: str) -> tuple[str, str]:
    """Return an address as it is kept and as it is compared.

    Raises:
        Problem: 422.
    """
    try:
        return emails.normalise(raw)
    except ValueError as exc:
        raise refused("email-refused", f"This is {exc}.", FieldError("email", str(exc))) from exc


def credentials(address: str, new_password: str) -> tuple[str, str, str]:
    """Return an address as it is kept and as it is compared, and a new password as it is hashed.

    Raises:
        Problem: 422 that names both, if both are wrong.
    """
    try:
        kept, key = email(address)
    except Problem as problem:
        try:
            passwords.accept(new_password, address)
        except ValueError as exc:
            errors = (*problem.errors, FieldError("password", str(exc)))
            raise refused(problem.slug, problem.detail, *errors) from exc
        raise
    return kept, key, password("password", new_password, kept)


def password(field: str, raw: str, address: str) -> str:
    """Return a new password as it is hashed; `address` is what it may not resemble.

    Raises:
        Problem: 422.
    """
    try:
        return passwords.accept(raw, address)
    except ValueError as exc:
        raise _bad_password(field, exc) from exc


def plain(field: str, raw: str) -> str:
    """Return a password that somebody says they have, as it is hashed.

    Raises:
        Problem: 422.
    """
    try:
        return passwords.normalise(raw)
    except ValueError as exc:
        raise _bad_password(field, exc) from exc


def _bad_password(field: str, reason: ValueError) -> Problem:
    return refused("password-refused", f"Choose another password: {reason}.", FieldError(field, str(reason)))
