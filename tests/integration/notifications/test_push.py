"""Web push tells each browser of what wasn't read, once, and of nothing that a locked phone may not show."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from services.core.ids import new_id
from services.core.peers.outside import Outside
from services.core.problems import Problem
from services.notifications.repository.devices import DeviceRepository
from services.notifications.schemas import ChannelsEdit, DeliveryView, DeviceNew, QuietHours
from services.notifications.service import Notifications, pushing, ringing
from services.notifications.service.devices import signing_keys
from services.notifications.service.pushing import Pushing
from services.notifications.webpush import to_text
from tests.conftest import eventually
from tests.integration.auth.conftest import bearer, opened, signed_in
from tests.integration.follows.conftest import kind_of
from tests.integration.notifications.conftest import (
    Reader,
    comment_of,
    hear,
    listed,
    person_of,
    poll_of,
    reaction_of,
    reader,
    subject,
    wave_of,
)
from tests.integration.notifications.push_service import HOST, Brought, Browser, PushService


class Clock:
    """Goes ahead of everybody's, so that no other instance finds anything due."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC) + timedelta(hours=1)

    def __call__(self) -> datetime:
        return self.now


class Owner:
    """Somebody with a browser in which they are told."""

    def __init__(self, told: Notifications, service: PushService, clock: Clock) -> None:
        self._told = told
        self._service = service
        self._clock = clock
        self.account = new_id()
        self.browser = Browser()

    async def add(self, browser: Browser | None = None, account: UUID | None = None, **more: Any) -> UUID:
        new = msgspec.convert((browser or self.browser).subscription(**more), DeviceNew)
        return (await self._told.devices.put(subject(account or self.account), new)).id

    async def replace(self, replaces: UUID, account: UUID | None = None) -> UUID:
        """Let the browser have another subscription, in place of the one before."""
        self.browser = Browser()
        new = msgspec.convert({**self.browser.subscription(), "replaces": replaces}, DeviceNew)
        return (await self._told.devices.put(subject(account or self.account), new)).id

    async def devices(self) -> int:
        return len((await self._told.devices.mine(subject(self.account))).items)

    async def gets(self, number: int, wait: timedelta = timedelta(seconds=10)) -> list[Brought]:
        """Let some time pass, and see that so many messages have come to the browser in all."""
        self._clock.now += wait
        await self._told.pushing.work()
        assert len(self._service.brought[self.browser.path]) == number
        return self._service.brought[self.browser.path]


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[PushService]:
    async with PushService(tmp_path) as found:
        yield found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(pushing, "utc_now", found)
    monkeypatch.setattr(ringing, "utc_now", found)
    return found


@pytest.fixture
async def owner(notifications: Notifications, service: PushService, clock: Clock) -> AsyncIterator[Owner]:
    outside = Outside(service.resolver(), service.trusted())
    notifications.pushing = Pushing(notifications.kit, notifications.reading, outside)
    found = Owner(notifications, service, clock)
    await found.add()
    yield found
    await outside.close()


async def test_what_isnt_read_is_told_in_one_message_once(notifications: Notifications, owner: Owner) -> None:
    ben, poll = new_id(), poll_of(new_id(), title="A secret lunch")
    await hear(
        notifications,
        person_of(ben, handle="ben", display_name="Ben"),
        poll,
        wave_of(ben, mentions=[owner.account], text="Hello"),
        comment_of(poll, ben, answered=owner.account, text="A private word"),
    )
    assert await owner.gets(0, timedelta(seconds=9)) == []
    [brought] = await owner.gets(1, timedelta(seconds=1))
    said = owner.browser.read(brought.body)
    assert (said["kind"], said["people"], said["more"], said["poll"]) == ("reply", ["Ben (@ben)"], 1, str(poll.poll))
    assert said["title"] == "Ben (@ben) answered your comment"
    assert not any(word in str(said) for word in ("secret", "private", "Hello"))
    assert int(brought.headers["ttl"]) > 0
    assert (brought.headers["content-encoding"], brought.headers["topic"]) == ("aes128gcm", "notifications")
    assert brought.claims["sub"].startswith("mailto:")
    assert brought.headers["k"] == to_text(next(iter(await signing_keys(notifications.kit))))
    await owner.gets(1, timedelta(days=2))  # and no more
    await hear(notifications, wave_of(ben, mentions=[owner.account]))
    [first, second] = await owner.gets(2)
    assert owner.browser.read(second.body)["more"] == 0
    assert second.claims["exp"] > first.claims["exp"]


