"""A handheld's push: its place in the log first, then the pipeline (P15, P16, P32)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from server.auth import handhelds
from server.auth import service as auth_service
from server.core.clock import now_ms
from server.core.db import db, read, transaction, upsert
from server.ops import cases, chain, pipeline, write
from server.ops.batch import Batch, Item, Result, Writer, as_result
from server.ops.capture import Contact, captured_at, learned
from server.ops.decode import decode
from server.ops.models import DeviceHead, UnreadableBody
from sync.canonical import sha256_hex
from sync.protocol import plan_push

KEPT_BYTES = 1024 * 1024
# More than any handheld can hold; what it claims beyond that is not worth a wider column.
MOST_WAITING = 1_000_000


@dataclass(frozen=True)
class Pushed:
    """What a push came to: results by position, and how far this local database's log is consumed now."""

    results: list[Result]
    head_seq: int
    expected_seq: int


@dataclass(frozen=True)
class Clocks:
    """A handheld's clocks at sending: wall and monotonic in ms, and the start the latter counts from."""

    wall: int | None
    mono: int | None = None
    boot: str | None = None


def push(
    writer: Writer,
    from_seq: int,
    raws: Sequence[Any],
    *,
    last_seq: int | None,
    clocks: Clocks,
    app: str | None,
) -> Pushed:
    """Consumes a handheld's operations, each exactly once.

    Args:
        writer: the handheld, its courier and the incarnation of its local database.
        from_seq: place of the first operation; a gap before it consumes nothing (P15).
        raws: operations as they came.
        last_seq: the last place the handheld says it has recorded, when it says so (P32).
        clocks: what the handheld's clocks said at sending.
        app: the handheld's build.
    """
    authors = _authors(writer, raws)
    items = [_item(writer, authors, raw, from_seq + offset) for offset, raw in enumerate(raws)]
    return pipeline.in_one_transaction(lambda: _push(writer, from_seq, items, last_seq, clocks, app))


def _author_of(raw: Any) -> str:
    author = raw.get("author") if isinstance(raw, dict) else None
    return author if isinstance(author, str) else ""


def _authors(writer: Writer, raws: Sequence[Any]) -> dict[str, Writer]:
    """Who else recorded something of this on the handheld, each standing for himself (P11).

    Only somebody who has been logged in on it: what he recorded is his, whoever works with it now. What comes in
    under any other name is quarantined.
    """
    others = {_author_of(raw) for raw in raws} - {writer.user_id, ""}
    if not others or writer.device_id is None:
        return {}
    with read():
        people = handhelds.worked_on(writer.device_id, others).values()
    return {
        one.id: replace(writer, user_id=one.id, role=one.role, revoked=writer.revoked or not one.active)
        for one in people
    }


def _item(writer: Writer, authors: dict[str, Writer], raw: Any, seq: int) -> Item:
    recorded_by = authors.get(_author_of(raw))
    item = decode(recorded_by or writer, raw, seq)
    item.recorded_by = recorded_by
    return item


def _push(
    writer: Writer,
    from_seq: int,
    items: list[Item],
    last_seq: int | None,
    clocks: Clocks,
    app: str | None,
) -> Pushed:
    if writer.device_id is None or writer.incarnation is None:
        raise ValueError("only a handheld pushes")
    auth_service.lock_device(writer.device_id)
    now = now_ms()
    head = _head(writer, now)
    contact = Contact(now, clocks.wall, clocks.mono, clocks.boot)
    plan = plan_push(head.head_seq, from_seq, len(items))
    results: list[Result] = []
    if plan.action != "gap" and items:
        _correct_times(items, head, contact)
        chain.follow(head, items, plan.known)
        answers = pipeline.run(writer, items)
        results = [as_result(from_seq + offset, answer) for offset, answer in enumerate(answers)]
        head.head_seq = max(head.head_seq, from_seq + len(items) - 1)
    # A handheld that does not say how far its log goes has not said that it ends here.
    said = max(head.known_seq if last_seq is None else last_seq, head.head_seq)
    if _overtaken(head, contact):
        return Pushed(results, head.head_seq, head.head_seq + 1)
    if not _doubtful(head, contact, said):
        _report_losses(writer, head, said, now)
    head.known_seq = max(head.known_seq, said)
    _remember(head, contact)
    auth_service.hear(
        writer.device_id,
        at=now,
        app=app,
        incarnation=writer.incarnation,
        head_seq=head.head_seq,
        waiting=None if last_seq is None else min(max(last_seq - head.head_seq, 0), MOST_WAITING),
    )
    return Pushed(results, head.head_seq, head.head_seq + 1)


