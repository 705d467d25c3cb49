import asyncio
import base64
import json
import socket
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from email import message_from_string, policy

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer
from moto.ses.models import ses_backends
from services.core.aws.mail import Mail, MailError, SesMailer
from services.core.aws.secrets import AwsSecrets, SecretError
from services.core.storage.bucket import S3Storage
from services.core.storage.files import NoSuchFile, StorageError, content_key


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    with pytest.MonkeyPatch.context() as patch:
        values = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "eu-central-1",
        }
        for name, value in values.items():
            patch.setenv(name, value)
        yield values["AWS_ENDPOINT_URL"]
    server.stop()


async def test_a_rotation_is_survived(aws: str) -> None:
    manager = boto3.client("secretsmanager")
    manager.create_secret(Name="votewave/test/polls/database", SecretString="one")
    store = AwsSecrets("votewave/test")
    assert await store.get("polls/database") == "one"
    assert await store.get_previous("polls/database") is None
    manager.put_secret_value(SecretId="votewave/test/polls/database", SecretString="two")
    assert await store.get("polls/database") == "one", "cached"
    assert await store.get_previous("polls/database") == "one"
    store._cache.clear()
    assert await store.refresh("polls/database") == "two"
    assert await store.get("polls/database") == "two"
    assert "two" not in repr(store)


async def test_an_old_value_is_read_again_and_kept_while_aws_is_away(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = boto3.client("secretsmanager")
    manager.create_secret(Name="votewave/test/old", SecretString="one")
    store = AwsSecrets("votewave/test", ttl=0.05)
    assert await store.get("old") == "one"
    manager.put_secret_value(SecretId="votewave/test/old", SecretString="two")
    await asyncio.sleep(0.06)
    assert await store.get("old") == "two"

    def away(*_: object) -> str:
        raise SecretError("AWS is away")

    monkeypatch.setattr(store, "_fetch", away)
    await asyncio.sleep(0.06)
    assert await store.get("old") == "two"


async def test_while_aws_is_slow_everybody_has_the_old_value_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    store = AwsSecrets("votewave/test", ttl=0.05)
    read: list[str] = []
    slow = threading.Event()

    def fetch(name: str, _stage: str) -> str:
        read.append(name)
        if len(read) == 2:
            assert slow.wait(20)
        return f"value {len(read)}"

    monkeypatch.setattr(store, "_fetch", fetch)
    assert await store.get("slow") == "value 1"
    await asyncio.sleep(0.06)
    try:
        began = time.monotonic()
        assert set(await asyncio.gather(*(store.get("slow") for _ in range(50)))) == {"value 1"}
        assert await store.get("slow") == "value 1"
        assert time.monotonic() - began < 1
        assert read == ["slow"] * 2, "one reads, behind them"
    finally:
        slow.set()
    for _ in range(200):
        if await store.get("slow") != "value 1":
            break
        await asyncio.sleep(0.01)
    assert await store.get("slow") != "value 1"


async def test_who_stops_waiting_for_the_first_value_doesn_t_stop_its_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    store = AwsSecrets("votewave/test")
    slow = threading.Event()
    monkeypatch.setattr(store, "_fetch", lambda *_: slow.wait(20) and "value")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(store.get("slow"), 0.05)
    slow.set()
    monkeypatch.setattr(store, "_fetch", lambda *_: pytest.fail("it is read twice"))
    assert await store.get("slow") == "value"


async def test_many_who_are_refused_refresh_once(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = AwsSecrets("votewave/test")
    asked: list[str] = []
    monkeypatch.setattr(store, "_fetch", lambda name, _stage: asked.append(name) or "value")
    assert await asyncio.gather(*(store.refresh("x") for _ in range(50))) == ["value"] * 50
    assert asked == ["x"]


async def test_a_missing_secret_is_named(aws: str) -> None:
    store = AwsSecrets("votewave/test")
    with pytest.raises(SecretError, match="votewave/test/no/such"):
        await store.get("no/such")
    assert await store.get_previous("no/such") is None


async def test_files_go_to_the_bucket(aws: str) -> None:
    boto3.client("s3").create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    storage = S3Storage("files", "votewave/")
    key = content_key(b"data", ".png")
    assert not await storage.exists(key)
    with pytest.raises(NoSuchFile):
        await storage.get(key)
    await storage.put(key, b"data", "image/png")
    assert await storage.exists(key)
    assert await storage.get(key) == b"data"
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * 600_000)
        file.seek(0)
        await storage.put_file("large", file, "application/zip")
    pieces = [piece async for piece in await storage.stream("large")]
    assert (b"".join(pieces), len(pieces) > 1) == (b"x" * 600_000, True)
    with pytest.raises(NoSuchFile):
        await storage.stream("nothing")
    head = boto3.client("s3").head_object(Bucket="files", Key=f"votewave/{key}")
    assert head["ContentType"] == "image/png"
    url = await storage.presign_get(key, 60)
    assert "X-Amz-Signature" in url
    with await asyncio.to_thread(urllib.request.urlopen, url) as answer:
        assert answer.read() == b"data"
    await storage.delete(key)
    assert not await storage.exists(key)
    with pytest.raises(ValueError, match="key"):
        await storage.get("../x")
    with pytest.raises(StorageError, match="NoSuchBucket"):
        await S3Storage("nowhere").put(key, b"", "image/png")


async def test_an_upload_s_form_holds_type_and_size(aws: str) -> None:
    upload = await S3Storage("files", "votewave").presign_put("a/b.png", "image/png", 1000, 60)
    assert upload.method == "POST"
    assert upload.fields["key"] == "votewave/a/b.png"
    assert upload.fields["Content-Type"] == "image/png"
    signed = json.loads(base64.b64decode(upload.fields["policy"]))
    assert ["content-length-range", 1, 1000] in signed["conditions"]
    assert {"Content-Type": "image/png"} in signed["conditions"]


async def test_mail_leaves_through_ses(aws: str) -> None:
    mailer = SesMailer("VoteWave <no-reply@example.org>")
    mail = Mail(to="ada@example.org", subject="Grüße", text="Hallo")
    with pytest.raises(MailError) as caught:
        await mailer.send(mail)
    assert not caught.value.temporary
    boto3.client("sesv2").create_email_identity(EmailIdentity="no-reply@example.org")
    await mailer.send(mail)
    (sent,) = ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].sent_messages
    read = message_from_string(sent.raw_data, policy=policy.default)
    assert read["Subject"] == "Grüße"
    assert read["To"] == "ada@example.org"
    body = read.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "Hallo"
