"""How the API's description speaks of receipts."""

from msgspec import Meta

RECEIPT = Meta(
    description="Proves that a ballot is counted, and says nothing about its content: 32 hexadecimal digits, "
    "64 in an anonymous poll.",
    pattern="^([0-9a-f]{32}|[0-9a-f]{64})$",
    examples=["9f86d081884c7d659a2feaa0c55ad015"],
)
