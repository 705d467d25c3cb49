"""Use cases of Feed; each is one transaction. `Feed` holds them in groups."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core import circles
from services.core.kit import Kit
from services.core.people import People
from services.core.service import NoSettings, UseCases
from services.feed.events import AccountDeleted, PollChanged, ProfileChanged, TagChanged, WaveChanged
from services.feed.models import Audience, Block, Follow, Mute, Name, Person, Ranking, TagFollow
from services.feed.ordinals import moment_of, ordinal_of
from services.feed.repository.entries import EntryRepository
from services.feed.repository.names import NameRepository, SpellingRepository
from services.feed.repository.rankings import RankingRepository
from services.feed.repository.ripples import RippleRepository
from services.feed.repository.tags import TagFollowRepository, TaggedRepository
from services.feed.repository.topics import TopicRepository
from services.feed.repository.trends import TrendRepository
from services.feed.repository.wishes import WishRepository
from services.feed.service.reading import Reading
from services.feed.service.searching import Searching
from services.feed.service.taking_over import TakingOver
from services.feed.service.wishing import Wishing
from services.feed.words import folded, spellings, words_of

_SHOWN_IN_LISTS = frozenset({"anyone", "signed_in", "followers"})
"""Who may vote in polls that lists show; others are for those who were invited."""

_POLLS = {"public": Audience.PUBLIC, "followers": Audience.FOLLOWERS}
"""Whose feeds show polls, by their listing."""

_WAVES = {"public": Audience.PUBLIC, "followers": Audience.FOLLOWERS}
"""Whose feeds show Waves, by their visibility."""


MOST_LEARNED = 20
"""Typing errors are forgiven in so many words of each thing, the first ones: each word is kept in all its spellings."""

KEPT = timedelta(days=15)
"""How long it is known that somebody doesn't follow a tag any more: longer than an event may be on its way."""


class Feed(UseCases[NoSettings]):
    """What people come across.

    Attributes:
        people: Who authors are.
        reading: Feeds.
        wishing: What somebody wants to see less of, or not at all.
        searching: Polls, Waves, people and tags by words.
        taking_over: What was published before all of that was kept.
    """

    def __init__(self, kit: Kit[NoSettings]) -> None:
        super().__init__(kit)
        self.people = People(kit, Person, ProfileChanged)
        self.reading = Reading(kit, self.people)
        self.wishing = Wishing(kit, self.people)
        self.searching = Searching(kit, self.people)
        self.taking_over = TakingOver(kit, self.keep_waves_anew)

    async def on_poll_changed(self, session: AsyncSession, event: PollChanged) -> None:
        """Keep what a poll is called and who may come across it."""
        await self.keep_polls(session, [event])

    async def keep_polls(self, session: AsyncSession, events: Sequence[PollChanged]) -> None:
        """Keep what polls are called and who may come across them."""
        entries = [_poll(event) for event in events]
        await _keep(session, entries)

    async def on_wave_changed(self, session: AsyncSession, event: WaveChanged) -> None:
        """Keep what a Wave says and who may come across it, or who shares it on."""
        await self.keep_waves(session, [event])

    async def keep_waves(self, session: AsyncSession, events: Sequence[WaveChanged]) -> None:
        """Keep what Waves say and who may come across them, or who shares them on.

        Of one that is deleted it isn't told whether it had words, so it is neither any more.
        """
        entries, ripples = _waves(events)
        await RippleRepository(session).keep(ripples)
        await _keep(session, entries)

    async def keep_waves_anew(self, session: AsyncSession, events: Sequence[WaveChanged]) -> None:
        """Keep what is told once more of Waves: what they are found by may be missing, and who shares them on."""
        entries, ripples = _waves(events)
        await RippleRepository(session).keep(ripples)
        await EntryRepository(session).keep_anew(entries)
        await _keep(session, entries)

    async def on_profile_changed(self, session: AsyncSession, event: ProfileChanged) -> None:
        """Keep what somebody is called, and what they are found by; nobody finds who is deleted."""
        await self.keep_profiles(session, [event])

    async def keep_profiles(self, session: AsyncSession, events: Sequence[ProfileChanged]) -> None:
        """Keep what people are called, and what they are found by."""
        await self.people.hear(session, *events)
        names = [_name(event) for event in events]
        await NameRepository(session).keep(names)
        await _learn(session, names)

    async def on_tag_changed(self, session: AsyncSession, event: TagChanged) -> None:
        """Keep whether somebody follows a tag."""
        await TagFollowRepository(session).keep(event.account, event.tag, event.version, followed=event.followed)

    async def erase(self, session: AsyncSession, gone: AccountDeleted) -> bool:
        """Erase some of what there is of a deleted account."""
        if await EntryRepository(session).erase(gone.account):
            return True
        if await RippleRepository(session).erase(gone.account):
            return True
        await NameRepository(session).delete_where(Name.account == gone.account)
        await TagFollowRepository(session).delete_where(TagFollow.account == gone.account)
        await WishRepository(session).forget(gone.account)
        await RankingRepository(session).delete_where(Ranking.account == gone.account)
        await circles.forget(session, gone.account, Follow, Block, Mute)
        return False

    async def sweep(self) -> None:
        """Forget words that nothing has any more."""
        await self.searching.sweep()

    async def reckon_trends(self) -> None:
        """Say anew which tags are lively, unless another instance has just done so."""
        async with self.kit.db.transaction() as session:
            await TrendRepository(session).reckon()

    async def sweep_tags(self) -> None:
        """Forget who has followed tags, once no event can come late that would make it so again, and unused tags."""
        async with self.kit.db.transaction() as session:
            await TagFollowRepository(session).forget(KEPT)
            await TopicRepository(session).sweep()

    async def sweep_rankings(self) -> None:
        """Forget orders that nobody goes on with."""
        async with self.kit.db.transaction() as session:
            await RankingRepository(session).sweep()


