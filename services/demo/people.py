"""The demo's people: who follows whom, and what they say. A run that was cut short is taken up where it ended.

What is said has an Idempotency-Key made of who says it and where it stands here, so nothing is said twice.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO
from uuid import NAMESPACE_URL, uuid5

from services.demo.api import Api


@dataclass(frozen=True, slots=True)
class _Person:
    """One of them.

    Attributes:
        handle: Also the first part of their e-mail address.
        name: As others see it.
        bio: What they say of themselves.
        waves: What they have published.
    """

    handle: str
    name: str
    bio: str
    waves: tuple[str, ...]


_PEOPLE = (
    _Person(
        "ada_rivers",
        "Ada Rivers",
        "Keeps the minutes of the allotment club. Counts twice.",
        (
            "We chose the new gate by STAR tonight. Four minutes, no argument. #allotment",
            "A poll with two options isn't a question, it's a nudge. Give people a third one. #methods",
        ),
    ),
    _Person(
        "ben_okafor",
        "Ben Okafor",
        "Film club, Thursdays. Approval voting convert.",
        ("Film for Thursday: approve everything you would come for. #filmclub",),
    ),
    _Person(
        "chiara_m",
        "Chiara Moretti",
        "Team lead. Lunch is a serious matter.",
        ("Vote on Friday's lunch before eleven, please, so that I can book a table. @ben_okafor #lunch",),
    ),
    _Person(
        "dmitri_s",
        "Dmitri S.",
        "",
        ("I lost, and I can see in which round. I can live with that. #rankedchoice",),
    ),
    _Person(
        "emi_tanaka",
        "Emi Tanaka 田中恵美",
        "Teaches maths, collects paradoxes.",
        (
            "Three friends, three films, and every film loses to another one. Condorcet would have smiled. #methods",
            "My class counted the same ballots in four ways today and got three winners. #methods #school",
        ),
    ),
    _Person("noor_h", "Noor Haddad", "نور — reads every footnote.", ("Ties happen. Publish the lot. #methods",)),
)

_COMMENTS = (
    ("ada_rivers", None, "Trattoria has the only table for twelve."),
    ("ben_okafor", 0, "It had, last time. Has anybody asked?"),
    ("chiara_m", 1, "Asked and held until eleven."),
    ("emi_tanaka", None, "Approve two. One choice each splits the noodle vote again."),
    ("noor_h", 3, "It did in March: five liked noodles, and we had falafel."),
    ("dmitri_s", None, "I bring my own, and I am happy wherever you go."),
)
"""Who says what about the poll, and which of these it answers."""


async def meet(owner: Api, stranger: Callable[[], Api], password: str, poll: str, out: TextIO) -> None:
    """Make the people, let them follow one another and the owner follow them, and let them talk.

    Args:
        owner: Signed in as who runs the demo.
        stranger: Returns a client that is nobody yet.
        password: Of all of them.
        poll: What they talk about.
        out: Where progress is written.
    """
    dice = random.Random("people")  # noqa: S311  (samples, not secrets)
    clients: dict[str, Api] = {}
    ids: dict[str, str] = {}
    for person in _PEOPLE:
        clients[person.handle] = client = stranger()
        email = f"{person.handle}@votewave.example"
        await client.sign_up_or_in(email, password)
        profile = {"handle": person.handle, "display_name": person.name, "bio": person.bio}
        ids[person.handle] = (await client.call("PATCH", "/v1/profiles/me", profile))["account"]
    for person in _PEOPLE:
        await owner.call("PUT", f"/v1/follows/people/{ids[person.handle]}")
        for other in dice.sample(sorted(ids.keys() - {person.handle}), 3):
            await clients[person.handle].call("PUT", f"/v1/follows/people/{ids[other]}")
    await _publish(clients, poll, dice)
    await _comment(clients, poll, dice)
    out.write(f"Demo: {len(_PEOPLE)} people follow one another and talk\n")
    out.flush()


async def _publish(clients: dict[str, Api], poll: str, dice: random.Random) -> None:
    for person in _PEOPLE:
        for number, text in enumerate(person.waves):
            wave = {"text": text, **({"poll": poll} if "#lunch" in text else {})}
            made = await clients[person.handle].call(
                "POST", "/v1/expressions/waves", wave, **_key(person.handle, number)
            )
            for other in dice.sample(sorted(clients.keys() - {person.handle}), dice.randint(1, 4)):
                await clients[other].call("PUT", f"/v1/expressions/waves/{made['id']}/{dice.choice(('like', 'clap'))}")


async def _comment(clients: dict[str, Api], poll: str, dice: random.Random) -> None:
    made: list[str] = []
    for number, (handle, answered, text) in enumerate(_COMMENTS):
        comment = {"text": text, "parent": None if answered is None else made[answered]}
        path = f"/v1/comments/threads/{poll}/comments"
        added = await clients[handle].call("POST", path, comment, **_key(handle, f"comment {number}"))
        made.append(added["comment"]["id"])
        for other in dice.sample(sorted(clients.keys() - {handle}), dice.randint(0, 4)):
            await clients[other].call("PUT", f"/v1/comments/{made[-1]}/support")


def _key(handle: str, what: object) -> dict[str, str]:
    return {"idempotency-key": str(uuid5(NAMESPACE_URL, f"votewave:demo:{handle}:{what}"))}
