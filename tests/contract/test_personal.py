"""Each service erases and exports what it holds of a person."""

import importlib
from uuid import UUID, uuid4

import pytest
from services import registry
from services.auth.service.archives import EXPORTING
from services.core.data.models import ServiceBase
from services.core.people import PersonColumns
from sqlalchemy import Uuid

SERVICES = dict(zip(registry.NAMES, registry.load_services(["all"]), strict=True))
OTHERS = [name for name in registry.NAMES if name != registry.SIGNER]
"""The signer's own accounts are what is deleted; it tells the others."""

ACCOUNTS = {"account", "account_id", "owner", "owner_id", "author", "actor", "reporter", "sender", "member", "follower"}


def base_of(name: str) -> type[ServiceBase]:
    """Return the base of a service's tables."""
    base: type[ServiceBase] = importlib.import_module(f"services.{name}.models").Base
    return base


@pytest.mark.parametrize("name", OTHERS)
def test_a_service_that_has_accounts_in_a_table_erases_and_exports_them(name: str) -> None:
    """Register `personal` in the service's `plugin.py`; `core/personal.py` says how."""
    columns = [column for table in base_of(name).metadata.tables.values() for column in table.columns]
    has_accounts = any(column.name in ACCOUNTS and isinstance(column.type, Uuid) for column in columns)
    mappers = base_of(name).registry.mappers
    people = [
        m.class_
        for m in mappers
        if issubclass(m.class_, PersonColumns) and m.class_.__module__.startswith(f"services.{name}.")
    ]
    personal = SERVICES[name].personal
    assert not has_accounts or personal is not None
    if personal is not None:
        assert [personal.people] == (people or [None])


def test_archives_are_asked_of_each_service_that_has_something_of_a_person() -> None:
    """Name a new service in `services/auth/service/archives.py`."""
    assert sorted(EXPORTING) == sorted(name for name in OTHERS if SERVICES[name].personal is not None)


@pytest.mark.parametrize("name", EXPORTING)
def test_a_list_is_read_by_a_column_of_ids_in_the_statement_s_tables(name: str) -> None:
    personal = SERVICES[name].personal
    assert personal is not None
    parts = personal.exported(uuid4())
    assert len({part.name for part in parts}) == len(parts) > 0
    for part in parts:
        assert part.key.type.python_type is UUID
        assert part.statement.whereclause is not None
