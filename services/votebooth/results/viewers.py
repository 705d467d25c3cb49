"""From a request to the viewer of a poll's results: the account, and what its ballot is kept under."""

from collections.abc import Callable
from uuid import UUID

from services.core.identity.subject import Subject
from services.core.problems import Problem
from services.votebooth.poll.projection import Projection
from services.votebooth.poll.voters import Claim, Keyring
from services.votebooth.results.state import Viewer


class Viewers:
    """Recognises voters among those who look."""

    def __init__(self, projection: Projection, keyring: Keyring) -> None:
        self._projection = projection
        self._keyring = keyring

    async def viewer(
        self, poll_id: UUID, subject: Subject | None, token: str | None, address: Callable[[], str]
    ) -> Viewer:
        """Return who looks at a poll's results.

        Args:
            poll_id: The poll.
            subject: The verified identity; None without one.
            token: The voting token that the request brings along, if any.
            address: Says the client's address, when asked.

        Raises:
            Problem: 404 if there is no such poll, 503 if it isn't known here and Polls doesn't answer.
        """
        if subject is None:
            return Viewer()
        rules = await self._projection.rules(poll_id)
        try:
            claim = Claim(subject, token, address)
            key, _ = self._keyring.identify(rules, claim)
        except Problem:
            # Who may not vote has no ballot here; whether the results show is for the rule to say.
            return Viewer(subject.id)
        return Viewer(subject.id, key + (self._keyring.caster(rules, claim) or b""))
