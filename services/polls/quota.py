"""What one account may keep: drafts, polls, bytes, lines in the log."""

from uuid import UUID

from services.core.problems import over_quota
from services.polls.repository import AuditRepository, PollRepository
from services.polls.settings import PollsSettings


async def check(polls: PollRepository, owner: UUID, settings: PollsSettings, *, draft: bool) -> None:
    """Return if an account has room for one more poll.

    Args:
        polls: Of the transaction that will add it.
        owner: The account.
        settings: The service's.
        draft: Whether it will be a draft.

    Raises:
        Problem: 429 `over-quota`.
    """
    drafts, every, size = await polls.holdings(owner)
    if draft and drafts >= settings.drafts_per_account:
        raise over_quota(f"You have {drafts:,} drafts, as many as one account may have. Publish or delete some.")
    if every >= settings.polls_per_account:
        raise over_quota(f"You have {every:,} polls, as many as one account may have. Delete some.")
    _check_size(size, settings)


async def check_size(polls: PollRepository, owner: UUID, settings: PollsSettings) -> None:
    """Return if an account's polls may grow.

    Raises:
        Problem: 429 `over-quota`.
    """
    _check_size((await polls.holdings(owner))[2], settings)


async def check_log(log: AuditRepository, poll: UUID, settings: PollsSettings) -> None:
    """Return if a poll's log may grow by what its owner does as often as they like.

    Raises:
        Problem: 429 `over-quota`.
    """
    if await log.size(poll) >= settings.log_kilobytes_per_poll * 1_000:
        raise over_quota("This poll has been changed as often as a poll may be. Duplicate it instead.")


def _check_size(size: int, settings: PollsSettings) -> None:
    if size >= settings.megabytes_per_account * 1_000_000:
        raise over_quota(
            f"Your polls take {settings.megabytes_per_account:,} MB, all that one account has. Delete some."
        )
