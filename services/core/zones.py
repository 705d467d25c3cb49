"""Time zones by their names in the IANA database."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LONGEST = 100


def is_zone(name: str) -> bool:
    """Say whether there is a time zone of this name in the IANA database."""
    try:
        return len(name) <= LONGEST and ZoneInfo(name) is not None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name may be no path that can be looked for
        return False
