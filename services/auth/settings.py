"""What can be set about Auth; `votewave settings` prints it."""

from typing import Annotated

from msgspec import Meta, Struct


class AuthSettings(Struct, frozen=True, kw_only=True):
    """Lifetimes, limits and the cost of a password."""

    access_token_seconds: Annotated[
        int, Meta(description="How long an access token is good; revocation is announced for as long.", ge=30, le=900)
    ] = 900
    session_days: Annotated[int, Meta(description="A session ends after so many days without use.", ge=1, le=365)] = 30
    guest_session_days: Annotated[
        int, Meta(description="A guest's session ends after so many days without use.", ge=1, le=365)
    ] = 90
    refresh_grace_seconds: Annotated[
        float,
        Meta(
            description="For so long after its first use a refresh token gives the same successor again "
            "(two tabs, a lost answer); after that its use ends the session.",
            ge=0,
            le=60,
        ),
    ] = 10.0
    signing_key_days: Annotated[int, Meta(description="A signing key is in use for so many days.", ge=1, le=365)] = 30
    hash_time: Annotated[int, Meta(description="Argon2id: passes.", ge=1, le=16)] = 2
    hash_memory_kib: Annotated[int, Meta(description="Argon2id: memory in KiB.", ge=8192, le=1_048_576)] = 19_456
    hash_lanes: Annotated[int, Meta(description="Argon2id: lanes (parallelism).", ge=1, le=16)] = 1
    hash_threads: Annotated[
        int, Meta(description="How many passwords are hashed at a time; each takes hash_memory_kib.", ge=1, le=32)
    ] = 2
    hash_queue: Annotated[
        int, Meta(description="How many may wait to be hashed; beyond that, 503 with Retry-After.", ge=1, le=10_000)
    ] = 64
    accounts_per_address: Annotated[
        int, Meta(description="Sign-ups from one address (IPv6: /64) in an hour.", ge=1)
    ] = 60
    guests_per_address: Annotated[
        int, Meta(description="New guests from one address in a minute; a full room may share one.", ge=1)
    ] = 1_000
    sessions_per_address: Annotated[
        int, Meta(description="Sign-ins and uses of API keys from one address in five minutes.", ge=1)
    ] = 300
    refreshes_per_address: Annotated[int, Meta(description="Refreshes from one address in a minute.", ge=1)] = 3_000
    tries_per_account: Annotated[
        int, Meta(description="Passwords tried for one account from one address in five minutes.", ge=1)
    ] = 10
    tries_per_account_anywhere: Annotated[
        int, Meta(description="Passwords tried for one account from all addresses in an hour.", ge=1)
    ] = 200
    keys_per_account: Annotated[int, Meta(description="API keys an account may have at a time.", ge=1)] = 25
    deletion_grace_days: Annotated[
        int, Meta(description="For so many days signing in keeps an account that is to be deleted.", ge=0, le=90)
    ] = 14
    archive_days: Annotated[
        int, Meta(description="An archive of what is somebody's can be had for so many days.", ge=1, le=30)
    ] = 3
    gateway_keys: Annotated[
        str,
        Meta(
            description="Where in Consul's key-value store the public keys are kept for the gateway, "
            "`votewave/gateway/keys`; empty where there is no gateway.",
            pattern="^([a-z0-9][a-z0-9/_-]*)?$",
        ),
    ] = ""
