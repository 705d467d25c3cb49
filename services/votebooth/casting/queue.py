"""The queue of ballots that wait for a transaction: polls take turns, and none of them can fill it."""

from collections import deque
from itertools import chain

from services.votebooth.casting.tickets import Ticket

_TIMES_WHAT_IS_FREE = 4
"""A poll may have so many times as many waiting as there are places free: four fifths of the queue if it is the only
one, and the more others wait, the less. So there is always room for a poll that has none waiting."""


class Queue:
    """Tickets, by poll.

    Args:
        most: How many may wait.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._polls: dict[bytes, deque[Ticket]] = {}
        self._size = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return self._size

    def put(self, ticket: Ticket) -> bool:
        """Add a ticket behind the others of its poll; say whether there was room for it."""
        poll = ticket.rules.poll
        free = self._most - self._size
        waiting = self._polls.get(poll)
        if free <= 0 or (waiting is not None and len(waiting) >= _TIMES_WHAT_IS_FREE * free):
            return False
        if waiting is None:
            waiting = self._polls[poll] = deque()
        waiting.append(ticket)
        self._size += 1
        return True

    def take(self, most: int) -> list[Ticket]:
        """Take out the next tickets: all, or so many, to which each poll that waits contributes alike."""
        if self._size <= most:
            tickets = list(chain.from_iterable(self._polls.values()))
            self._polls.clear()
        else:
            tickets = []
            while len(tickets) < most:
                self._take_a_round(tickets, most)
        self._size -= len(tickets)
        return tickets

    def _take_a_round(self, tickets: list[Ticket], most: int) -> None:
        """Add to `tickets` an equal share of each poll's; who has had its turn goes behind the others."""
        share = max(1, (most - len(tickets)) // len(self._polls))
        for poll in list(self._polls):
            waiting = self._polls.pop(poll)
            count = min(share, len(waiting), most - len(tickets))
            tickets.extend(waiting.popleft() for _ in range(count))
            if waiting:
                self._polls[poll] = waiting
            if len(tickets) >= most:
                return
