"""A poll's rules at one version, made ready for reading ballots."""

from uuid import UUID

from services.votebooth.poll.choices import PATTERN_METHODS, REMEMBERED_BYTES, ChoiceReader
from services.votebooth.poll.definition import PollChanged, memory_of


class PollRules:
    """One version of a poll's rules. What the vote path asks often is an attribute.

    Attributes:
        poll: The poll's id as bytes.
        choices: Reads ballots' choices.
        by_token: Voters bring a voting token (eligibility roll or tokens).
        by_network: Voters are told apart by network.
        users_only: Guests may not vote.
        asks_follow: Nobody votes but who follows the owner, and the owner.
        patterns: Equal ballots are counted, beside the sums.
        memory: About how many bytes it takes, with the ballots that `choices` remembers.
    """

    __slots__ = (
        "anonymous",
        "asks_follow",
        "by_network",
        "by_token",
        "change",
        "choices",
        "definition",
        "deleted",
        "memory",
        "patterns",
        "poll",
        "poll_id",
        "question_version",
        "users_only",
        "version",
        "withdraw",
    )

    def __init__(self, definition: PollChanged) -> None:
        self.definition = definition
        self.poll_id: UUID = definition.poll
        self.poll = definition.poll.bytes
        self.version = definition.version
        self.question_version = definition.question_version
        self.deleted = definition.deleted
        self.anonymous = definition.anonymous
        self.change = definition.change
        self.withdraw = definition.withdraw
        self.by_token = definition.eligibility in {"roll", "tokens"}
        self.by_network = definition.strength == "network" and not self.by_token
        self.users_only = definition.eligibility in {"signed_in", "followers"} or definition.strength == "account"
        self.asks_follow = definition.asks_follow
        self.patterns = definition.method in PATTERN_METHODS
        self.choices = ChoiceReader(definition)
        self.memory = memory_of(definition) + REMEMBERED_BYTES
