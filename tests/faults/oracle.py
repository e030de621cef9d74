"""What must be true of a database whatever happened to it: promised is kept, nothing counts twice, nothing is torn."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from server.core.db import db, read
from server.ops.audit import findings
from server.ops.models import DeviceHead, Operation, Quarantined
from server.ops.owners import OWNERS
from tests.builders import task_id
from tests.faults.site import Site
from tests.faults.street import Courier, complaints, settle

# What any contact moves, and what no replay may be blamed for: when a device was heard and how it stood then.
_OF_CONTACT = {
    "device": {"last_heard", "waiting"},
    "device_heads": {"last_heard", "skew_ms"},
    "handheld_session": {"until"},
}


@dataclass
class Outcome:
    """What a fault came to: figures in the order they are to be read, and everything that did not hold."""

    fault: str
    database: str
    figures: dict[str, str | int | float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        told = ", ".join(f"{name} {value}" for name, value in self.figures.items())
        return f"{self.fault} {self.database}: {told or '-'}; {len(self.wrong)} wrong {self.wrong[:3]}"


def judge(site: Site, couriers: Sequence[Courier], outcome: Outcome, bug: str = "") -> None:
    """Brings in what still waits, then holds the database against what the couriers recorded and were promised.

    A server with a bug is ended first, and nothing more is brought in by it: only what was promised has to be there.
    """
    if bug:
        site.kill()
    else:
        settle(couriers)
    outcome.wrong += complaints(couriers)
    promised = [op_id for courier in couriers for op_id in courier.promised]
    recorded = [op["op_id"] for courier in couriers for op in courier.carried.tape.envelopes]
    kept = Counter[str](site.inside(kept_ids))
    lost = [op_id for op_id in promised if not kept[op_id]]
    missing = [op_id for op_id in recorded if not kept[op_id]]
    doubled = [op_id for op_id in recorded if kept[op_id] > 1]
    effects = site.inside(lambda: _effects(couriers))
    outcome.figures |= {
        "operations": len(recorded),
        "lost": len(lost),
        "doubled": len(doubled) + len([one for one in effects if "twice" in one]),
    }
    outcome.wrong += [f"lost: {op_id} was promised" for op_id in lost]
    outcome.wrong += [f"doubled: {op_id}" for op_id in doubled]
    outcome.wrong += [one for one in effects if not bug or "twice" in one]
    if not bug:
        outcome.wrong += [f"missing: {op_id} never arrived" for op_id in missing]
        outcome.wrong += site.inside(lambda: _heads(couriers)) + sound(site, couriers)


def sound(site: Site, couriers: Sequence[Courier]) -> list[str]:
    """What the database and the product's own audit find wrong in it; of logs only those of these couriers."""
    logs = {f"{one.carried.tape.device}/{one.carried.tape.incarnation}" for one in couriers}

    def audit() -> list[str]:
        with read():
            found = [one for one in findings() if one.kind != "chain" or one.about in logs]
        return [f"audit: {one.kind} {one.about}: {one.said}" for one in found]

    if site.database == "sqlite":
        with closing(sqlite3.connect(site.file, timeout=60)) as connection:
            said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            said += [f"foreign key: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
        broken = [one for one in said if one != "ok"]
    else:
        broken = site.inside(_postgres_damage)
    return broken + list(site.inside(audit))


def _postgres_damage() -> list[str]:
    """Indexes held against their tables (amcheck, where the server has it), pages against their checksums."""
    found: list[str] = []
    with db.engine.connect() as connection:
        there = "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'"
        if connection.execute(text(there)).scalar_one():
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS amcheck"))
            connection.commit()
            try:
                connection.execute(
                    text(
                        "SELECT bt_index_check(c.oid, i.indisunique) FROM pg_index i "
                        "JOIN pg_class c ON c.oid = i.indexrelid "
                        "JOIN pg_am a ON a.oid = c.relam JOIN pg_namespace n ON n.oid = c.relnamespace "
                        "WHERE a.amname = 'btree' AND n.nspname = 'public' AND i.indisvalid"
                    )
                ).all()
            except DBAPIError as error:
                found.append(f"amcheck: {error.orig}")
                connection.rollback()
        bad = "SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database"
        if connection.execute(text(bad)).scalar_one():
            found.append("checksums: there are damaged pages")
    return found


def kept_ids() -> list[str]:
    """Every id the log or the quarantine holds, as often as it does."""
    with read() as session:
        parked = session.scalars(select(Quarantined.op_id).where(Quarantined.op_id.is_not(None)))
        return [*session.scalars(select(Operation.op_id)), *map(str, parked)]


def _effects(couriers: Sequence[Courier]) -> list[str]:
    """Notes that do not stand on their task exactly once."""
    wrong: list[str] = []
    for courier in couriers:
        tasks = [task_id(waybill) for waybill in courier.carried.waybills]
        with read():
            records = OWNERS["task"].load(tasks, lock=False)
        found = Counter(note["text"] for one in records.values() for note in one.record["notes"])
        meant = {
            op["payload"]["text"]
            for op in courier.carried.tape.envelopes
            if op["type"] == "task.noted"
            and courier.promised.get(op["op_id"], {}).get("status") != "quarantined"
        }
        wrong += [f"note not there: {one}" for one in meant if not found[one]]
        wrong += [f"note there twice: {one}" for one in meant if found[one] > 1]
        ours = {one.rpartition(" ")[0] for one in meant}
        wrong += [
            f"note nobody wrote: {one}"
            for one in found
            if one not in meant and one.rpartition(" ")[0] in ours
        ]
    return wrong


def _heads(couriers: Sequence[Courier]) -> list[str]:
    """Logs whose head is not where the handheld's ends, or that lie in another order than they were recorded in."""
    wrong: list[str] = []
    with read() as session:
        for courier in couriers:
            tape = courier.carried.tape
            head = session.get(DeviceHead, (tape.device, tape.incarnation))
            if tape.envelopes and (head is None or head.head_seq != len(tape.envelopes)):
                wrong.append(
                    f"head of {tape.device}: {head and head.head_seq}, {len(tape.envelopes)} recorded"
                )
            here = (Operation.device_id == tape.device) & (Operation.incarnation == tape.incarnation)
            seqs = list(session.scalars(select(Operation.seq).where(here).order_by(Operation.position)))
            if seqs != sorted(seqs, key=lambda seq: seq or 0):
                wrong.append(f"order: the log of {tape.device} does not lie in the order it was recorded in")
    return wrong


def digest() -> dict[str, str]:
    """What every table holds, as one hash each, without what any contact moves: equal digests are equal states."""
    told: dict[str, str] = {}
    with read() as session:
        for table in db.metadata.sorted_tables:
            columns = [one for one in table.columns if one.name not in _OF_CONTACT.get(table.name, set())]
            rows = session.execute(select(*columns).order_by(*table.primary_key.columns)).all()
            told[table.name] = hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()
    return told


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables in which two states differ."""
    return [name for name in after if before.get(name) != after[name]]
