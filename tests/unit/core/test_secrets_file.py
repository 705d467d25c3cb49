import json
import multiprocessing
import stat
from pathlib import Path

import pytest
from services.core.aws.secrets import AwsSecrets, FileSecrets, SecretError, open_secrets


async def test_a_missing_secret_is_made_once(tmp_path: Path) -> None:
    store = FileSecrets(tmp_path / "new" / "secrets.json")
    store.ensure("polls/database", lambda: "first")
    store.ensure("polls/database", lambda: "second")
    assert await store.get("polls/database") == "first"
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert await store.get_previous("polls/database") is None
    assert sorted(path.name for path in store.path.parent.iterdir()) == ["secrets.json", "secrets.json.lock"]


async def test_a_change_of_the_file_is_seen_and_the_old_value_kept(tmp_path: Path) -> None:
    reader, writer = (FileSecrets(tmp_path / "s.json") for _ in range(2))
    writer.rotate("a/b", lambda: "one")
    assert await reader.get("a/b") == "one"
    writer.rotate("a/b", lambda: "two")
    assert await reader.get("a/b") == "two"
    assert await reader.refresh("a/b") == "two"
    assert await reader.get_previous("a/b") == "one"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
async def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    store = FileSecrets(tmp_path / "s.json")
    store.ensure("a", lambda: "hidden")
    store.path.chmod(mode)
    with pytest.raises(SecretError, match="chmod 600") as caught:
        await FileSecrets(store.path).get("a")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("content", ['{"a": "hidden"', '["hidden"]', '{"a": 7}'])
async def test_a_damaged_file_is_named_and_not_shown(tmp_path: Path, content: str) -> None:
    path = tmp_path / "s.json"
    path.write_text(content)
    path.chmod(0o600)
    store = FileSecrets(path)
    with pytest.raises(SecretError, match=r"s\.json isn't a JSON object") as caught:
        await store.get("a")
    assert "hidden" not in str(caught.value)
    with pytest.raises(SecretError):
        store.ensure("b", lambda: "x")
    assert path.read_text() == content, "a damaged file isn't written over"


async def test_a_missing_name_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="auth/key"):
        await FileSecrets(tmp_path / "s.json").get("auth/key")


async def test_values_are_in_no_repr(tmp_path: Path) -> None:
    store = FileSecrets(tmp_path / "s.json")
    store.ensure("a", lambda: "hidden")
    await store.get("a")
    assert "hidden" not in repr(store)


def _ensure(path: Path, number: int) -> None:
    for n in range(20):
        FileSecrets(path).ensure(f"p{number}/{n}", lambda: "x")


def test_processes_do_not_undo_each_other_s_changes(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_ensure, args=(path, number)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(json.loads(path.read_text())) == 80


def test_a_setting_chooses() -> None:
    assert isinstance(open_secrets("file:///a b/%20.json"), FileSecrets)
    assert repr(open_secrets("file:///a b/%20.json")) == "FileSecrets('/a b/%20.json')"
    assert isinstance(open_secrets("aws://votewave/staging"), AwsSecrets)
    for wrong in ("", "file://x", "aws://", "vault://x"):
        with pytest.raises(ValueError, match="aws://PREFIX"):
            open_secrets(wrong)
