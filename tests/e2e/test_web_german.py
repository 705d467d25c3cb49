"""Somebody whose browser speaks German: they sign up, vote and see the result in it."""

from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from tests.conftest import VoteWave, eventually
from tests.e2e.web import enter, publish, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]


async def _fits(page: Page) -> None:
    """Nothing is wider than the screen, however long German words are."""
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url


async def test_a_german_browser_signs_up_votes_and_sees_the_result_in_german(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client, rules={"eligibility": "signed_in"})
    page, complaints = await visit(
        browser, f"{votewave.url}/p/{poll['code']}", locale="de-DE", viewport={"width": 320, "height": 640}
    )
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await _fits(page)
    await page.get_by_role("link", name="Zum Abstimmen anmelden").click()
    await page.get_by_role("link", name="Ich habe noch kein Konto").click()
    # The form for signing in is still shown for a moment, whose fields have the same names.
    await expect(page.get_by_role("button", name="Registrieren")).to_be_visible()
    await page.get_by_label("E-Mail-Adresse").fill(f"{uuid4().hex}@example.org")
    await page.get_by_label("Passwort").fill("ein Boot, eine Lampe und 3 Schlüssel")
    await _fits(page)
    await page.get_by_role("button", name="Registrieren").click()
    await page.get_by_role("checkbox", name="Noodle bar").check()
    await expect(page.get_by_text("1 von 3 ausgewählt.")).to_be_visible()
    await page.get_by_role("button", name="Abstimmen").click()
    await expect(page.get_by_role("heading", name="Deine Stimme ist gezählt")).to_be_visible()
    await expect(page.get_by_text("Du hast für Noodle bar gestimmt.")).to_be_visible()
    await expect(page.get_by_text("Noodle bar führt mit 1 von 1 Stimme.")).to_be_visible()
    await _fits(page)

    # What the API refuses is said in German, too.
    stranger, _ = await visit(browser, f"{votewave.url}/sign-in", locale="de-AT")
    await stranger.get_by_label("E-Mail-Adresse").fill("niemand@example.org")
    await stranger.get_by_label("Passwort").fill("nicht das richtige Wort")
    await stranger.get_by_role("button", name="Anmelden").click()
    await expect(stranger.get_by_text("E-Mail-Adresse oder Passwort ist falsch.")).to_be_visible()

    # Another language is a press away, and stays chosen.
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", name="Your vote is counted")).to_be_visible()
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.get_by_text("Noodle bar leads with 1 of 1 vote.")).to_be_visible()
    assert complaints == []


async def test_a_language_goes_with_the_account_to_another_browser(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up", locale="en-US")
    email, password = f"{uuid4().hex}@example.org", "a boat, a lamp and 3 keys"
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign up").click()
    await expect(page.get_by_role("button", name="You", exact=True)).to_be_visible()
    await page.goto(f"{votewave.url}/settings?show=account")
    await page.get_by_label("VoteWave speaks").select_option("Deutsch")
    await page.get_by_role("region", name="Language").get_by_role("button", name="Save").click()
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(page.get_by_label("VoteWave spricht")).to_have_value("de")

    # Another browser, in English; nothing was ever chosen in it.
    other, others = await visit(browser, f"{votewave.url}/sign-in", locale="en-US")
    await other.get_by_label("E-mail address").fill(email)
    await other.get_by_label("Password").fill(password)
    await other.get_by_role("button", name="Sign in").click()
    await expect(other.get_by_role("button", name="Du", exact=True)).to_be_visible()
    await expect(other.locator("html")).to_have_attribute("lang", "de")
    await other.reload()
    await expect(other.locator("html")).to_have_attribute("lang", "de")

    # What is chosen below any page is the account's, too, as long as somebody is signed in.
    async with other.expect_response("**/v1/profiles/me/preferences") as kept:
        await other.get_by_role("button", name="English").click()
    assert await (await kept.value).json() == {"language": "en"}
    await expect(other.locator("html")).to_have_attribute("lang", "en")
    await page.reload()
    await expect(page.get_by_label("VoteWave spricht")).to_have_value("en")

    # Whoever comes next to a browser isn't spoken to in the language of the one before.
    await page.get_by_role("button", name="Du", exact=True).click()
    await page.get_by_role("button", name="Abmelden", exact=True).click()
    await expect(page.get_by_role("link", name="Anmelden", exact=True).first).to_be_visible()
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    assert complaints == others == []


async def test_a_new_account_speaks_what_was_chosen_before(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, _ = await visit(browser, f"{votewave.url}/sign-up", locale="de-DE")
    await page.get_by_role("button", name="English").click()
    mine = await enter(page)
    await expect(page.get_by_role("button", name="You", exact=True)).to_be_visible()

    async def kept() -> bool:
        return bool((await client.get("/v1/profiles/me/preferences", headers=mine)).json() == {"language": "en"})

    await eventually(kept, 20)


@pytest.mark.parametrize("path", ["/", "/explore", "/join", "/sign-up", "/new", "/forgot", "/receipts", "/settings"])
async def test_long_words_fit_a_small_phone(browser: Browser, votewave: VoteWave, path: str) -> None:
    page, _ = await visit(browser, votewave.url + path, locale="de-DE", viewport={"width": 320, "height": 640})
    await expect(page.get_by_role("button", name="Deutsch")).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("h1")).to_be_visible()
    await _fits(page)
