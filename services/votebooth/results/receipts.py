"""Receipts: which ballots are counted, not what they say.

The list's length is a number of ballots. So it is for those who may see the result, and under a minimum it moves
with the counts: it is the list as of the last release.
"""

from uuid import UUID

from services.core.data.pagination import Page, decode_cursor, page_of
from services.core.kit import Kit
from services.core.problems import conflict, not_found
from services.votebooth.results import repository
from services.votebooth.results.releases import MOST_LISTED
from services.votebooth.results.service import Results
from services.votebooth.results.state import Viewer
from services.votebooth.settings import VoteBoothSettings

_LIST = "receipts"  # in its cursors


class Receipts:
    """The list of counted ballots' receipts."""

    def __init__(self, kit: Kit[VoteBoothSettings], results: Results) -> None:
        self._kit = kit
        self._results = results

    async def page(self, poll_id: UUID, viewer: Viewer, cursor: str | None, limit: int) -> Page[bytes]:
        """Return a page of the receipts of all counted ballots, in the order of their codes.

        Raises:
            Problem: 403 `results-hidden` if the viewer may not see the result, 404, 409 `poll-open` if there is no
                list of so many ballots before the end.
        """
        after = decode_cursor(cursor, bytes, _LIST) or b""
        state = await self._results.state_for(poll_id, viewer.account)
        published = await self._results.require_visible(state, viewer)
        if state.in_steps and published.ballots > MOST_LISTED:
            raise conflict("poll-open", "The list of receipts of so many ballots can be had once the poll is over.")
        async with self._kit.db.reading() as session:
            rows = await repository.receipts(
                session, poll_id, after, limit + 1, anonymous=state.poll.anonymous, listed=state.in_steps
            )
        return page_of(rows, limit, lambda receipt: receipt, _LIST)

    async def find(self, poll_id: UUID, account: UUID | None, code: str) -> None:
        """Return if a receipt, in hexadecimal digits, is one of a counted ballot.

        It asks for no right to see the result: a receipt that isn't in the list is known to its voter alone. One
        that is in the list is found for as long as it is there, or the list would tell who withdraws.

        Raises:
            Problem: 404 if it isn't one of a counted ballot, or the account may not know of the poll.
        """
        receipt = bytes.fromhex(code)
        state = await self._results.state_for(poll_id, account)
        async with self._kit.db.reading() as session:
            for listed in (False, True) if state.in_steps else (False,):
                if await repository.has_receipt(
                    session, poll_id, receipt, anonymous=state.poll.anonymous, listed=listed
                ):
                    return
        raise not_found("receipt")
