import pytest
from services.auth.emails import normalise


@pytest.mark.parametrize(
    ("typed", "kept", "key"),
    [
        ("Ada@Example.ORG", "Ada@example.org", "ada@example.org"),
        (" ada@example.org ", "ada@example.org", "ada@example.org"),
        ("a.b+c@sub.example.org", "a.b+c@sub.example.org", "a.b+c@sub.example.org"),
        ("jürgen@bücher.example", "jürgen@xn--bcher-kva.example", "jürgen@xn--bcher-kva.example"),
        ("ju\u0308rgen@example.org", "jürgen@example.org", "jürgen@example.org"),
        ("ａｄａ@example.org", "ａｄａ@example.org", "ada@example.org"),
        ("STRASSE@example.org", "STRASSE@example.org", "strasse@example.org"),
        ("straße@example.org", "straße@example.org", "strasse@example.org"),
    ],
)
def test_spellings_of_one_address_are_one_address(typed: str, kept: str, key: str) -> None:
    assert normalise(typed) == (kept, key)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@example.org",
        "ada@localhost",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        "ada@@example.org",
        "a b@example.org",
        ".ada@example.org",
        "ada.@example.org",
        "a..b@example.org",
        '"a b"@example.org',
        "Ada <ada@example.org>",
        "ada@example.org, eve@example.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada\r\nBcc: eve@example.org",
        "ada\n@example.org",
        "ada\x00@example.org",
        "ada\u202e@example.org",
        "ada\u200b@example.org",
        "ada\u00a0@example.org",
        "ada\ud800@example.org",
        "ada\ue000@example.org",
        "ada@exam_ple.org",
        "ada@-example.org",
        "ada@example..org",
        "ada@example.org.",
        "ada@" + "a" * 64 + ".org",
        "ada@" + "a." * 130 + "org",
        "a" * 65 + "@example.org",
        "ü" * 33 + "@example.org",
    ],
)
def test_what_is_no_address_or_could_end_a_header_line_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        normalise(typed)