async def test_what_was_read_or_is_switched_off_isnt_told(notifications: Notifications, owner: Owner) -> None:
    wave, ben = wave_of(owner.account), new_id()
    off = ChannelsEdit(push=False)
    await notifications.preferring.edit(subject(owner.account), "mention", off)
    await hear(notifications, wave, reaction_of(wave, ben), wave_of(ben, mentions=[owner.account]))
    await owner.gets(0, timedelta(days=1))
    await notifications.preferring.edit(subject(owner.account), "reaction", ChannelsEdit(push=True))
    await hear(notifications, reaction_of(wave, new_id()))
    for one in await listed(notifications, owner.account):
        await notifications.reading.mark(subject(owner.account), one.id, read=True)
    await owner.gets(0, timedelta(days=1))
    await hear(notifications, reaction_of(wave, new_id()))
    await notifications.preferring.edit(subject(owner.account), "reaction", off)
    await owner.gets(0, timedelta(days=1))


async def test_quiet_hours_are_kept(notifications: Notifications, owner: Owner, clock: Clock) -> None:
    now = clock.now
    hours = [f"{now + timedelta(hours=ahead):%H:%M}" for ahead in (-1, 2)]
    chosen = DeliveryView(email=False, digest="daily", quiet_hours=QuietHours(*hours))
    await notifications.delivering.put(subject(owner.account), chosen)
    await hear(notifications, wave_of(new_id(), mentions=[owner.account]))
    await owner.gets(0, timedelta(minutes=110))
    await owner.gets(1, timedelta(minutes=10))


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_browser_that_is_gone_is_forgotten(
    notifications: Notifications, owner: Owner, service: PushService, status: int
) -> None:
    service.answers[owner.browser.path] = [(status, {})]
    await hear(notifications, wave_of(new_id(), mentions=[owner.account]))
    await owner.gets(1)
    assert await owner.devices() == 0


@pytest.mark.parametrize(
    ("status", "said", "waits"), [(429, "7200", timedelta(hours=2)), (503, "", timedelta(minutes=1))]
)
async def test_a_service_that_is_busy_is_asked_again_when_it_says(
    notifications: Notifications, owner: Owner, service: PushService, status: int, said: str, waits: timedelta
) -> None:
    service.answers[owner.browser.path] = [(status, {"retry-after": said})]
    await hear(notifications, wave_of(new_id(), mentions=[owner.account]))
    await owner.gets(1)
    await hear(notifications, wave_of(new_id(), mentions=[owner.account]))  # makes it no earlier
    await owner.gets(1, waits - timedelta(seconds=1))
    second = (await owner.gets(2, timedelta(seconds=1)))[1]
    assert owner.browser.read(second.body)["more"] == 1
    assert await owner.devices() == 1
    await owner.gets(2, timedelta(days=1))


async def test_a_redirect_leads_nowhere(notifications: Notifications, owner: Owner, service: PushService) -> None:
    other = Browser()
    service.answers[owner.browser.path] = [(307, {"location": f"https://{HOST}/{other.path}"})]
    await hear(notifications, wave_of(new_id(), mentions=[owner.account]))
    await owner.gets(1)
    assert service.brought[other.path] == []


async def test_whoever_is_killed_while_sending_leaves_it_to_others(
    notifications: Notifications, owner: Owner, service: PushService, clock: Clock
) -> None:
    await hear(notifications, wave_of(new_id(), mentions=[owner.account]))
    clock.now += timedelta(seconds=10)
    worker = asyncio.create_task(notifications.pushing.work())
    while not await _leased(notifications, owner, clock):
        await asyncio.sleep(0)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    before = len(service.brought[owner.browser.path])
    assert before <= 1
    await owner.gets(before, timedelta(minutes=1))
    await owner.gets(before + 1, timedelta(minutes=1))
    await owner.gets(before + 1, timedelta(days=1))


async def _leased(told: Notifications, owner: Owner, clock: Clock) -> bool:
    async with told.kit.db.reading() as session:
        [device] = await DeviceRepository(session).of(owner.account)
    return device.due_at is not None and device.due_at > clock.now


async def test_a_browser_is_one_accounts(notifications: Notifications, owner: Owner) -> None:
    other = new_id()
    again = await owner.add(label="Mine")
    assert [one.label for one in (await notifications.devices.mine(subject(owner.account))).items] == ["Mine"]
    theirs = await owner.add(account=other)
    assert theirs != again
    assert await owner.devices() == 0
    await hear(notifications, wave_of(new_id(), mentions=[owner.account]))
    await owner.gets(0, timedelta(days=1))
    with pytest.raises(Problem):
        await notifications.devices.take_back(subject(owner.account), theirs)
    await notifications.devices.take_back(subject(other), theirs)
    with pytest.raises(Problem):
        await notifications.devices.take_back(subject(other), theirs)


