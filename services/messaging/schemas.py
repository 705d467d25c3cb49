"""What goes over the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from services.core.cases import schemas as cases
from services.core.images.documents import SUFFIXES
from services.core.images.images import MAX_BYTES, TYPES
from services.core.people import LogEntry, PersonView
from services.core.refusals import list_limits, text_limits

MAX_TEXT = 4_000
MAX_TITLE = 100
MAX_CLIENT_ID = 64
MAX_MEMBERS = 100
MAX_QUERY = 200
MAX_ATTACHMENTS = 4
MAX_DESCRIPTION = 500
MAX_NAME = 120
MOST_CHANGES = 300
"""Changes that are told one by one; whoever is further behind begins anew."""

Kind = Literal["direct", "group"]
Role = Literal["owner", "admin", "member"]
State = Literal["active", "requested", "left"]
ReportReason = Literal["spam", "abuse", "illegal", "other"]
What = Literal["sent", "edited", "deleted", "reacted"]

Position = Annotated[int, Meta(description="The conversation's: each thing that happens in it takes the next.")]


class AttachmentAsk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture or file that is to be uploaded."""

    content_type: Annotated[
        str,
        Meta(
            extra_json_schema={"extra": {"enum": [*TYPES, *SUFFIXES]}},
            description=f"The file has {MAX_BYTES // 1_000_000} MB at most.",
            examples=["image/jpeg"],
        ),
    ]
    name: Annotated[str, text_limits(MAX_NAME, description="What a file is called; of pictures it isn't kept.")] = ""


class AttachmentNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that was uploaded, to go with a message."""

    attachment: UUID
    description: Annotated[
        str, text_limits(MAX_DESCRIPTION, description="What a picture shows, for those who don't see it.")
    ] = ""


class ImageAttachment(Struct, frozen=True, kw_only=True, tag="image"):
    """A picture that goes with a message. Each of its three sizes is WebP, and is read with a token."""

    id: UUID
    small: Annotated[str, Meta(description="Fits into 320 × 640 pixels.")]
    medium: Annotated[str, Meta(description="Fits into 960 × 1920 pixels.")]
    large: Annotated[str, Meta(description="Fits into 1920 × 2560 pixels.")]
    width: Annotated[int, Meta(description="Of the largest, in pixels.")]
    height: Annotated[int, Meta(description="Of the largest, in pixels.")]
    description: Annotated[str, Meta(description="What it shows; may be empty.")]


class FileAttachment(Struct, frozen=True, kw_only=True, tag="file"):
    """A file that goes with a message. Ask for a link to download it."""

    id: UUID
    name: str
    content_type: str
    size: Annotated[int, Meta(description="In bytes.")]
    description: Annotated[str, Meta(description="What it is, in its sender's words; may be empty.")]


AnyAttachment = ImageAttachment | FileAttachment


class AttachmentLink(Struct, frozen=True, kw_only=True):
    """Where a file is downloaded; whoever has the link needs no token for it."""

    url: str
    expires_in: Annotated[int, Meta(description="For how long it holds, in seconds.")]


class MessageNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody writes."""

    client_id: Annotated[
        str,
        text_limits(
            MAX_CLIENT_ID,
            1,
            description="Your own name for this message, new for each, such as a UUID; sent again, it is the same one.",
        ),
    ]
    text: Annotated[str, text_limits(MAX_TEXT, description="May be empty where something is attached.")]
    reply_to: Annotated[UUID | None, Meta(description="The message that this one answers.")] = None
    attachments: Annotated[
        list[AttachmentNew], list_limits(MAX_ATTACHMENTS, description="What goes with it, in its order.")
    ] = []


