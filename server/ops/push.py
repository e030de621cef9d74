"""A handheld's push: its place in the log first, then the pipeline (P15, P16, P32)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from server.auth import contacts, handhelds
from server.auth import service as auth_service
from server.auth.policy import DeviceView
from server.core.clock import now_ms
from server.core.db import read, transaction, upsert
from server.ops import cases, chain, heads, pipeline, write
from server.ops.batch import Batch, Item, Result, Writer, as_result
from server.ops.capture import Contact, captured_at, learned
from server.ops.decode import TAKEN_AWAY, decode
from server.ops.heads import Head
from server.ops.models import UnreadableBody
from sync.canonical import sha256_hex
from sync.protocol import plan_push

KEPT_BYTES = 1024 * 1024
# More than any handheld can hold; what it claims beyond that is not worth a wider column.
MOST_WAITING = 1_000_000
# A difference of the clocks that has grown by less is written down with the next thing that is.
DRIFT_MS = 250
# So is one that has shrunk by less: no two journeys take the same, and the faster of them would always be written.
NEARER_MS = 25


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


def unchanged(
    writer: Writer, known: DeviceView, *, last_seq: int | None, clocks: Clocks, app: str | None
) -> Pushed | None:
    """The answer to an exchange that hands nothing in and tells nothing new but that the handheld is there; None when
    there is something to write. Needs a `read()` around it.

    Args:
        writer: the handheld, its courier and the incarnation of its local database.
        known: the handheld as the database knows it.
        last_seq: see `push`, as for the others.
        clocks: what the handheld's clocks said at sending.
        app: the handheld's build.
    """
    if writer.device_id is None or writer.incarnation is None:
        raise ValueError("only a handheld pushes")
    now = now_ms()
    head, _ = heads.of_device(writer.device_id, writer.incarnation, now)
    contact = Contact(now, clocks.wall, clocks.mono, clocks.boot)
    stands = head.head_seq == head.known_seq == last_seq
    # The device's row tells who spoke last: after another local database, which may have told of a loss, this differs.
    as_known = (known.app, known.incarnation, known.head_seq, known.waiting)
    if not stands or as_known != (app and app[:80], head.incarnation, head.head_seq, 0):
        return None
    if now - head.last_heard > contacts.KEEP_MS or _moved(head, contact) or _overtaken(head, contact):
        return None
    contacts.note(head.device_id, head.incarnation, now)
    return Pushed([], head.head_seq, head.head_seq + 1)


def _moved(head: Head, contact: Contact) -> bool:
    """Whether a contact tells more of the handheld's clocks than the next one that brings something will."""
    if (
        head.doubted_boot is not None
        or contact.boot != head.boot
        or (contact.mono is None) != (head.mono is None)
    ):
        return True
    if contact.skew is None or head.skew_ms is None:
        return contact.skew is not None
    return not -NEARER_MS <= learned(contact.skew, head.skew_ms) - head.skew_ms <= DRIFT_MS


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
    head, others = heads.of_device(writer.device_id, writer.incarnation, now)
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
        heads.keep(head)
        return Pushed(results, head.head_seq, head.head_seq + 1)
    if not _doubtful(head, contact, said):
        _report_losses(writer, head, others, said, now)
    head.known_seq = max(head.known_seq, said)
    _remember(head, contact)
    heads.keep(head)
    auth_service.hear(
        writer.device_id,
        at=now,
        app=app,
        incarnation=writer.incarnation,
        head_seq=head.head_seq,
        waiting=None if last_seq is None else min(max(last_seq - head.head_seq, 0), MOST_WAITING),
    )
    return Pushed(results, head.head_seq, head.head_seq + 1)


def _correct_times(items: Sequence[Item], head: Head, contact: Contact) -> None:
    """Puts the operations' times on the server's clock; what was handed in is kept as it came."""
    heard = contacts.latest(head.device_id, head.last_heard, head.incarnation)
    for item in items:
        sound = item.op if item.fault is not TAKEN_AWAY else item.raw
        if sound is not None:
            # From what came, not from what an attempt that was rolled back made of it.
            said = {**sound, "at": item.raw["at"]}
            moment = captured_at(said, contact, head.skew_ms, heard)
            item.skew_ms = moment - item.raw["at"]
            item.op = {**said, "at": moment} if item.op is not None else None


def _overtaken(head: Head, contact: Contact) -> bool:
    """Whether a later exchange of the same start of the app has been here before: this one lost its way and tells of
    a past state."""
    known = contact.mono is not None and head.mono is not None and contact.boot is not None
    return known and contact.boot == head.boot and int(contact.mono or 0) < int(head.mono or 0)


def _doubtful(head: Head, contact: Contact, said: int) -> bool:
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


def _remember(head: Head, contact: Contact) -> None:
    head.last_heard = contact.server
    if contact.skew is not None:
        head.skew_ms = learned(contact.skew, head.skew_ms)
    if head.doubted_boot is None:
        head.mono, head.boot = contact.mono, contact.boot


def _report_losses(writer: Writer, head: Head, others: Sequence[Head], said: int, now: int) -> None:
    """A local database that has forgotten what it had told us of, or a new one that replaced it too early (P32)."""
    fresh = [(old, old.head_seq + 1, old.known_seq) for old in others if _loses(old)]
    if said < head.known_seq and head.lost_reported < head.known_seq:
        fresh.append((head, said + 1, head.known_seq))
    if not fresh:
        return
    batch = Batch(writer, [], now)
    for old, first, last in fresh:
        cases.open_device_lost(batch, old.incarnation, first, last)
        heads.report(old, last)
    write.write(batch)


def _loses(old: Head) -> bool:
    """Whether a local database that was replaced had told of more than ever came, and nobody has been told."""
    return old.known_seq > old.head_seq and old.lost_reported < old.known_seq


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
