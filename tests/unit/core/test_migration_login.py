"""Who migrates: the database's master user, as a secret has him."""

import json
from pathlib import Path

import pytest
from services.core.aws.secrets import FileSecrets, SecretError
from services.core.data.migrations import admin_url_from


def store_with(folder: Path, value: str) -> FileSecrets:
    store = FileSecrets(folder / "secrets.json")
    store.ensure("migrate/master", lambda: value)
    return store


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://db.internal:5432/votewave", "postgresql://master:p%40ss%2F%3F@db.internal:5432/votewave"),
        (
            "postgresql://db/votewave?sslmode=verify-full",
            "postgresql://master:p%40ss%2F%3F@db/votewave?sslmode=verify-full",
        ),
        ("postgresql:///votewave?host=/run/pg", "postgresql://master:p%40ss%2F%3F@/votewave?host=/run/pg"),
        ("postgresql://somebody@db/votewave", "postgresql://master:p%40ss%2F%3F@db/votewave"),
    ],
)
async def test_user_and_password_come_from_the_secret(tmp_path: Path, url: str, expected: str) -> None:
    # RDS keeps more than these two in it.
    store = store_with(tmp_path, json.dumps({"username": "master", "password": "p@ss/?", "engine": "postgres"}))
    assert await admin_url_from(url, "migrate/master", store) == expected


@pytest.mark.parametrize("value", ["hunter2", "{}", '{"username": "master"}', '["master", "hunter2"]'])
async def test_another_content_is_refused_and_not_shown(tmp_path: Path, value: str) -> None:
    with pytest.raises(SecretError, match="migrate/master isn't") as refused:
        await admin_url_from("postgresql://db/votewave", "migrate/master", store_with(tmp_path, value))
    assert "hunter2" not in str(refused.value)
