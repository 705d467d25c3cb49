"""Making polls in the web client: methods to play with, drafts, times, what an open poll allows, my polls, voters."""

import csv

import httpx
import pytest
from playwright.async_api import Browser, Dialog, FilePayload, Page, Route, expect
from tests.conftest import VoteWave
from tests.e2e.web import enter, publish, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]

PHONE = {"viewport": {"width": 360, "height": 740}, "timezone_id": "Europe/Riga"}


async def ask(page: Page, title: str) -> None:
    """Fill in a question and two options."""
    await page.get_by_label("Question").fill(title)
    for place, name in enumerate(("Riga", "Lisbon"), 1):
        await page.get_by_label(f"Option {place}", exact=True).fill(name)


async def test_a_method_is_chosen_and_played_with_by_keyboard_alone(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up?then=/new", **PHONE)
    await enter(page)
    result = page.get_by_role("region", name="Result of the example")
    await page.get_by_role("radio", name="What suits most of us").focus()
    await page.keyboard.press("ArrowRight")  # to one winner; its first method is chosen
    await expect(page.get_by_role("radio", name="Ranked choice")).to_be_checked()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("radio", name="Ranked choice")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")  # play with it
    await expect(result.get_by_text("Salad wins.")).to_be_visible()
    await expect(result.locator("[data-leads=true]")).to_contain_text("Burgers")  # of first choices

    # More noodle lovers: the server counts the made-up people anew, and says how it came about.
    await page.get_by_role("slider", name="Noodle lovers").focus()
    for _ in range(3):
        await page.keyboard.press("ArrowRight")
    await expect(result.get_by_text("Noodles wins.")).to_be_visible()
    await page.get_by_role("button", name="Burgers", exact=True).press("Enter")
    await page.get_by_role("slider", name="People who vote as you do").focus()
    await page.keyboard.press("End")
    await expect(result.get_by_text("Burgers wins.")).to_be_visible()
    await result.get_by_text("How it came about").press("Enter")
    await expect(result.get_by_role("heading", name="Round 1")).to_be_visible()

    # Another method of the same people; what is typed into the example sends no poll.
    await page.get_by_role("radio", name="Ranked choice").focus()
    await page.keyboard.press("ArrowDown")
    await expect(result.get_by_text("Noodles wins.")).to_be_visible()
    await page.get_by_role("button", name="Who would win by each method?").press("Enter")
    table = page.get_by_role("table", name="by each method")
    for method, winner in (("One choice", "Burgers"), ("Ranked choice", "Salad"), ("Approval", "Noodles")):
        await expect(table.get_by_role("row", name=method)).to_contain_text(f"{winner} wins.")
    await page.get_by_role("radio", name="How to share").press("Space")
    await ask(page, "How do we spend it?")
    await page.get_by_label("Option 1", exact=True).focus()
    await page.keyboard.press("Enter")  # leads on, and publishes nothing
    await expect(page.get_by_label("Option 2", exact=True)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Option 3", exact=True)).to_be_focused()
    await page.evaluate(
        """text => { const data = new DataTransfer(); data.setData("text", text);
        document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true })) }""",
        "Porto\r\n\nOslo\nWien",
    )
    await expect(page.get_by_label("Option 5", exact=True)).to_have_value("Wien")
    await page.get_by_label("Points for Pizza").fill("100")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Make a poll")).to_be_visible()
    await page.get_by_label("Points to divide").fill("10")
    await page.get_by_role("button", name="Publish the poll").press("Enter")
    await expect(page.get_by_role("heading", name="How do we spend it?", level=1)).to_be_visible()
    poll = (await client.get(f"/v1/polls/by-code/{page.url.rpartition('/')[2]}")).json()
    assert poll["method"] == {"type": "points", "points": 10}
    assert [option["label"] for option in poll["options"]] == ["Riga", "Lisbon", "Porto", "Oslo", "Wien"]
    assert complaints == []


async def test_a_draft_is_seen_as_voters_will_edited_and_published(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up?then=/new", **PHONE)
    mine = await enter(page)
    await ask(page, "Where do we <b>meet</b>?")
    await page.get_by_role("button", name="More about Lisbon").click()
    await page.get_by_label("Description").fill("By the sea")
    await expect(page.get_by_text("Eastern European Standard Time (Europe/Riga)")).to_be_visible()
    await page.get_by_label("Voting begins").fill("2031-01-10T18:00")
    await page.get_by_label("Voting ends").fill("2031-01-09T18:00")
    await page.get_by_role("button", name="Save as a draft").click()
    await expect(page.get_by_role("alert")).to_contain_text("all that you entered is still here")
    await page.get_by_label("Voting ends").fill("2031-01-11T18:00")
    await page.get_by_role("button", name="Save as a draft").click()
    await expect(page.get_by_text("nothing is sent")).to_be_visible()
    await expect(page.get_by_text("Jan 10, 2031, 18:00 GMT+2")).to_be_visible()
    await page.get_by_role("checkbox", name="Lisbon By the sea").check()
    await expect(page.get_by_text("1 of 2 chosen.")).to_be_visible()
    code = page.url.rpartition("/")[2]
    draft = (await client.get(f"/v1/polls/by-code/{code}", headers=mine)).json()
    assert (draft["status"], draft["opens_at"]) == ("draft", "2031-01-10T16:00:00Z")
    assert (await client.get(f"/v1/polls/by-code/{code}")).status_code == 404, "nobody else sees it"

    await page.get_by_role("link", name="Edit").click()
    await page.get_by_role("button", name="Remove Riga").wait_for()
    await page.get_by_role("button", name="Add an option").click()
    await page.get_by_label("Option 3", exact=True).fill("Porto")
    await page.get_by_role("button", name="Move Porto up").click()
    await page.get_by_role("button", name="Remove Riga").click()
    await page.get_by_label("Voting begins").fill("")
    # Somebody else of the household has it open, too: what they saved isn't overwritten.
    await client.patch(f"/v1/polls/{draft['id']}", json={"title": "Where?"}, headers=mine)
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("was changed elsewhere")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Question")).to_have_value("Where?")
    await page.get_by_label("Option 1", exact=True).fill("Porto")
    await page.get_by_label("Voting begins").fill("")
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.get_by_role("button", name="Publish the poll").click()
    await expect(page.get_by_role("button", name="Cast my vote")).to_be_visible()

    # Open: words until somebody has voted, then no more than the end and the listing, and it says why.
    await page.get_by_role("link", name="Edit").click()
    await expect(page.get_by_text("The words can be changed until somebody has voted")).to_be_visible()
    await expect(page.get_by_label("Option 1", exact=True)).to_be_disabled()
    await page.get_by_label("Question").fill("Where do we meet?")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("heading", name="Where do we meet?")).to_be_visible()
    await page.get_by_role("checkbox", name="Porto").check()
    await page.get_by_role("button", name="Cast my vote").click()
    await expect(page.get_by_role("heading", name="Your vote is counted")).to_be_visible()
    await page.get_by_role("link", name="Edit").click()
    await expect(page.get_by_text("Somebody has voted, so question and options stay")).to_be_visible()
    await expect(page.get_by_label("Question")).to_have_count(0)
    await page.get_by_label("Where it is listed").select_option("public")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("button", name="Add a note")).to_be_visible()
    now = (await client.get(f"/v1/polls/{draft['id']}")).json()
    assert [option["label"] for option in now["options"]] == ["Porto", "Lisbon"]
    assert (now["title"], now["rules"]["listing"], now["options"][1]["description"]) == (
        "Where do we meet?",
        "public",
        "By the sea",
    )
    # The refused edit by an older version is the only thing that a browser complains of.
    assert [text for text in complaints if "412" not in text and "422" not in text] == []


async def test_my_polls_are_listed_page_by_page_copied_and_deleted(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up?then=/polls/mine", **PHONE)
    mine = await enter(page)
    await expect(page.get_by_text("Here will be the polls that you make")).to_be_visible()
    for number in range(21):
        await publish(client, mine, title=f"Draft {number}", publish=False)
    poll = await publish(client, mine, title="Lunch <i>?</i>")
    await page.reload()
    polls = page.get_by_role("list", name="My polls").get_by_role("listitem")
    await expect(polls).to_have_count(20)
    await page.get_by_role("button", name="Show more").click()
    await expect(polls).to_have_count(22)
    await page.get_by_role("link", name="Open", exact=True).click()
    await expect(polls).to_have_count(1)
    await expect(polls).to_contain_text("Lunch <i>?</i>")
    await page.get_by_role("button", name="Make a copy: Lunch").click()
    await expect(page.get_by_role("heading", name="Edit the draft")).to_be_visible()
    await expect(page.get_by_label("Question")).to_have_value("Lunch <i>?</i>")

    await page.goto(f"{votewave.url}/polls/mine?show=open")
    await page.get_by_role("button", name="Delete: Lunch").click()
    await expect(page.get_by_text("its ballots and its result are gone for everybody")).to_be_visible()
    await page.get_by_role("button", name="Keep it").press("Enter")
    assert (await client.get(f"/v1/polls/{poll['id']}")).status_code == 200
    await page.get_by_role("button", name="Delete: Lunch").click()
    await page.get_by_role("button", name="Delete it for good").click()
    await expect(page.get_by_text("Here will be polls that people are voting in.")).to_be_visible()
    assert (await client.get(f"/v1/polls/{poll['id']}")).status_code == 404
    assert complaints == []


async def test_a_roll_is_read_from_a_table_and_said_line_by_line_what_is_wrong(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up?then=/new", **PHONE)
    mine = await enter(page)
    await ask(page, "Who speaks for us?")
    await page.get_by_label("Who may vote").select_option("roll")
    await page.get_by_role("button", name="Save as a draft").click()
    table = 'Name;E-mail\r\nAda;ada@example.org\r\n"Bo";\r\nCy;cy@@example.org\r\nAda again;ADA@example.org\r\n'
    file: list[FilePayload] = [{"name": "club.csv", "mimeType": "text/csv", "buffer": table.encode()}]
    await page.get_by_label("A file").set_input_files(file)
    left_out = page.get_by_role("list", name="These lines are left out")
    await expect(left_out.get_by_role("listitem")).to_have_text(
        [
            'Line 3: "Bo"; – there is no address in it',
            "Line 5: Ada again;ADA@example.org – it is the address of line 2 again",
        ]
    )
    await page.get_by_role("button", name="Invite 2 addresses").click()
    wrong = page.get_by_role("list", name="Mend these lines").get_by_role("listitem")
    await expect(wrong).to_contain_text(["Line 4: Cy;cy@@example.org"])
    await expect(page.get_by_text("Nobody was invited; the list is still here.")).to_be_visible()
    await page.get_by_label("Addresses, one a line").fill("Ada <ada@example.org>\n\ncy@example.org\n")
    await page.get_by_role("button", name="Invite 2 addresses").click()
    await expect(page.get_by_text("2 invited. Their mails leave when the poll is published.")).to_be_visible()
    await expect(page.get_by_role("list", name="On the roll").get_by_role("listitem")).to_have_count(2)
    poll = page.url.split("/")[-2]
    roll = (await client.get(f"/v1/votebooth/polls/{poll}/roll", headers=mine)).json()
    assert [entry["address"] for entry in roll["items"]] == ["ada@example.org", "cy@example.org"]
    assert [text for text in complaints if "422" not in text] == []


async def test_tokens_are_told_once_and_saved_with_a_link_by_which_a_stranger_votes(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up?then=/new", **PHONE)
    mine = await enter(page)
    await ask(page, "Who speaks for us?")
    await page.get_by_label("Who may vote").select_option("tokens")
    await page.get_by_role("button", name="Save as a draft").click()
    await page.get_by_label("How many").fill("3")
    await page.get_by_role("button", name="Make the tokens").click()
    async with page.expect_download() as saved:
        await page.get_by_role("button", name="Save them as a table").click()
    rows = list(csv.DictReader((await (await saved.value).path()).read_text("utf-8").splitlines()))
    assert [row["number"] for row in rows] == ["1", "2", "3"]
    await page.get_by_text("Show them").click()
    assert await page.locator("main ol code").all_inner_texts() == [row["token"] for row in rows]
    await page.reload()
    await expect(page.get_by_role("heading", name="Voting tokens")).to_be_visible()
    assert rows[0]["token"] not in await page.content()

    await page.get_by_role("link", name="Who speaks for us?").click()
    await page.get_by_role("button", name="Publish the poll").click()
    await expect(page.get_by_text("It is published.")).to_be_visible()
    code = page.url.rpartition("/")[2]
    stranger, _ = await visit(browser, f"{votewave.url}/p/{code}", **PHONE)
    await expect(stranger.get_by_text("You vote here by the link in the invitation")).to_be_visible()
    link = f"{votewave.url}/p/{code}#{rows[0]['link'].partition('#')[2]}"
    voter, _ = await visit(browser, link, **PHONE)
    await voter.get_by_role("checkbox", name="Riga").check()
    await voter.get_by_role("button", name="Cast my vote").click()
    await expect(voter.get_by_role("heading", name="Your vote is counted")).to_be_visible()

    # Somebody watches it; it is closed; its ballots are for everybody to count again.
    somebody, others = await visit(browser, f"{votewave.url}/sign-up?then=/p/{code}", **PHONE)
    theirs = await enter(somebody)
    button = somebody.get_by_role("button", name="Watch this poll")
    await button.click()
    await expect(somebody.get_by_text("You are told when it closes.")).to_be_visible()
    await expect(button).to_have_attribute("aria-pressed", "true")
    watched = (await client.get("/v1/notifications/polls", headers=theirs)).json()["items"]
    assert [poll["title"] for poll in watched] == ["Who speaks for us?"]
    await client.post(f"/v1/polls/{watched[0]['id']}/close", headers=mine)
    await somebody.get_by_text("Download the ballots").click()
    async with somebody.expect_download() as saved:
        await somebody.get_by_role("button", name="Ballots (CSV)").click()
    file = await saved.value
    assert file.suggested_filename == f"{code}.csv"
    counted = await client.post(
        "/v1/votebooth/count?method=approval", content=(await file.path()).read_bytes(), headers=theirs
    )
    assert [winner["label"] for winner in counted.json()["winners"]] == ["Riga"]
    assert (complaints, others) == ([], [])


async def test_an_unsaved_poll_asks_before_it_is_left_and_is_there_again(browser: Browser, votewave: VoteWave) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up?then=/new", **PHONE)
    await enter(page)
    await ask(page, "Where next?")
    await page.evaluate("history.back()")
    dialog = page.get_by_role("dialog", name="This isn't saved yet")
    await expect(dialog.get_by_role("button", name="Stay here")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_label("Question")).to_have_value("Where next?")

    asked: list[str] = []

    async def leave(box: Dialog) -> None:
        asked.append(box.type)
        await box.accept()

    page.on("dialog", leave)
    await page.reload()
    assert asked == ["beforeunload"]
    await expect(page.get_by_text("is here again")).to_be_visible()
    await expect(page.get_by_label("Option 2", exact=True)).to_have_value("Lisbon")
    await page.get_by_role("button", name="Throw it away").click()
    await expect(page.get_by_label("Question")).to_have_value("")
    await page.reload()
    assert asked == ["beforeunload"], "nothing would be lost"
    assert complaints == []


async def test_a_poll_of_which_votebooth_has_not_heard_yet_is_asked_for_again(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    page, complaints = await visit(browser, "about:blank")
    asked: list[str] = []

    async def once(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            await route.fulfill(json={"items": []})
        else:
            await route.continue_()

    await page.route("**/v1/votebooth/polls/batch", once)
    await page.goto(f"{votewave.url}/p/{poll['code']}")
    await expect(page.get_by_role("button", name="Cast my vote")).to_be_visible()
    assert len(asked) == 2
    assert complaints == []
