"""What waits in the booth's queue, and what becomes of it."""

import asyncio
import re
from uuid import UUID

from msgspec import Struct

from services.core.problems import FieldError, Problem, conflict, malformed, not_found, refused, unavailable
from services.votebooth.poll.choices import SECRET_PATTERN, Choice
from services.votebooth.poll.rules import PollRules
from services.votebooth.poll.voters import SECRET_HEADER, VERSION_HEADER, Claim, Keyring, ballot_id, new_secret

_SECRET = re.compile(SECRET_PATTERN)


class Outcome(Struct, frozen=True):
    """A ballot is counted, or withdrawn.

    Attributes:
        first: Whether the voter had no counted ballot before.
        receipt: The ballot's receipt.
        revision: How often it was cast or changed; 0 where that isn't known (anonymous).
        secret: The secret that was made for it, told once.
    """

    first: bool
    receipt: bytes
    revision: int = 0
    secret: str | None = None


class QuestionChanging(Problem):
    """503: the owner is changing the question; the ballot is handed in again once it is known what has come of it."""

    def __init__(self) -> None:
        problem = unavailable("The poll's question is being changed. Read the poll again, then send your ballot.")
        super().__init__(problem.status, problem.slug, problem.title, problem.detail, retry_after=problem.retry_after)


def question_changed(version: int) -> Problem:
    """409: the question isn't, or may not be, the one that the voter was shown."""
    return Problem(
        409,
        "question-changed",
        "The question has changed",
        f"The question was changed after the poll was published. Show it again, and send the version of the poll that "
        f"you show, {version} or more, as '{VERSION_HEADER}'.",
        extensions={"version": version},
    )


def network_voted() -> Problem:
    """409: another guest of the voter's network has the network's ballot."""
    return conflict("network-voted", "A vote from this network was already counted, and it is another device's.")


class Ticket:
    """One request to cast, change or withdraw a ballot.

    `prepare` can be called again under newer rules; what it makes is kept beside what came in.

    Attributes:
        raw: The body; None to withdraw.
        secret: The secret that came in a header.
        rules: Those it was last prepared for.
        key: The voter's key under these rules.
        caster: Of the network's guests, this one; None where voters aren't networks.
        token_hash: Of the voting token, where the poll takes one.
        choice: What the body says; None to withdraw.
        ballot_id: In an anonymous poll, where the ballot is or will be; None to withdraw without a secret.
        made_secret: The secret that was made because none came.
        future: Resolved after the commit.
    """

    __slots__ = (
        "ballot_id",
        "caster",
        "choice",
        "claim",
        "future",
        "key",
        "made_secret",
        "poll_id",
        "raw",
        "rules",
        "secret",
        "token_hash",
    )

    def __init__(
        self,
        rules: PollRules,
        keyring: Keyring,
        claim: Claim,
        raw: bytes | None,
        secret: str | None,
        future: "asyncio.Future[Outcome]",
    ) -> None:
        self.poll_id: UUID = rules.poll_id
        self.claim = claim
        self.raw = raw
        self.secret = secret
        self.future = future
        self.made_secret: str | None = None
        self.choice: Choice | None = None
        self.ballot_id: bytes | None = None
        self.prepare(rules, keyring)

    def prepare(self, rules: PollRules, keyring: Keyring) -> None:
        """Hold the request against a version of the rules.

        Raises:
            Problem: 400, 403, 404, 409 or 422: under these rules it can't be.
        """
        if rules.deleted:
            raise not_found("poll")
        self.rules = rules
        self.key, self.token_hash = keyring.identify(rules, self.claim)
        self.caster = keyring.caster(rules, self.claim)
        inner = None
        if self.raw is None:
            if not rules.withdraw:
                raise conflict("withdraw-not-allowed", "Ballots of this poll can't be withdrawn.")
        else:
            if rules.question_version and not self.claim.has_seen(rules.question_version):
                raise question_changed(rules.question_version)
            self.choice, inner = rules.choices.read(self.raw)
        if rules.anonymous:
            self._seal(rules, inner)
        elif inner is not None:
            raise refused(
                "ballot-refused",
                "secret: only ballots of anonymous polls have one.",
                FieldError("secret", "Only ballots of anonymous polls have one."),
            )

    def _seal(self, rules: PollRules, inner: str | None) -> None:
        secret = inner or self.secret
        if inner is not None and self.secret is not None and inner != self.secret:
            raise malformed(f"The body's secret and the header {SECRET_HEADER} differ. Send one of them.")
        if secret is not None and not _SECRET.fullmatch(secret):
            raise malformed(
                "A secret is 22 to 128 characters of base64url.", (FieldError(SECRET_HEADER, SECRET_PATTERN),)
            )
        if secret is None and self.raw is not None:
            secret = self.made_secret = self.made_secret or new_secret()
        self.ballot_id = None if secret is None else ballot_id(rules.poll, secret)
