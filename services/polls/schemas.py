"""What Polls takes and gives over the wire.

Limits stand here for readers of the API's description; they are checked in `definition.py`.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from services.core.forms import Edit
from services.core.people import LogEntry, PersonView
from services.core.refusals import list_limits, number_limits, text_limits
from services.polls import method_schemas
from services.polls.method_schemas import MethodNew, MethodView
from services.polls.methods import Eligibility, Listing, Status, Strength, Visibility

MAX_TITLE = 200
MAX_DESCRIPTION = 10_000
MIN_OPTIONS = 2
MAX_OPTIONS = method_schemas.MAX_OPTIONS
CARD_OPTIONS = 10
"""How many options a card shows; VoteBooth shows the sums of as many beside them."""
MAX_LABEL = 200
MAX_OPTION_DESCRIPTION = 2_000
MAX_LINK = 2_000
MAX_NOTE = 1_000
MAX_NOTES = 20
MAX_MINIMUM = 1_000_000
MAX_QUORUM = 1_000_000_000

_TITLE = text_limits(MAX_TITLE, 1, examples=["Where shall we have lunch?"])
_DESCRIPTION = text_limits(MAX_DESCRIPTION, description="Plain text with line breaks.")
_OPTIONS = list_limits(
    MAX_OPTIONS,
    MIN_OPTIONS,
    examples=[[{"label": "Trattoria"}, {"label": "Noodle bar"}]],
)
_OPTIONS_EDIT = list_limits(
    MAX_OPTIONS,
    MIN_OPTIONS,
    description="All of them, in their order: an option that isn't here is removed.",
    examples=[[{"id": 1}, {"id": 2, "label": "Noodle bar"}, {"label": "Falafel"}]],
)
_METHOD = Meta(
    description="Of the poll's own type: parameters that are left out stay, and null takes the default back. "
    "Of another type: it replaces the method, and what is left out has its default."
)
_OPENS = Meta(
    description="RFC 3339 with an offset or Z. Left out, or past: when it is published.",
    examples=["2026-12-01T09:00:00+01:00"],
)
_CLOSES = Meta(
    description="RFC 3339 with an offset or Z. Left out: when the owner closes it.",
    examples=["2026-12-01T18:00:00+01:00"],
)
_ZONE = Meta(
    description="In which the owner means the times, by its name in the IANA database. Readers elsewhere are shown the "
    "times in it beside their own.",
    examples=["Europe/Riga"],
)
_RANDOM = Meta(description="Clients show the options to each voter in an order of their own.")
_LISTING = Meta(
    description="public: in lists, for everybody. unlisted: in none but the owner's, reached by link or code alone. "
    "followers: for those who follow the owner; to everybody else there is no such poll. Default public."
)
_RESULTS = Meta(description="Who sees results, and when. Default always.")
_MINIMUM = number_limits(0, MAX_MINIMUM, "No result is released below this many ballots. Default 0.")
_ELIGIBILITY = Meta(
    description="Who may vote. followers: who follows the owner, and the owner. Default signed_in; where listing is "
    "followers, it is signed_in or followers."
)
_STRENGTH = Meta(
    description="What makes two ballots one voter's. anyone: guest (default) or network; signed_in, followers: account."
)
_ANONYMOUS = Meta(description="Nobody can join a ballot to a voter. Can't be undone once published.")
_CHANGE = Meta(description="Whether a voter may change their ballot. Default true.")
_WITHDRAW = Meta(description="Whether a voter may withdraw their ballot. Default as `change`; it can't go further.")
_ABSTAIN = Meta(description="Whether a ballot may abstain. Default false.")
_QUORUM = number_limits(1, MAX_QUORUM, "How many ballots make the result binding. Default none.")


class OptionNew(Struct, frozen=True, forbid_unknown_fields=True):
    """An option of a new poll. It gets its `id` from us; a request that brings one is refused."""

    label: Annotated[str, text_limits(MAX_LABEL, 1, examples=["Trattoria"])]
    description: Annotated[str, text_limits(MAX_OPTION_DESCRIPTION)] = ""
    link: Annotated[str, text_limits(MAX_LINK, description="http or https.")] | None = None
    id: int | None = None


class OptionEdit(Edit, frozen=True, kw_only=True):
    """An option in an edit.

    With `id` it is the option that has it, else the one that has this label; what is left out stays as it is. Without
    either it is a new option, and needs a label.
    """

    id: Annotated[int, Meta(description="One of the poll's own.")] | UnsetType | None = UNSET
    label: Annotated[str, text_limits(MAX_LABEL, 1, examples=["Trattoria"])] | UnsetType = UNSET
    description: (
        Annotated[str, text_limits(MAX_OPTION_DESCRIPTION, description="Null takes it away.")] | UnsetType | None
    ) = UNSET
    link: Annotated[str, text_limits(MAX_LINK, description="http or https. Null takes it away.")] | UnsetType | None = (
        UNSET
    )


class RulesNew(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A poll's rules; what is left out takes its default, in an edit it stays. Null takes the default back."""

    listing: Annotated[Listing, _LISTING] | UnsetType | None = UNSET
    results: Annotated[Visibility, _RESULTS] | UnsetType | None = UNSET
    minimum: Annotated[int, _MINIMUM] | UnsetType | None = UNSET
    eligibility: Annotated[Eligibility, _ELIGIBILITY] | UnsetType | None = UNSET
    strength: Annotated[Strength, _STRENGTH] | UnsetType | None = UNSET
    anonymous: Annotated[bool, _ANONYMOUS] | UnsetType | None = UNSET
    change: Annotated[bool, _CHANGE] | UnsetType | None = UNSET
    withdraw: Annotated[bool, _WITHDRAW] | UnsetType | None = UNSET
    abstain: Annotated[bool, _ABSTAIN] | UnsetType | None = UNSET
    quorum: Annotated[int, _QUORUM] | UnsetType | None = UNSET


