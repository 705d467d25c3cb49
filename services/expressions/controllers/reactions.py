"""What others do with Waves: they share them on and react."""

from uuid import UUID

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.core.data.pagination import DEFAULT_LIMIT, Page
from services.core.http.api import Cursor, Limit, problems
from services.core.identity.subject import Subject
from services.expressions.controllers.rules import REACTS, READS, TEXTS, WRITES
from services.expressions.schemas import EmojiNew, ReactionView, WaveView
from services.expressions.service import Expressions


class ReactionController(Controller):
    """What others do with a Wave. Of a Ripple without words, all of it is done with the Wave that it shares on."""

    path = "/waves/{wave_id:uuid}"
    tags = ("Expressions",)

    @put(
        "/ripple",
        operation_id="RipplePut",
        summary="Share a Wave on",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 404, 429, _422="`not-for-all`: only Waves for everybody are shared on."),
    )
    async def ripple(
        self, expressions: NamedDependency[Expressions], subject: NamedDependency[Subject], wave_id: FromPath[UUID]
    ) -> WaveView:
        """Share a Wave on without words; again, it does nothing. With words, publish a Wave with `ripple_of`."""
        return await expressions.reading.one(subject, await expressions.rippling.put(subject, wave_id))

    @delete(
        "/ripple",
        operation_id="RippleDelete",
        summary="Share a Wave on no longer",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def undo(
        self, expressions: NamedDependency[Expressions], subject: NamedDependency[Subject], wave_id: FromPath[UUID]
    ) -> None:
        """Take my Ripple without words back; where there is none, it does nothing. Those with words are deleted."""
        await expressions.rippling.undo(subject, wave_id)

    @get(
        "/ripples",
        operation_id="RippleList",
        summary="List what shares a Wave on",
        guards=READS,
        responses=problems(TEXTS, 400, 401, 404, 429),
    )
    async def ripples(
        self,
        expressions: NamedDependency[Expressions],
        viewer: NamedDependency[Subject | None],
        wave_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[WaveView]:
        """Return Ripples with words and without, the newest first, without those of people whom I mute."""
        return await expressions.reading.ripples(viewer, wave_id, cursor, limit)

    @get(
        "/reactions",
        operation_id="ReactionList",
        summary="List who reacts",
        guards=READS,
        responses=problems(TEXTS, 400, 401, 404, 429),
    )
    async def reactions(
        self,
        expressions: NamedDependency[Expressions],
        viewer: NamedDependency[Subject | None],
        wave_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[ReactionView]:
        """Return who reacts and how, the newest first, without people whom I mute."""
        return await expressions.reading.reactions(viewer, wave_id, cursor, limit)

    @put(
        "/like",
        operation_id="LikePut",
        summary="Like a Wave",
        guards=REACTS,
        responses=problems(TEXTS, 401, 403, 404, 429),
    )
    async def like(
        self, expressions: NamedDependency[Expressions], subject: NamedDependency[Subject], wave_id: FromPath[UUID]
    ) -> WaveView:
        """Like a Wave; again, it does nothing."""
        return await expressions.reading.one(subject, await expressions.reacting.put(subject, wave_id, "like"))

    @delete(
        "/like",
        operation_id="LikeDelete",
        summary="Like a Wave no longer",
        guards=REACTS,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def unlike(
        self, expressions: NamedDependency[Expressions], subject: NamedDependency[Subject], wave_id: FromPath[UUID]
    ) -> None:
        """Take a like back; where there is none, it does nothing."""
        await expressions.reacting.take_back(subject, wave_id, "like")

    @put(
        "/clap",
        operation_id="ClapPut",
        summary="Clap for a Wave",
        guards=REACTS,
        responses=problems(TEXTS, 401, 403, 404, 429),
    )
    async def clap(
        self, expressions: NamedDependency[Expressions], subject: NamedDependency[Subject], wave_id: FromPath[UUID]
    ) -> WaveView:
        """Clap for a Wave; again, it does nothing."""
        return await expressions.reading.one(subject, await expressions.reacting.put(subject, wave_id, "clap"))

    @delete(
        "/clap",
        operation_id="ClapDelete",
        summary="Clap for a Wave no longer",
        guards=REACTS,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def unclap(
        self, expressions: NamedDependency[Expressions], subject: NamedDependency[Subject], wave_id: FromPath[UUID]
    ) -> None:
        """Take a clap back; where there is none, it does nothing."""
        await expressions.reacting.take_back(subject, wave_id, "clap")

    @put(
        "/emoji",
        operation_id="EmojiPut",
        summary="React to a Wave with an emoji",
        guards=REACTS,
        responses=problems(
            TEXTS,
            400,
            401,
            403,
            404,
            413,
            429,
            _422="`reaction-refused`: it isn't one emoji; or `too-many-emojis`: choose one that the Wave has.",
        ),
    )
    async def emoji(
        self,
        expressions: NamedDependency[Expressions],
        subject: NamedDependency[Subject],
        wave_id: FromPath[UUID],
        data: JSONBody[EmojiNew],
    ) -> WaveView:
        """React with an emoji, in place of the one before."""
        wave = await expressions.reacting.put(subject, wave_id, "emoji", data.emoji)
        return await expressions.reading.one(subject, wave)

    @delete(
        "/emoji",
        operation_id="EmojiDelete",
        summary="React with no emoji",
        guards=REACTS,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def no_emoji(
        self, expressions: NamedDependency[Expressions], subject: NamedDependency[Subject], wave_id: FromPath[UUID]
    ) -> None:
        """Take my emoji back; where there is none, it does nothing."""
        await expressions.reacting.take_back(subject, wave_id, "emoji")