class MessageEdit(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody writes instead."""

    text: Annotated[str, text_limits(MAX_TEXT, 1)]


class MessageEmoji(Struct, frozen=True, forbid_unknown_fields=True):
    """How somebody reacts."""

    emoji: Annotated[str, Meta(description="One emoji.", examples=["👍"])]


class MessageReaction(Struct, frozen=True):
    """An emoji, and who reacts with it."""

    emoji: str
    accounts: Annotated[list[UUID], Meta(description="The first to react comes first.")]


class MessageView(Struct, frozen=True, kw_only=True):
    """A message. It is the same for all who read it."""

    id: UUID
    conversation: UUID
    seq: Annotated[int, Meta(description="Its place in the conversation: sort by it.")]
    client_id: Annotated[str, Meta(description="The sender's name for it.")]
    sender: PersonView
    text: Annotated[str | None, Meta(description="Null once it is deleted.")]
    reply_to: Annotated[UUID | None, Meta(description="The message that it answers.")]
    attachments: Annotated[list[AnyAttachment], Meta(description="Nothing once it is deleted.")]
    reactions: list[MessageReaction]
    deleted: bool
    edits: Annotated[int, Meta(description="How often it was edited.")]
    sent_at: datetime
    edited_at: datetime | None


class MessageRevision(Struct, frozen=True):
    """What a message said before it was edited."""

    text: str
    at: Annotated[datetime, Meta(description="Since when it said so.")]


class MessageReport(cases.ReportNew, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why somebody thinks that a message shouldn't have been sent."""

    reason: ReportReason


class MessageReportView(cases.ReportView, frozen=True, kw_only=True):
    """A report of a message, for moderators."""

    reason: ReportReason


class MessageCase(cases.CaseFacts, frozen=True, kw_only=True):
    """A reported message, for moderators: they see nothing else of its conversation."""

    message: UUID
    sender: PersonView
    text: Annotated[str, Meta(description="What it said when it was reported.")]
    attachments: Annotated[list[AnyAttachment], Meta(description="What goes with it, until the case is decided.")]
    sent_at: datetime


class MessageDecision(cases.DecisionNew, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a moderator decides about a reported message."""

    outcome: Annotated[
        Literal["upheld", "dismissed"], Meta(description="`upheld`: the report was right. `dismissed`: it wasn't.")
    ]


class MessageLogEntry(LogEntry, frozen=True, kw_only=True):
    """What a moderator decided about a message."""

    message: UUID


class ConversationMember(Struct, frozen=True, kw_only=True):
    """Somebody in a conversation."""

    person: PersonView
    role: Role
    state: Annotated[State, Meta(description="`requested`: they haven't accepted yet. `left`: only in changes.")]
    read: Annotated[int | None, Meta(description="Up to where they have read; null where they don't show it.")]
    joined_at: datetime


class ConversationSummary(Struct, frozen=True, kw_only=True):
    """A conversation in one's list, as far as changes of the list tell of it."""

    id: UUID
    kind: Kind
    title: Annotated[str, Meta(description="A group's; empty in a direct one.")]
    other: Annotated[PersonView | None, Meta(description="The other person; null in a group.")]
    role: Annotated[Role, Meta(description="Yours.")]
    state: Annotated[State, Meta(description="`requested`: it waits for you to accept it.")]
    waiting: Annotated[bool, Meta(description="Your first message waits for them to accept it.")]
    read: Annotated[int, Meta(description="Up to where you have read.")]
    unread: Annotated[int, Meta(description="Messages of others after that.")]
    last: Annotated[MessageView | None, Meta(description="The last message.")]


class ConversationView(ConversationSummary, frozen=True, kw_only=True):
    """A conversation, as the one who asks sees it in a list."""

    seq: Annotated[int, Meta(description="The position of the last change in it.")]


class ConversationDetail(Struct, frozen=True):
    """A conversation, and who is in it."""

    conversation: ConversationView
    members: Annotated[list[ConversationMember], Meta(description="Those who joined first come first.")]


class GroupNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group to make."""

    title: Annotated[str, text_limits(MAX_TITLE, 1)]
    members: Annotated[list[UUID], list_limits(MAX_MEMBERS - 1, description="Accounts beside your own.")]


class GroupEdit(Struct, frozen=True, forbid_unknown_fields=True):
    """What a group is called instead."""

    title: Annotated[str, text_limits(MAX_TITLE, 1)]


class MemberRole(Struct, frozen=True, forbid_unknown_fields=True):
    """As what somebody is in a group."""

    role: Annotated[Role, Meta(description="`owner` hands the group over; you are an admin then.")] = "member"


class RequestAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of a request."""

    accept: bool


class ReadPosition(Struct, frozen=True, forbid_unknown_fields=True):
    """How far somebody has read."""

    seq: Annotated[int, Meta(description="The `seq` of the last message that was seen.")]


class MessageChange(Struct, frozen=True, tag="message"):
    """A message is new or different."""

    seq: Position
    what: What
    message: Annotated[MessageView, Meta(description="As it is now: put it in the place of what you have.")]


class MemberChange(Struct, frozen=True, tag="member"):
    """Somebody has joined, accepted or left, or has another role."""

    seq: Position
    member: ConversationMember


class ReadChange(Struct, frozen=True, tag="read"):
    """Somebody lets others see how far they have read."""

    seq: Position
    account: UUID
    read: int


class TitleChange(Struct, frozen=True, tag="title"):
    """The group is called something else."""

    seq: Position
    title: str


AnyChange = MessageChange | MemberChange | ReadChange | TitleChange


class ConversationSnapshot(Struct, frozen=True, kw_only=True):
    """A conversation at its position, for those who begin anew."""

    conversation: ConversationView
    members: list[ConversationMember]
    messages: Annotated[list[MessageView], Meta(description="The newest; the list has what is before.")]


class ConversationChanges(Struct, frozen=True, kw_only=True):
    """What has happened in a conversation since a position."""

    seq: Annotated[int, Meta(description="Ask after this one next.")]
    changes: Annotated[list[AnyChange], Meta(description="In their order.")]
    reset: Annotated[
        ConversationSnapshot | None, Meta(description="Throw away what you have and take this: too much has happened.")
    ]


class UnreadCount(Struct, frozen=True):
    """How much one hasn't read, requests left out."""

    conversations: int
    messages: int
    requests: Annotated[int, Meta(description="How many requests wait.")]


class MessagingPreferences(Struct, frozen=True):
    """What one lets others see."""

    receipts: Annotated[bool, Meta(description="Others see how far you have read.")]
    presence: Annotated[bool, Meta(description="Those whom you converse with see whether you are there.")]


class MessagingPreferencesNew(Struct, frozen=True, forbid_unknown_fields=True):
    """What one lets others see from now on; what is left out stays."""

    receipts: Annotated[bool | UnsetType, Meta(description="Others see how far you read.")] = UNSET
    presence: Annotated[
        bool | UnsetType, Meta(description="Those whom you converse with see whether you are there.")
    ] = UNSET