class PollNew(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A poll to create."""

    title: Annotated[str, _TITLE]
    method: MethodNew
    options: Annotated[list[OptionNew], _OPTIONS]
    description: Annotated[str, _DESCRIPTION] = ""
    random_order: Annotated[bool, _RANDOM] = False
    rules: RulesNew = RulesNew()
    opens_at: Annotated[datetime, _OPENS] | None = None
    closes_at: Annotated[datetime, _CLOSES] | None = None
    time_zone: Annotated[str, _ZONE] | UnsetType | None = UNSET
    publish: Annotated[bool, Meta(description="Publish at once, instead of keeping a draft.")] = False


class PollEdit(Edit, frozen=True, kw_only=True):
    """What to change; what is left out stays, null takes the default back."""

    title: Annotated[str, _TITLE] | UnsetType = UNSET
    method: Annotated[MethodNew, _METHOD] | UnsetType = UNSET
    options: Annotated[list[OptionEdit], _OPTIONS_EDIT] | UnsetType = UNSET
    description: Annotated[str, _DESCRIPTION] | UnsetType | None = UNSET
    random_order: Annotated[bool, _RANDOM] | UnsetType | None = UNSET
    rules: RulesNew | UnsetType = UNSET
    opens_at: Annotated[datetime, _OPENS] | UnsetType | None = UNSET
    closes_at: Annotated[datetime, _CLOSES] | UnsetType | None = UNSET
    time_zone: Annotated[str, _ZONE] | UnsetType | None = UNSET


class OptionView(Struct, frozen=True):
    """An option. Ballots name it by its id, which is never given to another option."""

    id: int
    label: str
    description: str
    link: str | None


class NoteNew(Struct, frozen=True, forbid_unknown_fields=True):
    """Something to add to a published poll, such as a correction."""

    text: Annotated[str, text_limits(MAX_NOTE, 1, description="Plain text with line breaks.")]


class PollNote(Struct, frozen=True):
    """What the owner has added to a published poll. It stays as it is, and its moment shows who voted before it."""

    text: str
    at: datetime


class RulesView(Struct, frozen=True):
    """The rules that hold."""

    listing: Listing
    results: Visibility
    minimum: int
    eligibility: Eligibility
    strength: Strength
    anonymous: bool
    change: bool
    withdraw: bool
    abstain: bool
    quorum: int | None


class PollView(Struct, frozen=True, kw_only=True):
    """A poll."""

    status: Annotated[Status, Meta(description="By the clock, when this was answered.")]
    owner: PersonView
    id: UUID
    version: Annotated[int, Meta(description="Grows with every change.")]
    code: Annotated[str, Meta(description="For joining by hand.", examples=["7K3MPX2C"])]
    link: Annotated[str, Meta(description="For sharing.")]
    title: str
    description: str
    method: MethodView
    options: list[OptionView]
    notes: Annotated[list[PollNote], Meta(description="What the owner has added since it was published, in its order.")]
    random_order: bool
    rules: RulesView
    opens_at: datetime | None
    closes_at: datetime | None
    time_zone: Annotated[str | None, _ZONE]
    closed_at: datetime | None
    archived_at: datetime | None
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class CardOption(Struct, frozen=True):
    """An option on a card."""

    id: int
    label: str


class PollCard(Struct, frozen=True, kw_only=True):
    """A poll in a list."""

    status: Annotated[Status, Meta(description="By the clock, when this was answered.")]
    owner: PersonView
    id: UUID
    version: Annotated[int, Meta(description="Grows with every change.")]
    code: str
    link: Annotated[str, Meta(description="For sharing.")]
    title: str
    method: MethodView
    options: Annotated[list[CardOption], Meta(description=f"The first {CARD_OPTIONS}, in the poll's order.")]
    option_count: Annotated[int, Meta(description="How many options there are.")]
    random_order: bool
    rules: RulesView
    opens_at: datetime | None
    closes_at: datetime | None
    closed_at: datetime | None
    archived_at: datetime | None
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class PollLogEntry(LogEntry, frozen=True, kw_only=True):
    """An administrative act: who did what to a poll, and when."""

    actor: PersonView
    role: str
    act: Annotated[str, Meta(examples=["published"])]
