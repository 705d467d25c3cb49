import email
import email.policy
from pathlib import Path

import pytest
from services.core.aws.mail import ConsoleMailer, Mail, SesMailer, check_address, message, open_mailer


async def test_a_developer_sees_the_mail_and_can_open_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mail = Mail(to="ada@example.org", subject="Bestätigen", text="Öffne\nhttps://x/?t=1", html="<p>Öffne</p>")
    await ConsoleMailer(tmp_path / "mail", "Vöte <no-reply@example.org>").send(mail)
    shown = capsys.readouterr().err
    (kept,) = (tmp_path / "mail").glob("*.eml")
    assert shown == f"A mail: {kept}\n"
    assert kept.stat().st_mode & 0o077 == 0
    read = email.message_from_bytes(kept.read_bytes(), policy=email.policy.default)
    assert read["Subject"] == "Bestätigen"
    assert read["From"].addresses[0].display_name == "Vöte"
    assert read["To"] == "ada@example.org"
    body = read.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == ["Öffne", "https://x/?t=1"]


async def test_only_who_asks_for_it_sees_a_mail_at_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    await ConsoleMailer().send(Mail(to="ada@example.org", subject="Bestätigen", text="Öffne\nhttps://x/?t=1"))
    shown = capsys.readouterr().err
    for part in ("ada@example.org", "Bestätigen", "https://x/?t=1"):
        assert part in shown


def test_one_click_unsubscribes() -> None:
    mail = Mail(to="a@b.c", subject="s", text="t", unsubscribe="https://vote.example/u?t=x")
    built = message(mail, "no-reply@example.org")
    assert built["List-Unsubscribe"] == "<https://vote.example/u?t=x>"
    assert built["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    "field",
    [
        {"to": "a@b.c\nBcc: x@y.z"},
        {"to": "a@b.c, x@y.z"},
        {"to": "A <a@b.c>"},
        {"to": "a@b.c\r"},
        {"to": "a"},
        {"to": "a@b..c"},
        {"to": "a b@c.d"},
        {"to": "ä@b.c"},
        {"subject": "Hello\r\nBcc: x@y.z"},
        {"subject": "Hello\x00"},
        {"subject": "Hello\u2028x"},
        {"unsubscribe": "https://x/>\r\nBcc: x@y.z"},
        {"unsubscribe": "javascript:x"},
    ],
)
def test_no_header_can_be_smuggled_in(field: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"mail"):
        Mail(**({"to": "a@b.c", "subject": "s", "text": "t"} | field))


@pytest.mark.parametrize("address", ["a@b.c", "first.last+tag@sub.example.org", "o'neil@example.org", "a@localhost"])
def test_usual_addresses_are_accepted(address: str) -> None:
    assert check_address(address) == address


def test_a_setting_chooses(tmp_path: Path) -> None:
    assert isinstance(open_mailer("console"), ConsoleMailer)
    assert isinstance(open_mailer(f"console://{tmp_path}"), ConsoleMailer)
    assert isinstance(open_mailer("ses://bounces", "VoteWave <no-reply@example.org>"), SesMailer)
    for wrong in ("", "smtp://x", "consoles", "sesame"):
        with pytest.raises(ValueError, match="CONFIGURATION-SET"):
            open_mailer(wrong)
    with pytest.raises(ValueError, match="address"):
        open_mailer("ses", "nobody")