async def _keep(session: AsyncSession, entries: Sequence[Mapping[str, Any]]) -> None:
    """Keep entries with their tags, and what both are found by."""
    await EntryRepository(session).keep(entries)
    await TaggedRepository(session).keep(entries)
    tags = {tag: words_of(tag) for entry in entries for tag in entry["tags"]}
    await TopicRepository(session).keep(tags)
    await _learn(session, [*entries, *({"lexemes": words} for words in tags.values())])


async def _learn(session: AsyncSession, things: Sequence[Mapping[str, Any]]) -> None:
    words = {word for thing in things for word in thing["lexemes"][:MOST_LEARNED]}
    await SpellingRepository(session).learn({word: spellings(word) for word in words})


def _poll(event: PollChanged) -> dict[str, Any]:
    published = event.published_at or moment_of(event.poll)
    audience = _audience(event)
    return {
        "id": event.poll,
        "kind": "poll",
        "version": event.version,
        "ordinal": ordinal_of(event.poll, published),
        "author": event.owner,
        "audience": audience,
        "text": "" if event.deleted else event.title,
        "created_at": published,
        "lexemes": words_of(event.title) if audience == Audience.PUBLIC else [],
        "tags": event.hashtags if audience == Audience.PUBLIC else [],
    }


def _waves(events: Sequence[WaveChanged]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what is kept of Waves: entries, and Ripples without words."""
    entries = [_wave(event) for event in events if not _is_bare(event) or event.deleted]
    ripples = [_ripple(event, event.ripple_of) for event in events if event.ripple_of and _is_bare(event)]
    return entries, ripples


def _is_bare(event: WaveChanged) -> bool:
    """Say whether a Wave shares another one on, and says nothing, as all do that are deleted."""
    return event.ripple_of is not None and not event.text and event.poll is None


def _ripple(event: WaveChanged, original: UUID) -> dict[str, Any]:
    return {
        "id": event.wave,
        "version": event.version,
        "ordinal": ordinal_of(event.wave, event.created_at),
        "account": event.author,
        "original": original,
        "shown": event.visibility in _WAVES and not event.deleted,
        "created_at": event.created_at,
    }


def _wave(event: WaveChanged) -> dict[str, Any]:
    audience = Audience.NOBODY if event.deleted else _WAVES.get(event.visibility, Audience.NOBODY)
    return {
        "id": event.wave,
        "kind": "wave",
        "version": event.version,
        "ordinal": ordinal_of(event.wave, event.created_at),
        "author": event.author,
        "audience": audience,
        "text": "" if event.deleted else event.text,
        "created_at": event.created_at,
        "lexemes": words_of(event.text) if audience == Audience.PUBLIC else [],
        "tags": event.hashtags if audience == Audience.PUBLIC else [],
    }


def _name(event: ProfileChanged) -> dict[str, Any]:
    return {
        "account": event.account,
        "version": event.version,
        "handle": "" if event.deleted else folded(event.handle),
        "lexemes": [] if event.deleted else words_of(f"{event.handle} {event.display_name}"),
    }


def _audience(poll: PollChanged) -> Audience:
    """Return whose feeds show a poll: the same as find it in Polls' own lists."""
    is_over = poll.deleted or poll.archived_at is not None
    if is_over or poll.eligibility not in _SHOWN_IN_LISTS:
        return Audience.NOBODY
    return _POLLS.get(poll.listing, Audience.NOBODY)


__all__ = ["Feed"]
