"""Avatars and banners: uploaded, made, shown by every service, and gone when they are to go."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import boto3
import httpx
import msgspec
import pytest
from moto.server import ThreadedMotoServer
from PIL import Image
from services.core.identity.subject import Kind, Role, Subject
from services.core.images.shapes import AVATAR
from services.core.kit import Kit, Shared
from services.core.problems import Problem
from services.core.shares import Shares
from services.profiles.service import Profiles
from services.profiles.settings import ProfilesSettings
from tests.conftest import VoteWave, eventually
from tests.integration.inside import settings_beside

from .conftest import Person


def a_picture(kind: str = "PNG", colour: str = "teal") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (700, 400), colour).save(target, kind)
    return target.getvalue()


async def begin(person: Person, content_type: str = "image/png") -> httpx.Response:
    return await person.http.post("/v1/profiles/me/images", json={"content_type": content_type}, headers=person.headers)


async def uploaded(person: Person, data: bytes) -> str:
    """Upload a file as an image; return its id."""
    begun = (await begin(person)).json()
    upload = begun["upload"]
    sent = await person.http.request(upload["method"], upload["url"], headers=upload["headers"], content=data)
    assert sent.status_code == 204, sent.text
    return str(begun["id"])


async def show(person: Person, image: str, what: str = "avatar") -> httpx.Response:
    return await person.http.put(f"/v1/profiles/me/{what}", json={"image": image}, headers=person.headers)


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def files(votewave: VoteWave, image: str) -> list[str]:
    """Return what is stored of an image."""
    return sorted(
        str(path.name)
        for path in (votewave.data_dir / "files" / "files").rglob(f"{UUID(image).hex}*")
        if path.is_file()
    )


def a_subject(person: Person) -> Subject:
    return Subject(UUID(person.account), Kind.USER, Role.USER, uuid4(), frozenset("*"), 0)


@pytest.fixture
async def profiles(votewave: VoteWave) -> AsyncIterator[Profiles]:
    """Give the use cases, on the running servers."""
    shared = Shared(settings_beside(votewave))
    made = Profiles(Kit("profiles", ProfilesSettings(), shared))
    yield made
    await made.kit.db.close()
    await shared.close()


async def test_an_avatar_is_shown_and_its_original_is_gone(
    person: Person, other: Person, votewave: VoteWave, profiles: Profiles
) -> None:
    image = await uploaded(person, a_picture("JPEG"))
    shown = await show(person, image)
    assert shown.status_code == 200, shown.text
    avatar = shown.json()["avatar"]
    assert avatar == f"/v1/profiles/images/{image}/256.webp"
    for size in (64, 256, 512):
        answer = await person.http.get(f"/v1/profiles/images/{image}/{size}.webp")
        assert answer.headers["content-type"] == "image/webp"
        assert "immutable" in answer.headers["cache-control"]
        assert Image.open(io.BytesIO(answer.content)).size == (size, size)
    assert kind(await person.http.get(f"/v1/profiles/images/{image}/65.webp")) == (404, "not-found")
    assert kind(await person.http.get(f"/v1/profiles/images/{uuid4()}/64.webp")) == (404, "not-found")
    assert len(files(votewave, image)) == 3
    assert (await show(person, image)).json() == shown.json(), "a retry changes nothing"
    assert kind(await show(other, image)) == (404, "not-found")
    assert kind(await show(person, image, "banner")) == (409, "image-used")

    wave = await person.http.post(
        "/v1/expressions/waves",
        json={"text": "Look at me"},
        headers=person.headers | {"idempotency-key": uuid4().hex},
    )
    assert wave.status_code == 201, wave.text

    async def known() -> bool:
        read = await person.http.get(f"/v1/expressions/waves/{wave.json()['id']}", headers=person.headers)
        return read.json()["author"]["avatar"] == avatar

    await eventually(known)

    second = await uploaded(person, a_picture())
    assert (await show(person, second)).json()["avatar"] != avatar
    await profiles.sweep()
    assert files(votewave, image) == []
    assert len(files(votewave, second)) == 3
    hidden = await person.http.delete("/v1/profiles/me/avatar", headers=person.headers)
    assert hidden.json()["avatar"] is None
    await profiles.sweep()
    assert files(votewave, second) == []


async def test_two_that_race_for_an_image_show_it_once(person: Person, votewave: VoteWave) -> None:
    image = await uploaded(person, a_picture())
    answers = await asyncio.gather(*(show(person, image, what) for what in ("avatar", "banner", "avatar", "banner")))
    assert min(answer.status_code for answer in answers) == 200
    mine = (await person.mine()).json()
    assert [mine["avatar"], mine["banner"]].count(None) == 1
    banner = await show(person, await uploaded(person, a_picture()), "banner")
    avatar = await show(person, await uploaded(person, a_picture()), "avatar")
    assert banner.json()["banner"].endswith("/1200.webp")
    assert avatar.json()["banner"] == banner.json()["banner"]
    rows = await votewave.sql("SELECT state FROM profiles.image WHERE account_id = $1", person.account)
    assert [row["state"] for row in rows].count("used") == 2


async def test_what_is_no_image_is_refused_and_kept_nowhere(person: Person, votewave: VoteWave) -> None:
    assert kind(await begin(person, "image/svg+xml")) == (422, "image-type")
    begun = (await begin(person)).json()
    assert kind(await show(person, begun["id"])) == (409, "not-uploaded")
    before = (await person.mine()).json()
    for data, slug in (
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image-type"),
        (a_picture()[:-99], "image-broken"),
    ):
        image = await uploaded(person, data)
        assert kind(await show(person, image)) == (422, slug)
        assert files(votewave, image) == []
        assert kind(await show(person, image)) == (404, "not-found")
    assert (await person.mine()).json() == before


async def test_what_nobody_completes_is_deleted(person: Person, votewave: VoteWave, profiles: Profiles) -> None:
    image = await uploaded(person, a_picture())
    for _ in range(11):
        assert (await begin(person)).status_code == 201
    assert kind(await begin(person)) == (429, "over-quota")
    await profiles.sweep()
    assert len(files(votewave, image)) == 1, "it may still be used"
    await votewave.sql(
        "UPDATE profiles.image SET due = now(), state = CASE WHEN id = $1 THEN 'taken' ELSE state END"
        " WHERE account_id = $2",
        image,
        person.account,
    )
    await profiles.sweep()
    assert files(votewave, image) == []
    assert await votewave.sql("SELECT 1 FROM profiles.image WHERE account_id = $1", person.account) == []
    assert (await begin(person)).status_code == 201


async def test_a_child_that_is_killed_refuses_one_image_and_nothing_else(
    person: Person, profiles: Profiles, votewave: VoteWave, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = a_subject(person)
    image = UUID(await uploaded(person, a_picture()))
    monkeypatch.setattr("services.core.images.images._SECONDS", 0.01)
    with pytest.raises(Problem) as caught:
        await profiles.show(subject, "avatar", image, "1.2.3.4")
    assert caught.value.status == 503
    assert files(votewave, str(image)) == []
    monkeypatch.undo()
    assert (await show(person, await uploaded(person, a_picture()))).status_code == 200


async def test_images_have_so_many_bytes_and_races_find_no_more(
    person: Person, votewave: VoteWave, profiles: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = a_subject(person)
    first, *rest = [UUID(await uploaded(person, a_picture())) for _ in range(6)]
    await profiles.show(subject, "avatar", first, "1.2.3.4")

    async def taken() -> int:
        [row] = await votewave.sql(
            "SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM profiles.image WHERE account_id = $1"
            " AND state <> 'gone'",
            subject.id,
        )
        return int(row["bytes"])

    each = await taken()
    stored = sum(
        path.stat().st_size
        for path in (votewave.data_dir / "files" / "files").rglob(f"{first.hex}-*")
        if path.is_file()
    )
    assert each == stored > 0
    monkeypatch.setattr(profiles.images, "_most_bytes", 3 * each)
    monkeypatch.setattr(profiles.images, "_places", Shares("images", places=8, account=8, address=8))

    async def make(image: UUID) -> str:
        try:
            await profiles.images.make(subject.id, image, AVATAR, "1.2.3.4")
        except Problem as problem:
            return problem.slug
        return "made"

    made = await asyncio.gather(*(make(image) for image in rest))
    assert sorted(made) == ["made", "made", "over-quota", "over-quota", "over-quota"]
    assert await taken() == 3 * each
    refused = [image for image, how in zip(rest, made, strict=True) if how != "made"]
    assert [files(votewave, str(image)) for image in refused] == [[], [], []]

    await profiles.hide(subject, "avatar")
    assert await taken() == 2 * each, "it is free at once"
    assert await make(UUID(await uploaded(person, a_picture()))) == "made"
    assert await make(UUID(await uploaded(person, a_picture()))) == "over-quota"


@pytest.fixture
def bucket() -> Iterator[str]:
    """Give a bucket's name; AWS is played by moto."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    values = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="images")
        yield "images"
    server.stop()


