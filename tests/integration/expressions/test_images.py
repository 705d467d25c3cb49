"""Images of Waves: uploaded, made ready, shown, and gone with what shows them."""

import io
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image
from services.core.identity.subject import Kind, Role, Subject
from services.core.kit import Kit, Shared
from services.core.problems import Problem
from services.expressions.schemas import WaveImageNew, WaveNew
from services.expressions.service import Expressions
from services.expressions.settings import ExpressionsSettings
from tests.conftest import VoteWave
from tests.integration.inside import settings_beside

from .conftest import Author


def a_picture(kind: str = "PNG", size: tuple[int, int] = (1200, 800)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "teal").save(target, kind)
    return target.getvalue()


async def begun(person: Author) -> str:
    """Upload a file; return its image, which isn't ready yet."""
    answer = await person.http.post(
        "/v1/expressions/images", json={"content_type": "image/png"}, headers=person.headers
    )
    assert answer.status_code == 201, answer.text
    upload = answer.json()["upload"]
    sent = await person.http.request(upload["method"], upload["url"], headers=upload["headers"], content=a_picture())
    assert sent.status_code == 204, sent.text
    return str(answer.json()["id"])


async def make(person: Author, image: str) -> httpx.Response:
    return await person.http.put(f"/v1/expressions/images/{image}", headers=person.headers)


async def ready(person: Author) -> str:
    image = await begun(person)
    answer = await make(person, image)
    assert answer.status_code == 200, answer.text
    return image


async def publish(person: Author, images: list[dict[str, Any]], text: str = "", key: str = "") -> httpx.Response:
    headers = person.headers | {"idempotency-key": key or uuid4().hex}
    return await person.http.post("/v1/expressions/waves", json={"text": text, "images": images}, headers=headers)


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def files(votewave: VoteWave, image: str) -> list[str]:
    """Return what is stored of an image."""
    found = (votewave.data_dir / "files" / "files").rglob(f"{UUID(image).hex}*")
    return sorted(str(path.name) for path in found if path.is_file())


@pytest.fixture
async def tight(votewave: VoteWave) -> AsyncIterator[Expressions]:
    """The use cases with small quotas, on the running servers."""
    shared = Shared(settings_beside(votewave))
    made = Expressions(Kit("expressions", ExpressionsSettings(images_per_account=2), shared))
    yield made
    await made.kit.db.close()
    await shared.close()


async def test_a_wave_shows_images_with_what_they_show_and_they_go_with_it(
    ada: Author, votewave: VoteWave, expressions: Expressions
) -> None:
    first, second = await ready(ada), await ready(ada)
    wanted = [{"image": second, "description": "  Two boats  "}, {"image": first}]
    made = await publish(ada, wanted, key="one-wave-of-images")
    assert made.status_code == 201, made.text
    wave = made.json()
    assert [(each["id"], each["description"]) for each in wave["images"]] == [(second, "Two boats"), (first, "")]
    assert {(each["width"], each["height"]) for each in wave["images"]} == {(1200, 800)}
    anybody = await ada.http.post("/v1/expressions/waves/batch", json={"waves": [wave["id"]]})
    assert anybody.json()["items"][0]["images"] == wave["images"]
    for name, width in (("small", 320), ("medium", 960), ("large", 1200)):
        answer = await ada.http.get(wave["images"][0][name])
        assert Image.open(io.BytesIO(answer.content)).size == (width, width * 2 // 3)

    again = await publish(ada, wanted, key="one-wave-of-images")
    assert (again.status_code, again.json()["id"]) == (200, wave["id"])
    assert kind(await publish(ada, wanted)) == (409, "image-used")
    edited = await ada.http.patch(f"/v1/expressions/waves/{wave['id']}", json={"text": ""}, headers=ada.headers)
    assert edited.status_code == 200, "it has images, so it needs no text"
    ripple = await ada.http.post(
        "/v1/expressions/waves",
        json={"text": "Look", "ripple_of": wave["id"]},
        headers=ada.headers | {"idempotency-key": uuid4().hex},
    )
    assert ripple.json()["original"]["images"] == wave["images"]

    await ada.http.delete(f"/v1/expressions/waves/{wave['id']}", headers=ada.headers)
    await expressions.sweep_images()
    assert (files(votewave, first), files(votewave, second)) == ([], [])
    assert (await ada.http.get(wave["images"][0]["small"])).status_code == 404


async def test_only_ones_own_images_that_are_ready_are_shown(ada: Author, ben: Author) -> None:
    raw, mine = await begun(ada), await ready(ada)
    assert kind(await make(ben, mine)) == (404, "not-found")
    assert kind(await publish(ben, [{"image": mine}])) == (409, "image-used")
    assert kind(await publish(ada, [{"image": raw}])) == (409, "image-used")
    assert kind(await publish(ada, [{"image": mine}, {"image": str(uuid4())}])) == (409, "image-used")
    assert kind(await publish(ada, [{"image": mine}] * 2)) == (422, "wave-refused")
    five = [{"image": str(uuid4()), "description": "x" * 501} for _ in range(5)]
    refused = await publish(ada, five)
    fields = {error["field"] for error in refused.json()["errors"]}
    assert {"images", "images.0.description"} <= fields
    original = (await ada.say("Words"))["id"]
    wordless = {"text": "", "ripple_of": original, "images": [{"image": mine}]}
    assert kind(await ada.waves("POST", json=wordless)) == (422, "wave-refused"), "it would look like a bare Ripple"
    assert (await publish(ada, [{"image": mine}])).status_code == 201, "a refusal has used nothing"
    assert kind(await publish(ada, [])) == (422, "wave-refused")


async def test_an_account_shows_so_many_images_and_no_more(ada: Author, tight: Expressions) -> None:
    """Through the use cases, whose limit is 2 here."""
    subject = Subject(UUID(ada.account), Kind.USER, Role.USER, uuid4(), frozenset("*"), 0)
    images = [UUID(await ready(ada)) for _ in range(3)]
    await tight.writing.create(subject, WaveNew(images=[WaveImageNew(image=image) for image in images[:2]]), None)
    with pytest.raises(Problem, match="2 images"):
        await tight.writing.create(subject, WaveNew(images=[WaveImageNew(image=images[2])]), None)


async def test_guests_upload_nothing(client: httpx.AsyncClient) -> None:
    token = (await client.post("/v1/auth/guests")).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    answer = await client.post("/v1/expressions/images", json={"content_type": "image/png"}, headers=headers)
    assert kind(answer) == (403, "guest-refused")


async def test_images_from_before_they_were_counted_are_weighed_once(
    ada: Author, votewave: VoteWave, expressions: Expressions
) -> None:
    images = [await ready(ada) for _ in range(3)]
    await publish(ada, [{"image": images[0]}, {"image": images[1]}])

    async def counted() -> dict[str, int]:
        query = "SELECT id, bytes FROM expressions.image WHERE id = ANY($1)"
        return {str(row["id"]): row["bytes"] for row in await votewave.sql(query, [UUID(image) for image in images])}

    before = await counted()
    assert all(size > 0 for size in before.values())
    await votewave.sql("UPDATE expressions.image SET bytes = 0 WHERE id = ANY($1)", [UUID(image) for image in images])
    lost = uuid4()
    await votewave.sql("INSERT INTO expressions.image (id, account_id, state) VALUES ($1, $1, 'used')", lost)
    for _ in range(2):
        await expressions.picturing.images.weigh()
    assert await counted() == before
    await votewave.sql("DELETE FROM expressions.image WHERE id = $1", lost)
