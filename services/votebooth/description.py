"""How the API's description speaks of what several rooms share: refusals, and headers that voters send."""

from typing import Annotated

from litestar.params import HeaderParameter

from services.votebooth.poll.choices import SECRET_PATTERN
from services.votebooth.poll.voters import SECRET_HEADER, TOKEN_HEADER

BallotToken = Annotated[
    str | None,
    HeaderParameter(name=TOKEN_HEADER, max_length=200, description="The voting token, in polls whose voters have one."),
]
BallotSecret = Annotated[
    str | None,
    HeaderParameter(name=SECRET_HEADER, pattern=SECRET_PATTERN, description="The ballot's secret, in anonymous polls."),
]

VOTING = {
    403: "You may not vote in this poll: `guest-refused`, `follow-needed`, `ballot-token-needed`, `bad-ballot-token`, "
    "`missing-scope`.",
    404: "There is no such poll, or no such ballot.",
    409: "`not-open`: voting opens at `opens_at`. `question-changed`: show the poll again, and send the version "
    "that you show, `version` or more. `change-not-allowed`, `withdraw-not-allowed`, `secret-needed`, "
    "`secret-taken`, `network-voted`: the stored ballot stays as it is.",
    410: "Voting is over.",
    413: "The body is too large for a ballot.",
    422: "`ballot-refused`: a rule of the poll was broken; `errors` names the field.",
    429: "Too many changes; Retry-After says when to go on.",
    503: "Nothing is known to be stored. Send it again after Retry-After: it counts once in any case.",
}
RESULTS = {
    403: "`results-hidden`: not shown to you, or not yet. `reason` is `after_vote`, `after_close`, `owner` or "
    "`minimum`; `shown_at` is when it will be shown, where that is known.",
    404: "There is no such poll, or you may not see it.",
}
