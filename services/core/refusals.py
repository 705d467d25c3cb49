"""Values that break a rule: all of a request's are found, then it is refused with 422, so that people mend it once.

Limits stand in the schemas for readers of the API's description (`text_limits`, `number_limits`), in the form that
Litestar passes on; were they msgspec's own, the first broken one would be answered with 400. `Refusals` checks them.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Meta

from services.core.problems import FieldError, Problem, refused

_MOST_ERRORS = 50


def text_limits(longest: int, least: int = 0, **more: Any) -> Meta:
    """Describe a text of `least` to `longest` characters; `more` is `Meta`'s."""
    return Meta(extra_json_schema={"extra": {"min_length": least, "max_length": longest}}, **more)


def number_limits(least: int, most: int, description: str) -> Meta:
    """Describe a number from `least` to `most`."""
    return Meta(extra_json_schema={"extra": {"minimum": least, "maximum": most}}, description=description)


def list_limits(most: int, least: int = 0, **more: Any) -> Meta:
    """Describe a list of `least` to `most` items; `more` is `Meta`'s."""
    return Meta(extra_json_schema={"extra": {"min_items": least, "max_items": most}}, **more)


class Refusals:
    """The fields that were refused so far.

    Args:
        slug: The problem's, for example `poll-refused`.
    """

    def __init__(self, slug: str) -> None:
        self._slug = slug
        self.errors: list[FieldError] = []

    def add(self, field: str, message: str, **limits: Any) -> None:
        """Refuse a field; `limits` are `FieldError`'s."""
        self.errors.append(FieldError(field, message, **limits))

    def text(
        self, field: str, clean: Callable[[str, int], str], value: str, longest: int, *, required: bool = True
    ) -> str:
        """Return a text cleaned, or refuse it.

        Args:
            field: Its path in the body.
            clean: `clean_line`, `clean_text` or what else raises ValueError with a sentence for people.
            value: What somebody wrote.
            longest: How many characters at most.
            required: Whether it may not be empty.
        """
        if not required and not value.strip():
            return ""
        least = 1 if required else None
        if len(value) > 10 * longest:  # not worth looking through
            reason = f"This is too long: {len(value)} characters, and at most {longest} fit."
            self.add(field, reason, min_length=least, max_length=longest)
            return ""
        try:
            return clean(value, longest)
        except ValueError as exc:
            self.add(field, str(exc), min_length=least, max_length=longest)
            return ""

    def number(self, field: str, value: int | None, least: int, most: int) -> None:
        """Refuse a number outside of its range."""
        if value is not None and not least <= value <= most:
            self.add(field, f"must be from {least} to {most}", minimum=least, maximum=most)

    def check(self) -> None:
        """Refuse the request if a field was refused.

        Raises:
            Problem: 422 that names every refused field.
        """
        if self.errors:
            raise self.problem()

    def problem(self) -> Problem:
        """Return what is answered."""
        first = self.errors[0]
        more = f" And {len(self.errors) - 1} more; 'errors' names them." if len(self.errors) > 1 else ""
        detail = f"{first.field}: {first.message.rstrip('.')}.{more}"
        return refused(self._slug, detail, *self.errors[:_MOST_ERRORS])
