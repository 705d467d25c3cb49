"""What people are told of, and by which channels."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

Kind = Literal[
    "follow",
    "follow_request",
    "mention",
    "reaction",
    "ripple",
    "comment",
    "reply",
    "thread",
    "moderation",
    "restored",
    "poll_opened",
    "poll_closing",
    "poll_closed",
    "message",
    "message_request",
]
Channel = Literal["in_app", "email", "push"]

KINDS: tuple[Kind, ...] = get_args(Kind)
CHANNELS: tuple[Channel, ...] = get_args(Channel)

_CONCERNS_MOST: frozenset[Kind] = frozenset(
    {
        "follow_request",
        "mention",
        "reply",
        "moderation",
        "restored",
        "poll_opened",
        "poll_closing",
        "poll_closed",
        "message",
    }
)

UNASKED: Mapping[Channel, frozenset[Kind]] = MappingProxyType(
    {"in_app": frozenset(KINDS), "email": _CONCERNS_MOST, "push": _CONCERNS_MOST}
)
"""What people are told of by a channel unless they choose otherwise."""

ABOUT_ME: frozenset[Kind] = frozenset({"follow", "follow_request"})
"""Kinds whose subject is the recipient's own account; that of others is a Wave, a poll or a comment."""

WRITTEN: frozenset[Kind] = frozenset({"message", "message_request"})
"""Kinds whose subject is a conversation that the recipient is in. They say who wrote, and never what."""

CAUSED: frozenset[Kind] = frozenset({"ripple", "comment", "thread"})
"""Kinds of which each happening is a Ripple or a comment itself, which may be gone while others still stand."""
