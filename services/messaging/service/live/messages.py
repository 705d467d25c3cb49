"""What the states, events and signals of Messaging's streams look like, beside those of the API."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from services.messaging.schemas import ConversationMember, ConversationSummary, MessageView


class LiveConversation(Struct, frozen=True, kw_only=True):
    """A conversation at its position."""

    title: str
    members: list[ConversationMember]
    messages: Annotated[list[MessageView], Meta(description="The newest; the list has what is before.")]


class LiveConversations(Struct, frozen=True):
    """One's conversations and requests, those that were written in last."""

    conversations: list[ConversationSummary]


class ConversationChange(Struct, frozen=True, tag="conversation"):
    """A conversation of yours is new or different."""

    conversation: Annotated[ConversationSummary, Meta(description="As it is now; takes the place of what you have.")]


class ConversationGone(Struct, frozen=True, tag="gone"):
    """You are in this conversation no longer, or have declined it."""

    id: UUID


class Presence(Struct, frozen=True):
    """Whether somebody is there. Who shows it to nobody, or not to you, looks `away`."""

    state: Annotated[
        Literal["active", "idle", "away"],
        Meta(description="`active`: they look at it. `idle`: it is open somewhere. `away`: neither."),
    ]
    heard_at: Annotated[
        datetime | None,
        Meta(description="When their device said so last; it holds for three minutes. Null while they are away."),
    ]


class Typing(Struct, frozen=True, tag="typing"):
    """Somebody is writing: for fifteen seconds, unless they say it again or their message comes."""

    account: UUID
