"""What mails say: in each language of every kind, and never others' words as ours."""

from datetime import UTC, datetime

import pytest
from services.core.ids import new_id
from services.core.people import PersonView
from services.core.spoken import LANGUAGES, Language, accepted, ours
from services.notifications.kinds import KINDS, Kind
from services.notifications.mails import mail_of, sentence
from services.notifications.sayings import SAYINGS
from services.notifications.schemas import NotificationView, SubjectView


def person(name: str, handle: str | None = None) -> PersonView:
    return PersonView(new_id(), handle, name, None, handle is None)


def told(kind: Kind = "mention", people: list[PersonView] | None = None, count: int | None = None) -> NotificationView:
    some = [person("Ada", "ada")] if people is None else people
    about = SubjectView(type="wave", id=new_id(), text="Hello <b>& hi\n", poll=None, poll_title="")
    return NotificationView(
        id=new_id(),
        position=new_id(),
        kind=kind,
        people=some,
        people_count=len(some) if count is None else count,
        subject=about,
        read=False,
        at=datetime(2026, 12, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_words_for_every_kind(language: Language) -> None:
    words = SAYINGS[language]
    assert set(words.says) == set(words.subjects) == set(KINDS)
    for kind in KINDS:
        mail = mail_of(
            [told(kind)],
            language=language,
            more=False,
            address="ada@example.org",
            public_url="https://vote.example",
            unsubscribe="https://vote.example/v1/notifications/unsubscribe/x",
            daily=False,
        )
        assert mail.subject == words.subjects[kind]
        assert "{" not in mail.text + str(mail.html)
        assert "https://vote.example/notifications" in mail.text
        assert f'<html lang="{language}">' in str(mail.html)
        assert "Hello <b>& hi" in mail.text
        assert "Hello &lt;b&gt;&amp; hi" in str(mail.html)


@pytest.mark.parametrize(
    ("people", "count", "english", "german"),
    [
        (["Ada"], 1, "Ada (@a) mentioned you", "Ada (@a) hat dich erwähnt"),
        (["Ada", "Bo"], 2, "Ada (@a) and Bo (@b) mentioned you", "Ada (@a) und Bo (@b) haben dich erwähnt"),
        (["Ada"], 2, "Ada (@a) and 1 other mentioned you", "Ada (@a) und 1 weitere Person haben dich erwähnt"),
        (["Ada"], 13, "Ada (@a) and 12 others mentioned you", "Ada (@a) und 12 weitere haben dich erwähnt"),
        (["Ada"], 100, "Ada (@a) and 99+ others mentioned you", "Ada (@a) und 99+ weitere haben dich erwähnt"),
        ([], 0, "Somebody mentioned you", "Jemand hat dich erwähnt"),
    ],
)
def test_one_and_several_are_told_apart(people: list[str], count: int, english: str, german: str) -> None:
    one = told("mention", [person(name, name[0].lower()) for name in people], count)
    assert (sentence(one, "en"), sentence(one, "de")) == (english, german)


def test_a_mail_of_many_counts_them_in_its_subject() -> None:
    asked = {
        "address": "ada@example.org",
        "public_url": "https://vote.example",
        "unsubscribe": "https://vote.example/u",
    }
    many = [told(), told("follow")]
    subjects = [
        mail_of(many, language=language, more=more, daily=daily, **asked).subject
        for language, more, daily in (
            ("en", False, False),
            ("de", True, False),
            ("en", True, True),
            ("de", False, True),
        )
    ]
    assert subjects == [
        "2 new notifications",
        "2+ neue Benachrichtigungen",
        "Your day on VoteWave: 2+ new",
        "Dein Tag bei VoteWave: 2 neu",
    ]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr-FR, fr;q=0.9, de;q=0.5, en", "de"),
        ("fr", "en"),
        ("DE", "de"),
        ("dex,*", "en"),
        (",;q=,-,de-", "de"),
        ("x," * 50_000 + "de", "en"),
    ],
)
def test_a_browsers_languages_are_taken_in_their_order(header: str, language: str) -> None:
    assert ours(accepted(header)) == language
