"""Parameters that many routes take, described once."""

from typing import Annotated

from litestar.params import QueryParameter

from services.core.data.pagination import MAX_LIMIT

Cursor = Annotated[str | None, QueryParameter(description="`next` of the page before.")]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="Items on a page.")]
