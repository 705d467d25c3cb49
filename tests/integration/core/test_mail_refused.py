"""What SES refuses is told apart: what it takes later, and what it never takes; it is asked over HTTP."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from services.core.aws.mail import Mail, MailError, open_mailer

_MAIL = Mail(to="ada@example.org", subject="Hello", text="Hello")


class Ses:
    """Answers as SES would.

    Attributes:
        refusal: The status and the error that each call gets; None takes the mail.
        asked: How often it was asked, by the configuration set that was named.
    """

    def __init__(self) -> None:
        self.refusal: tuple[int, str] | None = None
        self.asked: Counter[str] = Counter()

    async def answer(self, request: web.Request) -> web.Response:
        self.asked[(await request.json()).get("ConfigurationSetName", "")] += 1
        if self.refusal is None:
            return web.json_response({"MessageId": "1"})
        status, error = self.refusal
        return web.json_response({"message": "No."}, status=status, headers={"x-amzn-errortype": error})


@pytest.fixture
async def ses(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ses]:
    found = Ses()
    app = web.Application()
    app.router.add_post("/v2/email/outbound-emails", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    values = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_DEFAULT_REGION": "eu-central-1"}
    for name, value in {**values, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}.items():
        monkeypatch.setenv(name, value)
    yield found
    await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "error", "temporary"),
    [
        (429, "TooManyRequestsException", True),
        (400, "ThrottlingException", True),
        (400, "LimitExceededException", True),
        (503, "ServiceUnavailableException", True),
        (400, "MessageRejected", False),
        (400, "MailFromDomainNotVerifiedException", False),
        (400, "AccountSuspendedException", False),
        (400, "BadRequestException", False),
        (404, "NotFoundException", False),
        (403, "AccessDeniedException", False),
    ],
)
async def test_what_ses_refuses_is_told_apart(ses: Ses, status: int, error: str, temporary: bool) -> None:
    ses.refusal = (status, error)
    with pytest.raises(MailError, match=error) as caught:
        await open_mailer("ses").send(_MAIL)
    assert caught.value.temporary is temporary
    assert "ada@" not in str(caught.value)
    ses.refusal = None
    await open_mailer("ses").send(_MAIL)


async def test_bounces_are_reported_by_the_configuration_set(ses: Ses) -> None:
    await open_mailer("ses://votewave").send(_MAIL)
    assert ses.asked == {"votewave": 1}
    ses.refusal = (404, "NotFoundException")  # the set isn't there
    with pytest.raises(MailError) as caught:
        await open_mailer("ses://votewave").send(_MAIL)
    assert not caught.value.temporary
    assert ses.asked == {"votewave": 2}, "it would answer the same again"


async def test_ses_that_cant_be_reached_is_asked_later(ses: Ses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(MailError, match="reached") as caught:
        await open_mailer("ses").send(_MAIL)
    assert caught.value.temporary
    assert not ses.asked