async def test_it_is_the_same_with_a_bucket(person: Person, votewave: VoteWave, bucket: str) -> None:
    shared = Shared(msgspec.structs.replace(settings_beside(votewave), storage=f"s3://{bucket}"))
    profiles = Profiles(Kit("profiles", ProfilesSettings(), shared))
    subject = a_subject(person)

    def keys() -> list[Any]:
        found = boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
        return sorted(each["Key"] for each in found)

    try:
        begun = await profiles.begin_image(subject, "image/png")
        async with httpx.AsyncClient() as http:
            upload = begun.upload
            form = {"data": upload.fields, "files": {"file": ("a.png", a_picture())}}
            sent = await http.request(upload.method, upload.url, **form)  # type: ignore[arg-type]
            assert sent.is_success, sent.text
        assert keys() == [f"profiles/uploads/{begun.id.hex}"]
        await profiles.show(subject, "avatar", begun.id, "1.2.3.4")
        assert len(keys()) == 3
        assert all(key.startswith("profiles/images/") for key in keys())
        assert Image.open(io.BytesIO(await profiles.images.read(begun.id, "64"))).size == (64, 64)
        await profiles.hide(subject, "avatar")
        await profiles.sweep()
        assert keys() == []
    finally:
        await profiles.kit.db.close()
        await shared.close()
