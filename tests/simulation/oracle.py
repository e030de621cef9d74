"""What must hold, whatever happens (PROTOCOL I1 to I11): looked at while the run goes on, and once all is healed.

The oracle reads storage on both sides by itself; it asks neither engine nor server what they think of it.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.canonical import canonical, derive, sha256_hex
from tests.simulation.custody import wrong_custody, wrong_spoken
from tests.simulation.handhelds import Handheld
from tests.simulation.house import House

_STANDS = ("applied", "merged", "conflict")
_UNREAD = ("unknown_type", "unknown_version")
_FORM = ("malformed", "invalid_payload", "out_of_range")
_LEDGER = """
    SELECT position, op_id, type, entity, author, device_id, incarnation, seq, status, voided_by, received_at, result,
        envelope
    FROM operations ORDER BY position
"""


class ViolationError(Exception):
    """Something that must always hold does not; the message begins with its number."""


@dataclass(frozen=True)
class Saved:
    """An operation that a handheld has called saved, or that lay in its journal."""

    who: str
    type: str
    blobs: tuple[str, ...] = ()


@dataclass
class Oracle:
    """`saved` is everything handhelds have promised; `authors` who worked with the handheld then; `destroyed` what a
    fault has really taken from the world; `forgotten` what a restored server once acknowledged and had to be offered
    again; `aged` what waited in an old version when the new app came; `wiped` who forgot everything when told to;
    `carried` what a colleague's handheld (its name) has taken along, whatever becomes of the first."""

    house: House
    handhelds: Sequence[Handheld]
    saved: dict[str, Saved] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    destroyed: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    turned_back: set[str] = field(default_factory=set)
    authors: dict[str, str] = field(default_factory=dict)
    aged: set[str] = field(default_factory=set)
    wiped: set[str] = field(default_factory=set)
    carried: dict[str, str] = field(default_factory=dict)
    _enrolled: set[str] = field(default_factory=set)
    _there: frozenset[str] = frozenset()
    _there_at: tuple[int, int] | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def told_saved(self, who: Handheld, envelopes: Sequence[dict[str, Any]], user: str) -> None:
        for one in envelopes:
            self.authors[one["op_id"]] = user
            known = self.saved.get(one["op_id"])
            self.saved[one["op_id"]] = known or Saved(who.name, one["type"])

    # --- while it runs ------------------------------------------------------------------------------------------------

    def look(self, who: Handheld) -> dict[str, Any]:
        """What lies in a handheld's storage; what is there for good counts as saved."""
        seen = who.look()
        if not seen["writing"]:
            # Whose it is now stands there, also when the app died before it could say so.
            who.user = seen["user"] or who.user
            if seen["device"]:
                self._enrolled.add(who.name)
            elif who.name in self._enrolled:
                self.wiped.add(who.name)
            for row in seen["journal"]:
                self.saved[row["op_id"]] = Saved(who.name, row["type"], tuple(row["blobs"]))
        return seen

    def watch(self, who: Handheld) -> None:
        """I1, I10 and I6 of one handheld at any moment at which it has nothing half written."""
        seen = self.look(who)
        if seen["writing"]:
            return
        here = {row["op_id"] for row in seen["journal"]} | set(seen["outbox"])
        mine = {op_id for op_id, saved in self.saved.items() if saved.who == who.name}
        mine -= self.destroyed | set(self.carried)
        there = self._on_server()
        lost = mine - here - there
        if lost:
            raise ViolationError(
                f"I1: {who.name} had called {_some(lost, self.saved)} saved; now it is nowhere"
            )
        acknowledged = {row["op_id"] for row in seen["journal"] if row["acked"]}
        hollow = acknowledged - there - self.forgotten
        if hollow:
            raise ViolationError(
                f"I1: lost: {_some(hollow, self.saved)} was acknowledged and is not in the ledger"
            )
        bytes_here = set(seen["bytes"])
        for op_id in sorted(mine):
            for sha in self.saved[op_id].blobs:
                if sha not in bytes_here and not self.house.stored(sha):
                    raise ViolationError(
                        f"I10: the proof {sha[:8]} of {op_id} is neither on {who.name} nor stored"
                    )

    def taken(self, who: Handheld, before: dict[str, Any]) -> None:
        """A fault has replaced the storage of `who`: what was only there is gone, and nobody's fault."""
        after = self.look(who)
        # What it carried for a colleague may have been the only copy there was; what he keeps himself is watched again.
        dropped = {op_id for op_id, by in self.carried.items() if by == who.name}
        self.carried = {op_id: by for op_id, by in self.carried.items() if by != who.name}
        left = {row["op_id"] for row in after["journal"]} | self._on_server()
        gone = {row["op_id"] for row in before["journal"]} - left - set(self.carried)
        self.destroyed |= gone | (dropped - self._held_by_authors() - self._on_server())
        self.turned_back.add(who.name)
        held = set(before["bytes"]) - set(after["bytes"])
        self.destroyed |= {
            op_id
            for op_id, saved in self.saved.items()
            if op_id not in self.carried
            and any(sha in held and not self.house.stored(sha) for sha in saved.blobs)
        }
        self.counts["destroyed"] += len(gone)

    def carry(self, by: Handheld, op_ids: set[str]) -> None:
        """A colleague's handheld has taken these along, on its disk."""
        self.carried |= dict.fromkeys(op_ids, by.name)

    def _held_by_authors(self) -> set[str]:
        return {row["op_id"] for who in self.handhelds for row in self.look(who)["journal"]}

    def restored(self) -> None:
        """The server went back to a copy: what it alone had is gone for those whose storage went back before."""
        left = self._on_server()
        self.sent &= left
        for who in self.handhelds:
            seen = self.look(who)
            self.forgotten |= {row["op_id"] for row in seen["journal"] if row["acked"]} - left
            if who.name not in self.turned_back | self.wiped:
                continue
            here = left | {row["op_id"] for row in seen["journal"]}
            bytes_here = set(seen["bytes"])
            self.destroyed |= {
                op_id
                for op_id, saved in self.saved.items()
                if saved.who == who.name
                and (
                    op_id not in here
                    or any(sha not in bytes_here and not self.house.stored(sha) for sha in saved.blobs)
                )
            }

    # --- once all is healed -------------------------------------------------------------------------------------------

    def judge(self) -> None:
        """Everything, now that the faults are over and the queues have drained."""
        for who in self.handhelds:
            self.watch(who)
        ledger = [dict(row) for row in self.house.rows(_LEDGER)]
        parked = [
            dict(row) for row in self.house.rows("SELECT op_id, device_id, code, released_at FROM quarantine")
        ]
        self._exactly_once(ledger, parked)
        self._custody(ledger, parked)
        self._proofs_stored()
        self._in_order(ledger, {row["op_id"] for row in parked if row["released_at"] is not None})
        self._disputes_kept(ledger)
        self._effects(ledger)
        self._decisions_told(ledger)
        for who in self.handhelds:
            self._mirror(who)

    def _on_server(self) -> frozenset[str]:
        at = self.house.version()
        if at != self._there_at:
            rows = self.house.rows("SELECT op_id FROM operations UNION SELECT op_id FROM quarantine")
            self._there, self._there_at = frozenset(row["op_id"] for row in rows), at
        return self._there

    def _custody(self, ledger: list[dict[str, Any]], parked: list[dict[str, Any]]) -> None:
        """P2, P11 and P34: what counts does so in the right name; P6: what was recorded in an old version counts."""
        wrong = wrong_custody(self.house, ledger, parked, self.authors) or wrong_spoken(self.house, ledger)
        if wrong:
            raise ViolationError(wrong)
        self.counts["let through by the desk"] += sum(row["released_at"] is not None for row in parked)
        for row in parked:
            # Whatever else may be wrong with it by now, its form is not.
            if row["code"] in _UNREAD or (row["op_id"] in self.aged and row["code"] in _FORM):
                raise ViolationError(f"P6: {row['op_id']} was parked as {row['code']}")
        asked = {
            wish["id"] for one in self.house.json("SELECT record FROM customers") for wish in one["requests"]
        }
        for row in ledger:
            proposed = row["type"] == "customer.request_set" and row["status"] in ("applied", "merged")
            if proposed and row["voided_by"] is None:
                wish = json.loads(row["envelope"])["payload"]["request"]
                if wish not in asked:
                    raise ViolationError(f"P6: nothing came of the request {wish} of {row['op_id']}")

    def _exactly_once(self, ledger: list[dict[str, Any]], parked: list[dict[str, Any]]) -> None:
        """I1 for good, and I2."""
        times = Counter(row["op_id"] for row in ledger)
        doubled = [op_id for op_id, count in times.items() if count > 1]
        if doubled:
            raise ViolationError(f"I2: doubled: {_some(doubled, self.saved)}")
        there = set(times) | {row["op_id"] for row in parked}
        lost = (set(self.saved) | self.sent) - self.destroyed - there
        if lost:
            raise ViolationError(f"I1: lost: {_some(lost, self.saved)} never reached the server")
        from_handhelds = {row["op_id"] for row in ledger if row["device_id"]}
        strange = (from_handhelds | {row["op_id"] for row in parked if row["device_id"]}) - set(self.saved)
        if strange:
            raise ViolationError(f"I2: nobody recorded {_some(strange, self.saved)}")
        for row in parked:
            unfit = row["code"] in ("internal", "id_reuse", "position_mismatch", "malformed")
            if unfit or (row["code"] == "seq_reuse" and not self.turned_back):
                raise ViolationError(f"I2: {row['op_id']} was parked as {row['code']}")

    def _proofs_stored(self) -> None:
        """I10 for good: every proof has arrived."""
        for op_id in sorted(set(self.saved) - self.destroyed):
            for sha in self.saved[op_id].blobs:
                if not self.house.stored(sha):
                    raise ViolationError(f"I10: lost: the proof {sha[:8]} of {op_id} was never stored")

    def _in_order(self, ledger: list[dict[str, Any]], let_through: set[str]) -> None:
        """I3: the order of each local database is the order of the log; what a person let through counts since then."""
        heads: dict[tuple[str, str], int] = {}
        for row in ledger:
            if row["seq"] is None or row["op_id"] in let_through:
                continue
            place = (row["device_id"], row["incarnation"])
            if row["seq"] <= heads.get(place, 0):
                raise ViolationError(f"I3: {row['op_id']} (seq {row['seq']}) stands after {heads[place]}")
            heads[place] = row["seq"]

    def _disputes_kept(self, ledger: list[dict[str, Any]]) -> None:
        """I4: whatever lost is before a person, with both sides."""
        cases = {
            row["id"]: json.loads(row["record"])
            for row in self.house.rows("SELECT id, record FROM conflicts")
        }
        for row in ledger:
            case = json.loads(row["result"])["conflict"]
            if row["status"] == "conflict" and (case not in cases or cases[case]["op_id"] != row["op_id"]):
                raise ViolationError(f"I4: the conflict of {row['op_id']} is in no inbox")
        for case in cases.values():
            if case["kind"] not in ("quarantined", "device_lost") and not case["mine"]:
                raise ViolationError(f"I4: case {case['id']} does not hold the losing side")

    def _effects(self, ledger: list[dict[str, Any]]) -> None:
        """I2 where effects add up, and I8."""
        standing = [row for row in ledger if row["status"] in _STANDS and row["voided_by"] is None]
        scans = Counter(row["entity"] for row in standing if row["type"] == "parcel.scanned")
        for row in self.house.rows("SELECT id, record FROM parcels"):
            counted, made = json.loads(row["record"])["scans"], scans[f"parcel:{row['id']}"]
            if counted != made:
                raise ViolationError(f"I2: doubled: parcel {row['id']} counts {counted} scans of {made}")
        taken: Counter[str] = Counter()
        for row in standing:
            if row["type"] == "payment.collected" and row["status"] != "merged":
                payload = json.loads(row["envelope"])["payload"]
                taken[f"{payload['method']}:{row['author']}"] += payload["amount_minor"]
        booked: Counter[str] = Counter()
        for row in self.house.rows(
            "SELECT account, sum(amount_minor) AS sum FROM ledger_entries GROUP BY account"
        ):
            booked[row["account"]] = row["sum"]
        if sum(booked.values()) != 0:
            raise ViolationError(f"I8: the accounts sum to {sum(booked.values())}")
        held = {account: booked[account] for account in booked if ":" in account}
        if +Counter(held) != +taken:
            raise ViolationError(f"I8: couriers hold {held}, they took {dict(taken)}")

    def _decisions_told(self, ledger: list[dict[str, Any]]) -> None:
        """I9: a decision reaches whoever wrote either side."""
        couriers = {who.user for who in self.handhelds}
        writers = {row["op_id"]: row["author"] for row in ledger}
        notices = self.house.rows(
            "SELECT scope, entity FROM scope_entities WHERE scope LIKE 'notices:%' AND present"
        )
        told = {(row["scope"], row["entity"]) for row in notices}
        for row in ledger:
            if row["type"] != "conflict.decided" or row["status"] != "applied":
                continue
            case = json.loads(
                self.house.rows("SELECT record FROM conflicts WHERE id = ?", row["entity"].partition(":")[2])[
                    0
                ][0]
            )
            sides = {
                writers.get(case["op_id"]),
                writers.get(case["theirs_op"]),
                case["mine_author"],
            } & couriers
            for reader in sides:
                if (f"notices:{reader}", f"notice:{derive('notice', row['op_id'], str(reader))}") not in told:
                    raise ViolationError(f"I9: nobody tells {reader} of decision {row['op_id']}")

    def _mirror(self, who: Handheld) -> None:
        """I5, I6 and I7: the handheld holds what the server's scopes say, row by row, and nothing else of theirs."""
        rows: list[list[Any]] = who.ask("mirror", k=0)["value"]
        query = """
            SELECT s.entity, s.ver, p.rev, p.body FROM scope_entities s JOIN projections p ON p.entity = s.entity
            WHERE s.scope = ? AND s.present
        """
        others = {row[0] for row in rows} - {f"courier:{who.user}", f"notices:{who.user}"}
        if any(not scope.startswith("reference:") for scope in others):
            raise ViolationError(f"I7: {who.name}, which is {who.user}'s now, holds rows of {sorted(others)}")
        for scope in (f"courier:{who.user}", f"notices:{who.user}"):
            mine = {row[1]: (row[3], row[4]) for row in rows if row[0] == scope}
            theirs = {
                row["entity"]: (row["rev"], sha256_hex(canonical(json.loads(row["body"]))))
                for row in self.house.rows(query, scope)
            }
            if mine != theirs:
                differing = sorted(
                    entity for entity in mine.keys() | theirs.keys() if mine.get(entity) != theirs.get(entity)
                )
                said = {entity: (mine.get(entity), theirs.get(entity)) for entity in differing[:2]}
                raise ViolationError(f"I5: diverged: {who.name} in {scope.partition(':')[0]}: {said}")


def _some(op_ids: Any, saved: dict[str, Saved]) -> str:
    listed = sorted(op_ids)
    named = [f"{op_id} ({saved[op_id].type})" if op_id in saved else str(op_id) for op_id in listed[:3]]
    return ", ".join(named) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
