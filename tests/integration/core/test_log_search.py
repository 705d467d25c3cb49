from pathlib import Path

import httpx
import pytest

from log_search import CONFIDENTIAL, leaks


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "x", "said": "eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.eyJzdWIi.sig"}',
        '{"event": "x", "who": "ada@example.org"}',
        '{"event": "x", "body": "{\\"picks\\":[2]}"}',
        '{"event": "x", "path": "/v1/polls?cursor=abc"}',
        '{"event": "x", "said": "correct horse"}',
        "  Mail to ada@example.org",
    ],
)
def test_the_search_finds_what_no_log_may_hold(tmp_path: Path, line: str) -> None:
    log = tmp_path / "log"
    log.write_text(f'{{"event": "started"}}\n{line}\n')
    assert leaks([log], {"correct horse"})


def test_the_search_lets_ordinary_lines_be(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        "A mail: /data/mail/1.eml\n"
        '{"event": "request", "method": "PUT", "route": "/v1/polls/{id}", "status": 200, "ms": 1.2}\n'
    )
    assert leaks([log], {"correct horse"}) == []


async def test_what_tests_send_and_get_is_searched_for(client: httpx.AsyncClient) -> None:
    body = {"email": "search@example.org", "password": "to be found in no log"}
    answer = await client.post("/v1/auth/accounts", json=body)
    assert answer.status_code in {201, 409}
    assert {"search@example.org", "to be found in no log"} <= CONFIDENTIAL
    if answer.status_code == 201:
        assert answer.json()["access_token"] in CONFIDENTIAL