def _correct_times(items: Sequence[Item], head: DeviceHead, contact: Contact) -> None:
    """Puts the operations' times on the server's clock; what was handed in is kept as it came."""
    for item in items:
        if item.op is not None:
            at = captured_at(item.op, contact, head.skew_ms, head.last_heard)
            item.op = {**item.op, "at": at}


def _head(writer: Writer, now: int) -> DeviceHead:
    head = db.session.get(DeviceHead, (writer.device_id, writer.incarnation))
    if head is None:
        head = DeviceHead(
            device_id=writer.device_id,
            incarnation=writer.incarnation,
            head_seq=0,
            known_seq=0,
            first_heard=now,
            last_heard=now,
            lost_reported=0,
            skew_ms=None,
            mono=None,
            boot=None,
            doubted_boot=None,
            chain_hash=None,
        )
        db.session.add(head)
    return head


def _overtaken(head: DeviceHead, contact: Contact) -> bool:
    """Whether a later exchange of the same start of the app has been here before: this one lost its way and tells of
    a past state."""
    known = contact.mono is not None and head.mono is not None and contact.boot is not None
    return known and contact.boot == head.boot and int(contact.mono or 0) < int(head.mono or 0)


def _doubtful(head: DeviceHead, contact: Contact, said: int) -> bool:
    """Whether a log shorter than it once was may still be an old message from before the app was last started.

    The first one from another start is only remembered; a handheld that has really lost something says so again.
    """
    if said >= head.known_seq:
        head.doubted_boot = None
        return False
    known = (None, head.boot, head.doubted_boot)
    unsure = head.boot is not None and contact.boot not in known
    head.doubted_boot = contact.boot if unsure else None
    return unsure


def _remember(head: DeviceHead, contact: Contact) -> None:
    head.last_heard = contact.server
    if contact.skew is not None:
        head.skew_ms = learned(contact.skew, head.skew_ms)
    if head.doubted_boot is None:
        head.mono, head.boot = contact.mono, contact.boot


def _report_losses(writer: Writer, head: DeviceHead, said: int, now: int) -> None:
    """A local database that has forgotten what it had told us of, or a new one that replaced it too early (P32)."""
    others = db.session.scalars(
        select(DeviceHead).where(
            DeviceHead.device_id == writer.device_id, DeviceHead.incarnation != writer.incarnation
        )
    )
    lost = [(old, old.head_seq + 1, old.known_seq) for old in others]
    if said < head.known_seq:
        lost.append((head, said + 1, head.known_seq))
    fresh = [(old, first, last) for old, first, last in lost if last >= first and old.lost_reported < last]
    if not fresh:
        return
    batch = Batch(writer, [], now)
    for old, first, last in fresh:
        cases.open_device_lost(batch, old.incarnation, first, last)
        old.lost_reported = last
    write.write(batch)


def keep_unreadable(device_id: str, body: bytes, reason: str) -> None:
    """Keeps the first MiB of a body that was no message, once (P18)."""
    kept = body[:KEPT_BYTES]
    digest = sha256_hex(kept)
    row = {
        "sha256": digest,
        "device_id": device_id,
        "body": kept,
        "reason": reason[:200],
        "received_at": now_ms(),
    }
    with transaction() as session:
        session.execute(upsert(UnreadableBody).on_conflict_do_nothing(), row)
