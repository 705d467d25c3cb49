"""Adding up stored ballots, some at a time, in whichever process."""

import msgspec
from msgspec import Struct

from services.votebooth.poll.choices import Choice, decode
from services.votebooth.poll.definition import PollChanged


class Given(Struct, frozen=True, array_like=True):
    """Stored choices, how many ballots have each, and the definition as it is stored."""

    definition: bytes
    choices: list[tuple[bytes, int]]


class Sums(Struct, array_like=True):
    """What ballots add up to: how many they are, how many express no preference, and the sums by option."""

    ballots: int = 0
    abstentions: int = 0
    by_option: dict[int, int] = msgspec.field(default_factory=dict)

    def add(self, other: "Sums") -> None:
        """Add what others add up to."""
        self.ballots += other.ballots
        self.abstentions += other.abstentions
        for option, amount in other.by_option.items():
            self.by_option[option] = self.by_option.get(option, 0) + amount

    def listed(self) -> list[int]:
        """Return the sums as the counters have them, that of option 1 first."""
        return [self.by_option.get(option, 0) for option in range(1, max(self.by_option, default=0) + 1)]


def add_up(given: bytes) -> bytes:
    """Add up stored ballots, as `Apart` has it done."""
    stored = msgspec.msgpack.decode(given, type=Given)
    poll = msgspec.json.decode(stored.definition, type=PollChanged)
    sums = Sums()
    for encoded, count in stored.choices:
        choice = Choice(decode(encoded), poll)
        sums.ballots += count
        if choice.abstains:
            sums.abstentions += count
        for option, amount in choice.marks:
            sums.by_option[option] = sums.by_option.get(option, 0) + amount * count
    return msgspec.msgpack.encode(sums)