async def test_an_account_has_ten_browsers_however_many_come_at_once(
    notifications: Notifications, owner: Owner
) -> None:
    added = await asyncio.gather(*(owner.add(Browser()) for _ in range(14)), return_exceptions=True)
    refused = [each for each in added if isinstance(each, BaseException)]
    assert all(isinstance(each, Problem) and each.slug == "over-quota" for each in refused)
    assert (len(refused), await owner.devices()) == (5, 10)
    await owner.add()  # it has this one


async def test_somebody_new_isnt_told_of_what_was_before(notifications: Notifications, owner: Owner) -> None:
    wave = wave_of(new_id(), mentions=[owner.account])
    await hear(notifications, wave)
    await owner.gets(1)
    second = owner.browser = Browser()
    await owner.add(second)
    await owner.gets(0, timedelta(days=1))


async def test_devices_over_http(client: httpx.AsyncClient, ada: Reader) -> None:
    ben = await reader(client)
    key = (await ada.at("GET", "/devices/key")).json()["key"]
    assert len(key) == 87
    browser = Browser()
    added = await ada.at("PUT", "/devices", json=browser.subscription(label="Firefox on Android"))
    assert added.status_code == 200, added.text
    one = added.json()
    assert (one["label"], one["host"]) == ("Firefox on Android", HOST)
    assert (await ada.at("GET", "/devices")).json() == {"items": [one]}
    assert (await ben.at("GET", "/devices")).json() == {"items": []}
    assert (await ben.at("DELETE", f"/devices/{one['id']}")).status_code == 404
    assert (await ada.at("DELETE", f"/devices/{one['id']}")).status_code == 204
    wrong = {"endpoint": "https://127.0.0.1/a", "keys": {"p256dh": "AAAA", "auth": "AAAA"}, "label": "\u202eA"}
    refused = await ada.at("PUT", "/devices", json=wrong)
    assert kind_of(refused) == (422, "device-refused")
    fields = {each["field"] for each in refused.json()["errors"]}
    assert fields >= {"endpoint", "keys.p256dh", "keys.auth"}


async def test_a_browser_whose_session_ends_elsewhere_is_told_no_more(client: httpx.AsyncClient) -> None:
    here = await opened(client)
    lost, key = await signed_in(client, here), {"name": "k", "scopes": ["notifications:write"]}
    made = (await client.post("/v1/auth/keys", json=key, headers=bearer(here))).json()
    traded = (await client.post("/v1/auth/tokens", json={"api_key": made["api_key"]})).json()
    for label, tokens in (("here", here), ("lost", lost), ("key", traded)):
        body = Browser().subscription(label=label)
        added = await client.put("/v1/notifications/devices", json=body, headers=bearer(tokens))
        assert added.status_code == 200, added.text

    async def told() -> list[str]:
        answer = await client.get("/v1/notifications/devices", headers=bearer(here))
        return sorted(device["label"] for device in answer.json()["items"])

    async def only(*labels: str) -> None:
        async def so() -> bool:
            return await told() == sorted(labels)

        await eventually(so, 20)

    await only("here", "lost", "key")
    ended = await client.delete(f"/v1/auth/sessions/{lost['session_id']}", headers=bearer(here))
    assert ended.status_code == 204
    await only("here", "key")
    assert (await client.delete(f"/v1/auth/keys/{made['key']['id']}", headers=bearer(here))).status_code == 204
    await only("here")


async def test_a_new_subscription_takes_the_place_of_the_old_and_is_told_what_that_wasnt(
    notifications: Notifications, owner: Owner
) -> None:
    [first] = (await notifications.devices.mine(subject(owner.account))).items
    await hear(notifications, wave_of(new_id(), mentions=[owner.account]))
    second = await owner.replace(first.id)
    assert [each.id for each in (await notifications.devices.mine(subject(owner.account))).items] == [second]
    await owner.gets(1)  # of what had happened before
    assert await owner.add(replaces=second) == second, "the same again, whatever it says that it replaces"
    assert await owner.devices() == 1
    await owner.gets(1, timedelta(days=2))

    stranger = new_id()
    theirs = await owner.replace(second, stranger)
    assert await owner.devices() == 1, "nobody removes another one's"
    third = await owner.replace(second)
    assert third != second
    assert await owner.replace(second) not in {second, third}, "what is gone already is no error"
    assert await owner.devices() == 2
    assert [each.id for each in (await notifications.devices.mine(subject(stranger))).items] == [theirs]
