"""Holding each refusal that tests meet against the API's document.

A client branches on a problem's `type`, so the document has to list each type at each operation that answers with it.
"""

import json
import re
from typing import Any

import httpx


class Documented:
    """The refusals that the document of a running VoteWave lists.

    Attributes:
        missing: What was answered and isn't listed, such as `GET /v1/polls/{poll_id}: 404 not-found`.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.missing: set[str] = set()
        self._listed: list[tuple[re.Pattern[str], str, dict[str, dict[str, set[str]]]]] = []
        for path, item in sorted(document["paths"].items(), key=lambda pair: pair[0].count("{")):
            pattern = re.compile(re.sub(r"\\{[^/}]+\\}", "[^/]+", re.escape(path)))
            listed = {
                method.upper(): {
                    status: set(answer.get("x-problem-types", ())) for status, answer in operation["responses"].items()
                }
                for method, operation in item.items()
            }
            self._listed.append((pattern, path, listed))

    async def hold(self, response: httpx.Response) -> None:
        """Hold an answer against the document, if it is a refusal by an operation that is in it."""
        is_problem = response.headers.get("content-type") == "application/problem+json"
        if not (is_problem and 400 <= response.status_code < 500 and "content-length" in response.headers):
            return
        method, path = response.request.method, response.request.url.raw_path.decode().partition("?")[0]
        found = next((one for one in self._listed if one[0].fullmatch(path)), None)  # literal paths come first
        if found is None or method not in found[2]:
            return
        kind = json.loads(await response.aread())["type"]
        if kind not in found[2][method].get(str(response.status_code), ()):
            self.missing.add(f"{method} {found[1]}: {response.status_code} {kind.rpartition('/')[2]}")
