"""Receipts: a public list of codes that prove inclusion and say nothing else."""

import httpx
from services.core.data.pagination import encode_cursor

from ..voting import guests, poll


async def test_every_counted_ballot_is_in_the_list_and_no_other(client: httpx.AsyncClient) -> None:
    voted = await poll(client)
    voters = await guests(client, 12)
    given = [(await voted.put(voter, {"picks": [n % 3 + 1]})).json()["receipt"] for n, voter in enumerate(voters)]
    assert await voted.receipts() == sorted(given)
    await voted.withdraw(voters[0])
    assert await voted.receipts() == sorted(given[1:])
    assert (await client.get(f"{voted.path}/receipts/{given[0]}")).status_code == 404
    found = await client.get(f"{voted.path}/receipts/{given[1]}")
    assert found.json() == {"receipt": given[1], "status": "counted"}
    assert (await client.get(f"{voted.path}/receipts/{given[1].upper()}")).status_code == 200


async def test_the_list_is_paged_without_repeats_or_gaps(client: httpx.AsyncClient) -> None:
    voted = await poll(client)
    for voter in await guests(client, 7):
        await voted.put(voter, {"picks": [1]})
    pages, cursor = [], None
    while True:
        query = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        page = (await client.get(f"{voted.path}/receipts", params=query)).json()
        pages.append([item["receipt"] for item in page["items"]])
        cursor = page["next"]
        if cursor is None:
            break
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [code for page in pages for code in page] == await voted.receipts()


async def test_a_receipt_tells_neither_choice_nor_order_nor_voter(client: httpx.AsyncClient) -> None:
    voted = await poll(client)
    voters = await guests(client, 40)
    given = [(await voted.put(voter, {"picks": [1]})).json()["receipt"] for voter in voters]
    assert len(set(given)) == 40
    assert given != sorted(given)
    again = await poll(client)
    assert (await again.put(voters[0], {"picks": [1]})).json()["receipt"] not in given


async def test_a_code_that_is_none_is_refused(client: httpx.AsyncClient) -> None:
    voted = await poll(client)
    assert (await client.get(f"{voted.path}/receipts/nonsense")).status_code == 400
    assert (await client.get(f"{voted.path}/receipts/abcd")).status_code == 404
    assert (await client.get(f"{voted.path}/receipts?cursor=nonsense")).status_code == 400
    of_the_roll = encode_cursor("abcd", "roll")
    assert (await client.get(f"{voted.path}/receipts?cursor={of_the_roll}")).status_code == 400
    missing = "/v1/votebooth/polls/01890000-0000-7000-8000-000000000000/receipts"
    assert (await client.get(missing)).status_code == 404
    assert (await client.get(f"{voted.path}/receipts?limit=1001")).status_code == 400
