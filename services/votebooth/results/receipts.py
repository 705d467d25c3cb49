"""Receipts: which ballots are counted, not what they say."""

from uuid import UUID

from services.core.data.pagination import Page, decode_cursor, page_of
from services.core.kit import Kit
from services.core.problems import malformed, not_found
from services.votebooth.poll.projection import Projection
from services.votebooth.results import repository
from services.votebooth.results.service import Results
from services.votebooth.settings import VoteBoothSettings

_LIST = "receipts"  # in its cursors


class Receipts:
    """The list of counted ballots' receipts."""

    def __init__(self, kit: Kit[VoteBoothSettings], projection: Projection, results: Results) -> None:
        self._kit = kit
        self._projection = projection
        self._results = results

    async def page(self, poll_id: UUID, cursor: str | None, limit: int) -> Page[bytes]:
        """Return a page of the receipts of all counted ballots, in the order of their codes.

        Raises:
            Problem: 404.
        """
        await self._results.require_minimum(poll_id)
        rules = await self._projection.existing(poll_id)
        after = decode_cursor(cursor, bytes, _LIST) or b""
        async with self._kit.db.reading() as session:
            rows = await repository.receipts(session, poll_id, after, limit + 1, anonymous=rules.anonymous)
        return page_of(rows, limit, lambda receipt: receipt, _LIST)

    async def find(self, poll_id: UUID, code: str) -> None:
        """Return if a receipt is one of a counted ballot.

        Raises:
            Problem: 400 if it can't be a receipt, 404 if it isn't in the list.
        """
        rules = await self._projection.existing(poll_id)
        try:
            receipt = bytes.fromhex(code)
        except ValueError as exc:
            raise malformed("A receipt is written in hexadecimal digits.") from exc
        async with self._kit.db.reading() as session:
            if not await repository.has_receipt(session, poll_id, receipt, anonymous=rules.anonymous):
                raise not_found("receipt")
