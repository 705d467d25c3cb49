"""What Auth's mails say, in each language."""

from collections.abc import Mapping
from datetime import datetime

from services.core.aws.mail import Mail
from services.core.letters import Act, written
from services.core.spoken import Language

_MONTHS: Mapping[Language, tuple[str, ...]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "de": (
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
}


def confirm(language: Language, to: str, url: str) -> Mail:
    """Ask whether an address is the reader's.

    Args:
        language: Theirs.
        to: The address.
        url: Where they say so; its token stands behind the `#`, which browsers send to nobody.
    """
    if language == "de":
        return _mail(
            language,
            to,
            "Bestätige deine E-Mail-Adresse",
            "Bitte bestätige innerhalb eines Tages, dass dies die Adresse deines VoteWave-Kontos ist.",
            Act("Adresse bestätigen", url),
            "Wenn du kein Konto hast, hat sich jemand bei der eigenen Adresse vertippt. Dann tu nichts, und diese "
            "Adresse wird nicht verwendet.",
        )
    return _mail(
        language,
        to,
        "Confirm your e-mail address",
        "Please confirm that this is the address of your VoteWave account, within a day.",
        Act("Confirm the address", url),
        "If you have no account, somebody has mistyped theirs. Do nothing, and this address isn't used.",
    )


def reset(language: Language, to: str, url: str) -> Mail:
    """Let the reader choose another password.

    Args:
        language: Theirs.
        to: Their address.
        url: Where they do; its token stands behind the `#`.
    """
    if language == "de":
        return _mail(
            language,
            to,
            "Setze dein VoteWave-Passwort zurück",
            "Jemand, wahrscheinlich du, möchte das Passwort deines VoteWave-Kontos zurücksetzen. Innerhalb einer "
            "Stunde kannst du ein neues wählen.",
            Act("Neues Passwort wählen", url),
            "Damit enden alle Sitzungen und API-Schlüssel. Wenn du es nicht warst, tu nichts: Dein Passwort bleibt, "
            "wie es ist.",
        )
    return _mail(
        language,
        to,
        "Reset your VoteWave password",
        "Somebody, probably you, wants to reset the password of your VoteWave account. You can choose a new one within "
        "an hour.",
        Act("Choose a new password", url),
        "All sessions and API keys end when you do. If it wasn't you, do nothing: your password stays as it is.",
    )


def changed(language: Language, before: str) -> Mail:
    """Say at the address before that there is another one now."""
    if language == "de":
        return _mail(
            language,
            before,
            "Deine Adresse bei VoteWave wurde geändert",
            "Die E-Mail-Adresse deines VoteWave-Kontos wurde geändert, und alle Sitzungen sind beendet.",
            "Wenn du es nicht warst, sag uns sofort Bescheid: Wer das getan hat, kennt dein Passwort.",
        )
    return _mail(
        language,
        before,
        "Your VoteWave address was changed",
        "The e-mail address of your VoteWave account was changed, and all sessions have ended.",
        "If it wasn't you, tell us at once: whoever did it knows your password.",
    )


def leaving(language: Language, to: str, due_at: datetime) -> Mail:
    """Say when an account will be deleted, and how it can be kept."""
    month = _MONTHS[language][due_at.month - 1]
    if language == "de":
        return _mail(
            language,
            to,
            "Dein VoteWave-Konto wird gelöscht",
            f"Dein VoteWave-Konto wird am {due_at.day}. {month} {due_at:%Y um %H:%M} UTC gelöscht. Alle seine "
            "Sitzungen sind beendet.",
            "Wenn du es behalten willst, melde dich vorher an. Wenn nicht du darum gebeten hast, melde dich an und "
            "ändere dein Passwort: Wer das getan hat, kennt es.",
        )
    return _mail(
        language,
        to,
        "Your VoteWave account will be deleted",
        f"Your VoteWave account will be deleted on {due_at.day} {month} {due_at:%Y at %H:%M} UTC. All its sessions "
        "have ended.",
        "If you want to keep it, sign in before that. If it wasn't you who asked for this, sign in and change your "
        "password: whoever did it knows it.",
    )


def kept(language: Language, to: str) -> Mail:
    """Say that an account stays, since somebody has signed in to it."""
    if language == "de":
        return _mail(
            language,
            to,
            "Dein VoteWave-Konto bleibt",
            "Jemand, wahrscheinlich du, hat sich bei deinem VoteWave-Konto angemeldet, das gelöscht werden sollte. "
            "Darum bleibt es.",
            "Seine API-Schlüssel sind beendet. Wenn es doch gelöscht werden soll, bitte noch einmal darum.",
        )
    return _mail(
        language,
        to,
        "Your VoteWave account stays",
        "Somebody, probably you, has signed in to your VoteWave account, which was to be deleted. So it stays.",
        "API keys that it had have ended. If you want it to be deleted after all, ask for that again.",
    )


def _mail(language: Language, to: str, subject: str, *parts: str | Act) -> Mail:
    text, html = written(language, subject, parts)
    return Mail(to=to, subject=subject, text=text, html=html)
