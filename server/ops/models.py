"""The operation log and what a handheld's copy of the world is made of."""

from typing import Any

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Json, Model

_Serial = BigInteger().with_variant(Integer, "sqlite")
_GONE = text("gone_at IS NOT NULL")


def _marked(column: str) -> Index:
    """Few operations are ever taken back: the index holds those alone."""
    some = text(f"{column} IS NOT NULL")
    return Index(f"ix_operations_{column}", column, postgresql_where=some, sqlite_where=some)


class Operation(Model):
    """One accepted operation, kept for ever (P3, P16). `rev` orders the operations of one entity.

    `breaks_chain` marks one whose `prev` is not the hash of what came before it in its log; NULL for all others (P4).
    """

    __tablename__ = "operations"
    __table_args__ = (
        UniqueConstraint("device_id", "incarnation", "seq"),
        Index("ix_operations_entity_rev", "entity", "rev"),
        Index("ix_operations_station_position", "station_id", "position"),
        Index("ix_operations_author_position", "author", "position"),
        _marked("voided_by"),
        _marked("forced_by"),
        _marked("breaks_chain"),
    )

    position: Mapped[int] = mapped_column(_Serial, primary_key=True)
    op_id: Mapped[str] = mapped_column(String(36), unique=True)
    station_id: Mapped[str] = mapped_column(String(36))
    type: Mapped[str] = mapped_column(String(40))
    entity: Mapped[str] = mapped_column(String(60))
    task_id: Mapped[str | None] = mapped_column(String(36), index=True)
    rev: Mapped[int | None]
    author: Mapped[str] = mapped_column(String(36))
    device_id: Mapped[str | None] = mapped_column(String(36))
    incarnation: Mapped[str | None] = mapped_column(String(36))
    seq: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[int] = mapped_column(BigInteger)
    skew_ms: Mapped[int | None] = mapped_column(BigInteger)
    envelope: Mapped[dict[str, Any]] = mapped_column(Json)
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    awaits: Mapped[str | None] = mapped_column(String(60), index=True)
    result: Mapped[dict[str, Any]] = mapped_column(Json)
    voided_by: Mapped[str | None] = mapped_column(String(36))
    forced_by: Mapped[str | None] = mapped_column(String(36))
    breaks_chain: Mapped[bool | None]


class Quarantined(Model):
    """What could not become an operation, word for word; evidence, never deleted (P16, P18).

    One row per id and body, also for writers without a place in a log: the same thing at once is parked once.
    `released_at` and `released_by` say that a person let it count after all: the operation stands in the log then, at
    the same place and by the same author, and answers for itself (P34). `skew_ms` is by how much the time it says is
    off, as it was known when it came; null for what has no time (P35).
    """

    __tablename__ = "quarantine"
    __table_args__ = (
        UniqueConstraint("device_id", "incarnation", "seq"),
        UniqueConstraint("op_id", "body_hash"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    op_id: Mapped[str | None] = mapped_column(String(36), index=True)
    station_id: Mapped[str] = mapped_column(String(36), index=True)
    author: Mapped[str] = mapped_column(String(36))
    device_id: Mapped[str | None] = mapped_column(String(36))
    incarnation: Mapped[str | None] = mapped_column(String(36))
    seq: Mapped[int | None] = mapped_column(BigInteger)
    body_hash: Mapped[str] = mapped_column(String(64))
    raw: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(Text)
    received_at: Mapped[int] = mapped_column(BigInteger)
    skew_ms: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[dict[str, Any]] = mapped_column(Json)
    released_at: Mapped[int | None] = mapped_column(BigInteger)
    released_by: Mapped[str | None] = mapped_column(String(36))


class RepeatedPlace(Model):
    """A place in a handheld's log where something stands that had been answered at another place (P16).

    It needs no row in log or quarantine; without this one nobody could tell such a place from one that was taken out.
    `chain_hash` is what the next operation's `prev` has to be (P4).
    """

    __tablename__ = "repeated_places"

    device_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    incarnation: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    op_id: Mapped[str | None] = mapped_column(String(36))
    chain_hash: Mapped[str] = mapped_column(String(64))


class UnreadableBody(Model):
    """A request body that was no message at all, kept as it came (P18)."""

    __tablename__ = "unreadable_bodies"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    device_id: Mapped[str] = mapped_column(String(36), index=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(String(200))
    received_at: Mapped[int] = mapped_column(BigInteger)


class DeviceHead(Model):
    """How far the log of one local database has been consumed (P15, P32).

    `chain_hash` is what the next operation's `prev` has to be; NULL where it is not known (P4).
    """

    __tablename__ = "device_heads"

    device_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    incarnation: Mapped[str] = mapped_column(String(36), primary_key=True)
    head_seq: Mapped[int] = mapped_column(BigInteger)
    known_seq: Mapped[int] = mapped_column(BigInteger)
    first_heard: Mapped[int] = mapped_column(BigInteger)
    last_heard: Mapped[int] = mapped_column(BigInteger)
    lost_reported: Mapped[int] = mapped_column(BigInteger)
    skew_ms: Mapped[int | None] = mapped_column(BigInteger)
    mono: Mapped[int | None] = mapped_column(BigInteger)
    boot: Mapped[str | None] = mapped_column(String(60))
    doubted_boot: Mapped[str | None] = mapped_column(String(60))
    chain_hash: Mapped[str | None] = mapped_column(String(64))


class Epoch(Model):
    """One life of this database; the newest is announced to every handheld (P31).

    It ends when the database is restored: what was said since the copy was made is then known to handhelds alone.
    """

    __tablename__ = "epochs"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    begun_at: Mapped[int] = mapped_column(BigInteger)
    cause: Mapped[str] = mapped_column(String(24))


class Scope(Model):
    """A unit of sync and its own counter (P24, P25).

    `digest_count` and `digest_sum` are the digest of the rows present (P30). Removals up to `floor` are forgotten, so
    that a cursor below it has to begin anew (P29).
    """

    __tablename__ = "scopes"

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    ver: Mapped[int] = mapped_column(BigInteger)
    floor: Mapped[int] = mapped_column(BigInteger)
    digest_count: Mapped[int]
    digest_sum: Mapped[int] = mapped_column(BigInteger)


class ScopeEntity(Model):
    """One upserted row per scope and entity: a feed that compacts itself, removals included (P24).

    `gone_at` is when a removal was written; it is kept for ninety days (P29).
    """

    __tablename__ = "scope_entities"
    __table_args__ = (
        Index("ix_scope_entities_scope_ver", "scope", "ver"),
        Index("ix_scope_entities_gone_at", "gone_at", postgresql_where=_GONE, sqlite_where=_GONE),
    )

    scope: Mapped[str] = mapped_column(String(60), primary_key=True)
    entity: Mapped[str] = mapped_column(String(60), primary_key=True)
    ver: Mapped[int] = mapped_column(BigInteger)
    present: Mapped[bool]
    rev: Mapped[int]
    reason: Mapped[str | None] = mapped_column(String(24))
    gone_at: Mapped[int | None] = mapped_column(BigInteger)


class Projection(Model):
    """What a handheld pulls for one entity, ready made; `rev` moves when any part of it changes (P24).

    `body` is JSON, and text: nobody looks into it here, and a database that took it apart would have to write it anew
    for each who pulls it.
    """

    __tablename__ = "projections"

    entity: Mapped[str] = mapped_column(String(60), primary_key=True)
    rev: Mapped[int]
    body: Mapped[str] = mapped_column(Text)


class Manifest(Model):
    """The station manifest as last published by the worker (P24); no personal data."""

    __tablename__ = "manifests"

    station_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    published_at: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
