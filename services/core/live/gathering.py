"""Questions that come together are answered together: one statement for many streams in place of one for each."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from services.core.problems import Problem

AskedT = TypeVar("AskedT")
AnswerT = TypeVar("AnswerT")

MOST_AT_ONCE = 200
"""Questions that are answered together; more of them wait for the next turn."""

PAUSE_SECONDS = 0.02
"""Between two turns. Who asks alone waits for nothing; under load more come together, and each costs less."""


class Gathering(Generic[AskedT, AnswerT]):
    """Answers questions together that were asked while others were being answered.

    Args:
        answer: Answers several in their order, each with a `Problem` if it has no answer. What it raises is said to all
            who asked, unless there are several: then each is asked alone, so that one that can't be answered costs the
            others nothing but time.
        is_passing: Says of what was raised that it isn't of any one question, so that asking each alone is of no use.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[AskedT]], Awaitable[Sequence[AnswerT | Problem]]],
        is_passing: Callable[[BaseException], bool],
    ) -> None:
        self._answer = answer
        self._is_passing = is_passing
        self._waiting: list[tuple[AskedT, asyncio.Future[AnswerT]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, asked: AskedT) -> AnswerT:
        """Return the answer to a question.

        Raises:
            Problem: There is none.
        """
        future: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            await self._together([each for each in batch if not each[1].done()])  # some may wait no longer
            await asyncio.sleep(PAUSE_SECONDS)

    async def _together(self, batch: Sequence[tuple[AskedT, asyncio.Future[AnswerT]]]) -> None:
        if not batch:
            return
        try:
            answers: Sequence[AnswerT | Exception] = await self._answer([asked for asked, _ in batch])
        except asyncio.CancelledError:  # the process ends
            for _, future in batch:
                future.cancel()
            raise
        except Exception as exc:  # noqa: BLE001  (whoever asked is told)
            if len(batch) > 1 and not self._is_passing(exc):
                for each in batch:
                    await self._together([each])
                return
            answers = [exc] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
