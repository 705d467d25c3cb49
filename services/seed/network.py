"""A network made of dice: the same seed, size and moment make the same one each time.

Few are followed by very many and most by few, and some follow very many: a power law on either side.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from msgspec import Struct

from services.core.ids import id_at
from services.core.seeding import Block, Comment, Follows, Person, Poll, Reaction, Ripple, Thread, Vote, Wave
from services.seed import words
from services.seed.ballots import ballot

_MOST_FOLLOWED = 2_000
"""By one person."""

_FIRST_DAYS = 365
_DAYS = 28
"""So long ago the first of them joined, and so long ago began what they do."""

_PRIVATE = 5
"""The most followed person who is private; of those after them, one in twenty is."""

_DEPTH = 6
"""How deep threads get."""

_LARGEST = 12.0
"""So many times as many votes and comments as the smallest polls have the largest ones, at most."""

_METHODS = len(words.QUESTIONS)


class Size(Struct, frozen=True, kw_only=True):
    """How much there is; each number is one of rows, and what follows from chance is about that."""

    people: int
    follows: int
    polls: int
    votes: int
    waves: int
    comments: int


def size_of(people: int, follows: int | None = None) -> Size:
    """Return a size that suits so many people, who follow ten others each unless it is said."""
    return Size(
        people=people,
        follows=people * 10 if follows is None else follows,
        polls=max(people // 10, _METHODS * 2),
        votes=people * 3,
        waves=people,
        comments=people,
    )


class Dice(random.Random):
    """Makes a network's choices."""

    def near(self, number: int, steepness: float) -> int:
        """Return a number from 0 on, below `number`; small ones are likelier, the more so the steeper."""
        return int(self.random() ** steepness * number)

    def moment(self, first: datetime, last: datetime) -> datetime:
        """Return a moment between two."""
        return first + (last - first) * self.random()

    def id_at(self, moment: datetime) -> UUID:
        """Return the id of something of a moment."""
        return id_at(moment, self.getrandbits(74))


