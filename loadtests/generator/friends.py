"""Two people who get in touch, by way of every service that isn't about voting."""

import time
from functools import partial
from typing import ClassVar
from uuid import uuid4

import msgspec
from gevent.lock import Semaphore
from locust import task

from loadtests.generator.api_user import ApiUser
from loadtests.generator.users import Made, next_arrival

_ARRIVES_SECONDS = 5.0
"""So long it may take until each service has heard of what others do, as readers may expect."""

_LOOKS_EVERY = 0.25


class CommentMade(msgspec.Struct, frozen=True):
    """What is read from the answer to a comment."""

    comment: Made


class MessageMade(msgspec.Struct, frozen=True):
    """What is read from the answer to a message."""

    id: str
    conversation: str


class Comments(msgspec.Struct, frozen=True):
    """What is read from a page of comments."""

    items: list[CommentMade]


class Things(msgspec.Struct, frozen=True):
    """What is read from a page of things."""

    items: list[Made]


class Friend(ApiUser):
    """The host follows a friend, who publishes a Wave, which comes up in the host's home feed.

    The host likes it, comments on a poll and writes a message; the friend looks at what there is to be told of, and
    reads the message. What they made is deleted: nothing is left of it but what was sent.

    There is one host and one friend, so they meet once at a time: who no longer follows somebody sees nothing of them.
    """

    _meeting: ClassVar[Semaphore] = Semaphore()

    @task
    def meet(self) -> None:
        """Get in touch when the next ones are due."""
        world = self.world
        _, due = next_arrival(world.friends)
        at = world.pace.wait_until(due)
        waits = self._meeting.locked()
        with self._meeting:
            self._meet(time.perf_counter() if waits else at)
        world.friends.finish()

    def _meet(self, at: float) -> None:
        plan = self.world.plan
        followed = f"/v1/follows/people/{plan.friend_account}"
        host = partial(self.call, token=plan.host.access)
        if not host("PUT", followed, "follow somebody", wanted=(200, 202), at=at).ok:
            return
        self._share()
        self._discuss()
        self._write()
        host("DELETE", followed, "follow somebody no longer", wanted=(200, 204))

    def _share(self) -> None:
        """The friend publishes a Wave; the host comes across it, and likes it."""
        plan = self.world.plan
        friend = partial(self.call, token=plan.friend.access)
        text = msgspec.json.encode({"text": f"{plan.title_prefix}: who comes along?", "visibility": "followers"})
        wave = friend("POST", "/v1/expressions/waves", "publish a Wave", wanted=(201,), body=text, gives=Made)
        if not wave.ok or wave.body is None:
            return
        path = f"/v1/expressions/waves/{wave.body.id}"
        deadline = time.perf_counter() + _ARRIVES_SECONDS
        self._come_across(wave.body.id, deadline)
        self._like(path, deadline)
        friend("DELETE", path, "delete a Wave", wanted=(204,))

    def _like(self, wave: str, deadline: float) -> None:
        """Like a Wave; whoever has just followed its author may have to try again."""
        like = partial(self.call, "PUT", f"{wave}/like", "like a Wave", token=self.world.plan.host.access)
        while time.perf_counter() < deadline:
            if like(wanted=(200, 404)).status != 404:
                return
            time.sleep(_LOOKS_EVERY)  # gevent's sleep, which lets other users run
        like()

    def _come_across(self, wave: str, deadline: float) -> None:
        while time.perf_counter() < deadline:
            page = self.call(
                "GET", "/v1/feed/home", "see the home feed", token=self.world.plan.host.access, gives=Things
            )
            if page.body is None or any(one.id == wave for one in page.body.items):
                return
            time.sleep(_LOOKS_EVERY)
        self.world.failures[f"home feed: a Wave isn't in it after {_ARRIVES_SECONDS:.0f} s"] += 1

    def _discuss(self) -> None:
        """The host comments on a poll and reads what is said about it."""
        world = self.world
        host = partial(self.call, token=world.plan.host.access)
        path = f"/v1/comments/threads/{world.polls[0].id}/comments"
        text = msgspec.json.encode({"text": "Why not both?"})
        said = host("POST", path, "comment on a poll", wanted=(201,), body=text, gives=CommentMade)
        if said.body is None:
            return
        read = host("GET", path, "read comments", gives=Comments)
        if read.body is not None and all(one.comment.id != said.body.comment.id for one in read.body.items):
            world.failures["comments: one that was made isn't there"] += 1
        host("DELETE", f"/v1/comments/{said.body.comment.id}", "delete a comment", wanted=(204,))

    def _write(self) -> None:
        """The host writes to the friend, who looks at what there is to be told of, and reads it."""
        plan = self.world.plan
        friend = partial(self.call, token=plan.friend.access)
        message = msgspec.json.encode({"client_id": str(uuid4()), "text": "See you there."})
        to = f"/v1/messaging/people/{plan.friend_account}/messages"
        sent = self.call(
            "POST", to, "send a message", wanted=(201,), token=plan.host.access, body=message, gives=MessageMade
        )
        friend("GET", "/v1/notifications", "see what is new to me")
        if sent.body is None:
            return
        read = friend(
            "GET", f"/v1/messaging/conversations/{sent.body.conversation}/messages", "read messages", gives=Things
        )
        if read.body is not None and all(one.id != sent.body.id for one in read.body.items):
            self.world.failures["messages: one that was sent isn't there"] += 1
