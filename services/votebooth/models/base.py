"""The base of VoteBooth's tables."""

from services.core.data.models import ServiceBase


class Base(ServiceBase):
    """VoteBooth's tables."""

    __abstract__ = True
