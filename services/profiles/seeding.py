"""Profiles of a place that is filled for development."""

from services.core.data.repository import add_missing, to_schema
from services.core.seeding import Network, SeedError, Tell, parts
from services.core.text import fold
from services.profiles.events import ProfileChanged
from services.profiles.models import Profile
from services.profiles.repository import ProfileRepository
from services.profiles.service import Profiles

_AT_ONCE = 2_000


async def seed_profiles(profiles: Profiles, network: Network, tell: Tell) -> None:
    """Give everybody a profile.

    Raises:
        SeedError: Somebody else has one of the handles.
    """
    for people in parts(network.people, _AT_ONCE):
        rows = [
            {
                "account_id": person.id,
                "handle": person.handle,
                "handle_key": fold(person.handle),
                "display_name": person.name,
                "bio": person.bio,
                "private": person.private,
                "created_at": person.joined_at,
                "updated_at": person.joined_at,
            }
            for person in people
        ]
        async with profiles.kit.db.transaction() as session:
            await add_missing(session, Profile, rows)
            made = await ProfileRepository(session).of([person.id for person in people])
            if len(made) < len(people):
                raise SeedError("Some handles are taken by others: choose another --seed")
        await tell([to_schema(profile, ProfileChanged) for profile in made], done=len(people))
