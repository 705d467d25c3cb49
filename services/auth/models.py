"""Tables of Auth. Passwords are argon2id, tokens and API keys SHA-256, private keys sealed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, column, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.data.audit import AuditColumns
from services.core.data.models import ServiceBase
from services.core.ids import new_id


class Base(ServiceBase):
    """This service's tables."""

    __abstract__ = True


class Account(Base):
    """A user or a guest. A guest who signs up stays the same row.

    `email_key` is the address as it is compared, so that two spellings of one address can't both sign up.
    """

    __tablename__ = "account"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text, server_default="user")
    email: Mapped[str | None] = mapped_column(Text)
    email_key: Mapped[str | None] = mapped_column(Text, unique=True)
    email_verified: Mapped[bool] = mapped_column(server_default="false")
    password_hash: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    upgraded_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("kind IN ('user', 'guest')", name="kind"),
        CheckConstraint("role IN ('user', 'moderator', 'admin')", name="role"),
        CheckConstraint("kind = 'user' OR (role = 'user' AND email IS NULL AND password_hash IS NULL)", name="guest"),
        CheckConstraint("(email IS NULL) = (email_key IS NULL)", name="email"),
    )


class Session(Base):
    """A sign-in on one device: the family of all refresh tokens that followed from it."""

    __tablename__ = "session"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    user_agent: Mapped[str] = mapped_column(Text)
    network: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_session_account_id", "account_id", "id", postgresql_where=column("ended_at").is_(None)),
        Index("ix_session_ended_at", "ended_at", postgresql_where=column("ended_at").is_not(None)),
        Index("ix_session_expires_at", "expires_at"),
    )


class RefreshToken(Base):
    """One refresh token, by its SHA-256. A used one stays, so that its reuse is noticed.

    `salt` leads from a used token to its successor for as long as the grace lasts; without the token
    itself it leads nowhere.
    """

    __tablename__ = "refresh_token"
    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime | None]
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (Index("ix_refresh_token_used_at", "used_at", postgresql_where=column("used_at").is_not(None)),)


class Letter(Base):
    """A mail whose token confirms an address or resets a password, once; by the token's SHA-256.

    Attributes:
        purpose: `email` or `password`.
        email: The address that it went to, and as it is compared.
    """

    __tablename__ = "letter"
    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    email_key: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    __table_args__ = (CheckConstraint("purpose IN ('email', 'password')", name="purpose"),)


class ApiKey(Base):
    """A key for programs: named, scoped, perhaps expiring. `start` is what its owner recognises it by.

    Attributes:
        request_key: The idempotency key of the request that made it.
        request_hash: SHA-256 of that request.
    """

    __tablename__ = "api_key"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    start: Mapped[str] = mapped_column(Text)
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    request_key: Mapped[str | None] = mapped_column(Text)
    request_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        Index("ix_api_key_request", "account_id", "request_key", postgresql_where=column("request_key").is_not(None)),
        Index("ix_api_key_account_id", "account_id", "id", postgresql_where=column("ended_at").is_(None)),
        Index("ix_api_key_ended_at", "ended_at", postgresql_where=column("ended_at").is_not(None)),
    )


class Departure(Base):
    """An account that is to be deleted, or was.

    Attributes:
        due_at: When it is deleted; then, when others are told for the last time, and this row goes.
        deleted: It is; until then signing in keeps it.
    """

    __tablename__ = "departure"
    account: Mapped[UUID] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    due_at: Mapped[datetime] = mapped_column(index=True)
    deleted: Mapped[bool] = mapped_column(server_default="false")


class Archive(Base):
    """A file with all that is somebody's, asked for or prepared. The row stays until the file is deleted.

    Attributes:
        due_at: When the next step may begin: to prepare it, or to delete it; put off when a step begins, so that one
            that was cut short is done again.
        tries: How often it was begun to be prepared.
        file: The key of the file that is prepared last, noted before it is stored.
        ready_at: Null until it can be had.
    """

    __tablename__ = "archive"
    account: Mapped[UUID] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    due_at: Mapped[datetime | None] = mapped_column(server_default=func.now(), index=True)
    tries: Mapped[int] = mapped_column(server_default="0")
    file: Mapped[str | None] = mapped_column(Text)
    ready_at: Mapped[datetime | None]


class SigningKey(Base):
    """A key that signs access tokens, in use from `active_from` until the next one's."""

    __tablename__ = "signing_key"
    kid: Mapped[str] = mapped_column(Text, primary_key=True)
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    active_from: Mapped[datetime] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AuditEntry(AuditColumns, Base):
    """What was done to an account's access, by whom. The service's role may add rows, not change them."""

    __tablename__ = "audit_log"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    act: Mapped[str] = mapped_column("action", Text)
    account: Mapped[UUID]
    target: Mapped[UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column("detail", JSONB, server_default="{}")
    __table_args__ = (Index("ix_audit_log_account", "account", "id"),)