class DicedNetwork:
    """People and all that they have done; a `Network`.

    Args:
        size: How much there is.
        seed: Another one makes other people.
        now: The moment up to which things have happened.
        password: Everybody's.
    """

    def __init__(self, size: Size, seed: int, now: datetime, password: str) -> None:
        self.size = size
        self.seed = seed
        self.now = now
        self.password = password
        self._begun = now - timedelta(days=_DAYS)

    def later(self, by: timedelta) -> "DicedNetwork":
        """Return the same network as of another moment."""
        return DicedNetwork(self.size, self.seed, self.now + by, self.password)

    def _dice(self, what: str) -> Dice:
        return Dice(f"{self.seed} {self.size} {what}")

    @property
    def people(self) -> Sequence[Person]:
        """Return everybody; the most followed first."""
        return self._people

    @property
    def polls(self) -> Sequence[Poll]:
        """Return every poll."""
        return self._polls

    @cached_property
    def _people(self) -> Sequence[Person]:
        dice, number = self._dice("people"), self.size.people
        pairs = len(words.FIRST) * len(words.LAST)
        names = dice.sample(range(pairs), min(number, pairs))
        joined = self.now - timedelta(days=_FIRST_DAYS)
        closing = self._dice("private")
        private = [at == _PRIVATE or (closing.random() < 0.05 and at > _PRIVATE) for at in range(number)]
        people = (self._person(dice, at, names[at % pairs], at // pairs, joined) for at in range(number))
        return [person._replace(private=is_private) for person, is_private in zip(people, private, strict=True)]

    def _person(self, dice: Dice, at: int, name: int, again: int, joined: datetime) -> Person:
        first, last = words.FIRST[name % len(words.FIRST)], words.LAST[name // len(words.FIRST)]
        suffix = (f"{self.seed}" if self.seed else "") + (f"{again}" if again else "")
        handle = f"{first}-{last}".lower().replace("ö", "oe") + (f"-{suffix}" if suffix else "")
        at_moment = joined if at == 0 else dice.moment(joined, self._begun)
        bio = dice.choice(words.BIOS)
        email = f"{handle}@votewave.example"
        return Person(dice.id_at(at_moment), handle, f"{first} {last}", bio, email, at_moment)

    def _anybody(self, dice: Dice, steepness: float) -> Person:
        return self.people[dice.near(len(self.people), steepness)]

    def _publisher(self, dice: Dice, steepness: float) -> Person:
        """Return somebody whose polls and Waves are for all."""
        while (person := self._anybody(dice, steepness)).private:
            pass
        return person

    @cached_property
    def _apart(self) -> dict[tuple[int, int], datetime]:
        """Return who blocks whom, by position, since when. The most followed person blocks somebody, too."""
        dice, number = self._dice("blocks"), len(self.people)
        blocks: dict[tuple[int, int], datetime] = {}
        account = 0
        while len(blocks) < number // 20 + 1:
            other = dice.randrange(number)
            if other != account and (other, account) not in blocks:
                blocks[account, other] = dice.moment(self.now - timedelta(days=1), self.now)
            account = dice.randrange(number)
        return blocks

    def blocks(self) -> Iterator[Block]:
        """Return who blocks whom."""
        for (account, other), at in self._apart.items():
            yield Block(self.people[account].id, self.people[other].id, at)

    def follows(self) -> Iterator[Follows]:
        """Return who follows whom, and asks to. Of those who ask, most have been let in."""
        asking, apart = self._dice("asking"), self._apart
        dice, number = self._dice("follows"), len(self.people)
        shares = [min(dice.paretovariate(1.6), 200.0) for _ in range(number)]
        each = self.size.follows / sum(shares)
        for me, share in enumerate(shares):
            wanted = min(round(share * each), _MOST_FOLLOWED, (number - 1) // 2)
            chosen: dict[int, None] = {}
            while len(chosen) < wanted:
                other = dice.near(number, 2.5)
                if other != me and (me, other) not in apart and (other, me) not in apart:
                    chosen[other] = None
            wanted_since = [(self.people[other], dice.moment(self._begun, self.now)) for other in chosen]
            waits = {other.id for other, _ in wanted_since if other.private and asking.random() < 0.3}
            yield Follows(
                self.people[me].id,
                followees=[(other.id, at) for other, at in wanted_since if other.id not in waits],
                asked=[(other.id, at) for other, at in wanted_since if other.id in waits],
            )

    @cached_property
    def _asked(self) -> Sequence[tuple[Poll, words.Question]]:
        dice, closing = self._dice("polls"), self._dice("closed")
        return [self._poll(dice, closing, number) for number in range(self.size.polls)]

    def _poll(self, dice: Dice, closing: Dice, number: int) -> tuple[Poll, words.Question]:
        question = words.QUESTIONS[number % _METHODS]
        published = dice.moment(self._begun, self.now)
        rules: dict[str, Any] = {"results": dice.choices(("always", "after_vote"), (4, 1))[0]}
        if dice.random() < 0.2:
            rules["anonymous"] = True
        closed = closing.random() < 0.25
        if closed and closing.random() < 0.3:
            rules["results"] = "after_close"
        poll = Poll(
            id=dice.id_at(published),
            owner=self._publisher(dice, 2.0).id,
            title=question.title.format(topic=dice.choice(question.topics)),
            description=question.description,
            method=question.method,
            options=question.options,
            rules=rules,
            published_at=published,
            closes_at=self.now + timedelta(days=dice.randint(1, _DAYS)) if dice.random() < 0.5 else None,
            closed=closed,
        )
        return poll, question

    @cached_property
    def _polls(self) -> Sequence[Poll]:
        return [poll for poll, _ in self._asked]

    def votes(self) -> Iterator[Vote]:
        """Return every ballot, poll by poll: few polls have many."""
        dice, number = self._dice("votes"), len(self.people)
        for poll, count in self._shared(dice, self.size.votes, number):
            for voter in dice.sample(range(number), count):
                yield Vote(poll.id, self.people[voter].id, ballot(dice, poll.method, len(poll.options)))

    def waves(self) -> Iterator[Wave]:
        """Return every Wave, the oldest first."""
        dice, number = self._dice("waves"), self.size.waves
        sharing = self._dice("ripples")
        for at in range(number):
            moment = self._begun + (self.now - self._begun) * ((at + dice.random()) / number)
            poll, question = dice.choice(self._asked)
            brings = dice.random() < 0.15 and poll.published_at < moment
            text = dice.choice(words.ASKING if brings else words.WAVES)
            named = self._anybody(dice, 2.0)
            wave, author = dice.id_at(moment), self._anybody(dice, 1.5)
            ripples = self._ripples(sharing, moment)
            yield Wave(
                id=wave,
                author=author.id,
                text=text.format(tag=question.tag, place=dice.choice(words.PLACES), handle=named.handle),
                poll=poll.id if brings else None,
                at=moment,
                reactions=self._reactions(dice, moment),
                ripples=[] if author.private else ripples,  # what isn't for all isn't shared on
            )

    def _reactions(self, dice: Dice, moment: datetime) -> list[Reaction]:
        some = min(int(dice.paretovariate(1.2)) - 1, len(self.people), 100)
        reactions = []
        for account in dice.sample(range(len(self.people)), some):
            kind = dice.choices(("like", "clap", "emoji"), (6, 2, 1))[0]
            emoji = dice.choice(words.EMOJIS) if kind == "emoji" else None
            reactions.append(Reaction(self.people[account].id, kind, emoji, dice.moment(moment, self.now)))
        return reactions

    def _ripples(self, dice: Dice, moment: datetime) -> list[Ripple]:
        """Have few Waves be shared on, and very few by many."""
        some = min(int(dice.paretovariate(1.5)) - 1, len(self.people), 50) if dice.random() < 0.3 else 0
        moments = sorted(dice.moment(moment, self.now) for _ in range(some))
        accounts = dice.sample(range(len(self.people)), some)
        shared = zip(accounts, moments, strict=True)
        return [Ripple(dice.id_at(at), self.people[account].id, at) for account, at in shared]

    def threads(self) -> Iterator[Thread]:
        """Return what is said about polls: few have long threads."""
        dice = self._dice("comments")
        for poll, count in self._shared(dice, self.size.comments, self.size.comments):
            if count:
                yield Thread(poll.id, self._comments(dice, poll, count))

    def _comments(self, dice: Dice, poll: Poll, count: int) -> list[Comment]:
        comments: list[Comment] = []
        depths: list[int] = []
        for number in range(count):
            moment = poll.published_at + (self.now - poll.published_at) * ((number + dice.random()) / count)
            answers = dice.randrange(number) if number and dice.random() < 0.5 else None
            if answers is not None and depths[answers] >= _DEPTH:
                answers = None
            depths.append(0 if answers is None else depths[answers] + 1)
            author = self._anybody(dice, 1.2).id
            supporters = {self._anybody(dice, 1.0).id for _ in range(dice.near(4, 3.0))} - {author}
            text = dice.choice(words.COMMENTS)
            comments.append(Comment(dice.id_at(moment), author, text, answers, moment, sorted(supporters)))
        return comments

    def _shared(self, dice: Dice, total: int, most: int) -> Iterator[tuple[Poll, int]]:
        """Share so many of something out among the polls: few of them get much."""
        weights = [min(dice.paretovariate(1.3), _LARGEST) for _ in self.polls]
        each = total / sum(weights)
        for poll, weight in zip(self.polls, weights, strict=True):
            yield poll, min(round(weight * each), most)
