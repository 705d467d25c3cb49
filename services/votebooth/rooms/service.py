"""Rooms put together."""

from services.core.kit import Kit
from services.core.people import People
from services.votebooth.poll.audience import Audience
from services.votebooth.poll.projection import Projection
from services.votebooth.rooms.crowd import Crowd
from services.votebooth.rooms.doors import Doors
from services.votebooth.rooms.hosting import Hosting
from services.votebooth.rooms.polls import RoomPolls
from services.votebooth.rooms.pulse import Pulse
from services.votebooth.rooms.reading import Reading
from services.votebooth.settings import VoteBoothSettings


class Rooms:
    """What can be done with rooms.

    Attributes:
        doors: Who may come in.
        hosting: What hosts do.
        crowd: What the audience does.
        reading: What is seen.
        pulse: What happens by itself.
    """

    def __init__(self, kit: Kit[VoteBoothSettings], projection: Projection, audience: Audience, people: People) -> None:
        self.doors = Doors(kit)
        self.hosting = Hosting(kit, RoomPolls(kit, projection, audience), people)
        self.crowd = Crowd(kit, people)
        self.reading = Reading(kit)
        self.pulse = Pulse(kit)
