"""Tickets for EventSource, which sends no header and comes back to the same URL."""

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ..booth_world import a_guest, a_poll, a_stream_ticket, a_ticket, a_user, cast, events, live_url, said, stream_of


async def test_a_ticket_in_the_url_shows_what_its_holder_may_see_again_and_again(client: httpx.AsyncClient) -> None:
    poll = await a_poll(client, await a_user(client), rules={"results": "after_vote"})
    voter = await a_guest(client)
    await cast(client, poll, voter, {"picks": [1]})
    ticket = await a_stream_ticket(client, poll, voter)
    for _ in range(3):
        async with events(client, poll, ticket=ticket) as stream:
            assert (await said(stream))["type"] == "snapshot"
    async with events(client, poll) as stream:
        assert (await said(stream))["type"] == "hidden", "without one, nobody has voted"


async def test_a_ticket_is_for_one_stream_of_one_poll(client: httpx.AsyncClient) -> None:
    owner = await a_user(client)
    poll, other = await a_poll(client, owner), await a_poll(client, owner)
    ticket = await a_stream_ticket(client, poll, owner)
    path = "/v1/votebooth/live/events"
    for wrong in ({"stream": stream_of(other), "ticket": ticket}, {"stream": stream_of(poll), "ticket": "no"}):
        assert (await client.get(path, params=wrong)).status_code == 401
    async with connect(live_url(client, ticket)) as connection:
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401
    assert (await client.get("/v1/auth/me", headers={"authorization": f"Bearer {ticket}"})).status_code == 401
    query = {"stream": stream_of(poll), "ticket": await a_ticket(client, owner)}
    assert (await client.get(path, params=query)).status_code == 401
    both = await client.get(path, params={**query, "ticket": ticket}, headers=owner)
    assert (both.status_code, both.json()["type"].rpartition("/")[2]) == (422, "token-and-ticket")


async def test_a_ticket_ends_with_its_session(client: httpx.AsyncClient) -> None:
    poll = await a_poll(client, await a_user(client))
    viewer = await a_user(client)
    ticket = await a_stream_ticket(client, poll, viewer)
    async with events(client, poll, ticket=ticket) as stream:
        assert (await said(stream))["type"] == "snapshot"
        assert (await client.delete("/v1/auth/sessions/current", headers=viewer)).status_code in {200, 204}
        assert (await said(stream))["reason"] == "token-expired"
    query = {"stream": stream_of(poll), "ticket": ticket}
    assert (await client.get("/v1/votebooth/live/events", params=query)).status_code == 401


async def test_stream_tickets_want_a_token_and_a_poll(client: httpx.AsyncClient) -> None:
    poll = await a_poll(client, await a_user(client))
    path, guest = "/v1/votebooth/live/tickets", await a_guest(client)
    assert (await client.post(path, json={"stream": stream_of(poll)})).status_code == 401
    for nowhere in (
        stream_of(f"{'0' * 8}-0000-7000-8000-{'0' * 12}"),
        "poll:x",
        stream_of(poll.upper()),
        "tea:1",
        ":::",
    ):
        answer = await client.post(path, json={"stream": nowhere}, headers=guest)
        assert answer.status_code == 404, answer.text


async def test_the_protocol_is_served(client: httpx.AsyncClient) -> None:
    document = (await client.get("/v1/votebooth/live.asyncapi.json")).json()
    assert document["asyncapi"] == "3.0.0"
    assert f"{document['servers']['stream']['protocol']}://{document['servers']['stream']['host']}" in str(
        client.base_url
    )
