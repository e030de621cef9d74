"""Cases: what is put before a person when plan and reality, or two people, disagree (P22).

A draft holds both versions, both actors, what they started from, and the outcome that sync/tables/merge.json suggests.
Owner, deadline and station are the server's to add.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sync.canonical import derive
from sync.tables import CASE_KINDS, OUTCOMES, RANKS

Record = dict[str, Any]
Op = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """A case as the decision makes it; `mine` is the operation just decided, `theirs` what was recorded before."""

    id: str
    kind: str
    entity: str
    task: str | None
    op_id: str
    theirs_op: str | None
    mine: dict[str, Any]
    theirs: dict[str, Any]
    base: dict[str, Any]
    fields: list[str]
    mine_author: str | None
    theirs_author: str | None
    suggested: str
    rule: str
    outcomes: list[str]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a decision does to the log of the disputed entity: operations left out, operations that win their fields."""

    void: frozenset[str] = frozenset()
    force: frozenset[str] = frozenset()


def effect(case: Record, outcome: str) -> Effect:
    """What deciding `case` for `outcome` means when its entity is folded again."""
    what = CASE_KINDS[case["kind"]]["effects"].get(outcome, "none")
    if what == "void_mine":
        return Effect(void=frozenset({case["op_id"]}))
    if what == "void_theirs" and case["theirs_op"] is not None:
        return Effect(void=frozenset({case["theirs_op"]}))
    if what == "force_mine":
        return Effect(force=frozenset({case["op_id"]}))
    return Effect()


def opened(draft: CaseDraft, *, station: str, owner: str | None, due_at: int, opened_at: int) -> Record:
    """The record of a new case; times in ms on the server's clock."""
    return {
        **asdict(draft),
        "status": "open",
        "station": station,
        "owner": owner,
        "due_at": due_at,
        "opened_at": opened_at,
        "decision": None,
    }


def incident(kind: str, op_id: str, entity: str, *, author: str | None, mine: dict[str, Any]) -> CaseDraft:
    """A case with one side only: an operation in quarantine, a handheld that lost some."""
    rule = CASE_KINDS[kind]
    return CaseDraft(
        id=derive("conflict", op_id, kind),
        kind=kind,
        entity=entity,
        task=_task_of(entity),
        op_id=op_id,
        theirs_op=None,
        mine=mine,
        theirs={},
        base={},
        fields=[],
        mine_author=author,
        theirs_author=None,
        suggested=rule["suggested"],
        rule=rule["rule"],
        outcomes=list(rule["outcomes"]),
    )


def fact_case(kind: str, record: Record, op: Op) -> CaseDraft:
    """A physical outcome against the record as it stood before it."""
    mine = _said(op) | {"status": OUTCOMES[op["type"]]["status"]}
    if kind == "handover":
        return handover_case(record, op, mine)
    if kind == "reassigned":
        by = record["touched"].get("courier")
        theirs = {"courier": record["courier"]} | ({"at": by["at"]} if by else {})
        return _draft(kind, op, mine | {"courier": op["author"]}, theirs, by, ["courier"])
    theirs, by = _standing(kind, record)
    return _draft(kind, op, mine, theirs, by, ["status"])


def plan_case(record: Record, op: Op) -> CaseDraft:
    """A change of plan for a task that is finished."""
    mine = _said(op)
    if op["type"] == "task.cancelled":
        mine["status"] = "cancelled"
    theirs, by = _standing("state", record)
    return _draft("state", op, mine, theirs, by, ["status"])


def field_case(
    op: Op, values: dict[str, Any], theirs: dict[str, Any], by: Record | None, contested: Sequence[str]
) -> CaseDraft:
    """Two writers of the same fields; `values` are mine, `by` is the stamp of the one recorded before."""
    mine = {"type": op["type"], "at": op["at"]} | {field: values[field] for field in contested}
    kept = {field: theirs[field] for field in contested} | ({"at": by["at"]} if by else {})
    base = {field: op["base"][field] for field in contested if field in op["base"]}
    return _draft("field", op, mine, kept, by, contested, base)


def unsettled_case(obligation: Record, op: Op) -> CaseDraft:
    """A sign-off while money is due."""
    mine = _said(op) | {"status": OUTCOMES[op["type"]]["status"]}
    return _draft("unsettled", op, mine, _due(obligation), None, ["amount_minor"])


def payment_case(kind: str, obligation: Record, op: Op) -> CaseDraft:
    """A payment that does not fit what is due, or comes when nothing is."""
    payload = op["payload"]
    mine = {"type": op["type"], "at": op["at"], **{key: payload[key] for key in _MONEY}}
    if kind == "second_payment":
        first = obligation["collected"]
        theirs = {key: first[key] for key in ("amount_minor", "method", "at")}
        return _draft(kind, op, mine, theirs | {"currency": obligation["currency"]}, first, ["amount_minor"])
    theirs = _due(obligation)
    differing = [field for field in ("amount_minor", "currency") if payload[field] != obligation[field]]
    return _draft(kind, op, mine, theirs, None, differing)


def late_request_case(task: Record, op: Op) -> CaseDraft:
    """A wish of the customer's for a task that is finished: recorded, and too late for it."""
    payload = op["payload"]
    mine = {"type": op["type"], "at": op["at"], "request": payload["kind"], "text": payload["text"]}
    theirs, by = _standing("state", task)
    case = _draft("request_late", op, mine, theirs, by, ["request", "status"])
    return replace(case, task=task["id"])


def missed_request_case(request: Record, by: Record | None, op: Op) -> CaseDraft:
    """An outcome reported from a handheld that had not heard of the customer's wish; `by` stamps the wish."""
    mine = _said(op) | {"status": OUTCOMES[op["type"]]["status"]}
    theirs = {"request": request["kind"], "text": request["text"]} | ({"at": by["at"]} if by else {})
    return _draft("request_late", op, mine, theirs, by, ["request", "status"])


def disputed_case(task: Record, op: Op) -> CaseDraft:
    """The customer says of an operation on his task that it did not happen, or not so."""
    named, outcome = op["payload"]["corrects"], task["outcome"]
    theirs, by = _standing("state", task)
    case = _draft("disputed", op, _said(op), theirs, by, ["status"])
    if outcome is not None and outcome["op_id"] == named:
        return case
    return replace(case, theirs_op=named, theirs_author=None)


def consent_case(word: Record | None, op: Op) -> CaseDraft:
    """Somebody else took the parcel without a consent on record; `word` is what the customer last said to it."""
    named = op["payload"]["consent"]
    mine = _said(op) | {"status": OUTCOMES[op["type"]]["status"]}
    mine["consent"] = named["source"] if named is not None else "none"
    if named is not None and named["note"] is not None:
        mine["note"] = named["note"]
    theirs = {} if word is None else {"given": word["given"], "at": word["at"]}
    return _draft("no_consent", op, mine, theirs, None, ["recipient"])


def pin_case(fault: str, op: Op) -> CaseDraft:
    """Handed over with another code than the customer was shown, or with none."""
    mine = _said(op) | {"status": OUTCOMES[op["type"]]["status"], "code": fault}
    return _draft("wrong_code", op, mine, {}, None, ["code"])


def partial_case(parcel: Record, op: Op) -> CaseDraft:
    """Some pieces were handed over; somebody has to say what becomes of the rest."""
    payload, rest = op["payload"], op["payload"].get("rest") or {}
    mine = _said(op) | {"status": OUTCOMES[op["type"]]["status"]}
    mine |= {"pieces": payload["pieces"]} if payload.get("pieces") is not None else {}
    mine |= {name: rest[name] for name in ("reason", "note") if rest.get(name) is not None}
    return _draft("partial", op, mine, {"pieces": parcel["pieces"]}, None, ["pieces"])


def problem_case(task: Record, op: Op) -> CaseDraft:
    """A parcel that waits for customer service."""
    theirs, by = _standing("state", task)
    return _draft("problem", op, _said(op), theirs, by, ["reason"])


def handover_case(task: Record, op: Op, mine: Record | None = None) -> CaseDraft:
    """What one courier says of a hand-over, or does after it, against what the task stands at."""
    payload = op["payload"]
    known = task.get("handover") or {}
    said = mine if mine is not None else _said(op)
    said = said | {"courier": payload.get("to") or op["author"]}
    if (
        task["outcome"] is not None
        and mine is None
        and task["status"] in ("delivered", "picked_up", "returned")
    ):
        theirs, by = _standing("state", task)
        return _draft("handover", op, said, theirs | {"courier": task["outcome"]["author"]}, by, ["courier"])
    by = known.get("taken") or known.get("given") or task["touched"].get("courier")
    theirs = {"courier": task["courier"]} | ({"at": by["at"]} if by else {})
    return _draft("handover", op, said, theirs, by, ["courier"])


def half_handover_case(task: Record, known: Record) -> CaseDraft:
    """A hand-over that one of the two has told of, and the other not by the end of a shift."""
    told = known["given"] or known["taken"]
    op_type = "task.handed_over" if known["given"] else "task.taken_over"
    mine = {"type": op_type, "at": told["at"], "courier": known["taker"]}
    theirs = {} if known["given"] else {"courier": known["giver"]}
    case = incident("handover", told["op_id"], f"task:{task['id']}", author=told["author"], mine=mine)
    return replace(case, id=derive("conflict", told["op_id"], "handover"), theirs=theirs, fields=["courier"])


_MONEY = ("amount_minor", "currency", "method")
# What a payload may say that belongs into a case.
_SAYINGS = ("reason", "recipient", "note", "courier", "sequence", "window_start", "window_end")


def _said(op: Op) -> dict[str, Any]:
    payload = op["payload"]
    words = {key: payload[key] for key in _SAYINGS if payload.get(key) is not None}
    return {"type": op["type"], "at": op["at"], **words}


def _due(obligation: Record) -> dict[str, Any]:
    return {"amount_minor": obligation["amount_minor"], "currency": obligation["currency"]}


def _standing(kind: str, record: Record) -> tuple[dict[str, Any], Record | None]:
    """What the record says that the operation is up against, and whose word that is."""
    cancelled, outcome = record["cancelled"], record["outcome"]
    if kind == "cancelled" or (kind == "state" and record["status"] == "cancelled"):
        return {"status": "cancelled", "at": cancelled["at"], "reason": cancelled["reason"]}, cancelled
    if outcome is None:
        return {"status": record["status"]}, None
    words = {key: outcome[key] for key in ("reason", "recipient") if outcome[key] is not None}
    status = OUTCOMES[outcome["type"]]["status"]
    return {"status": status, "type": outcome["type"], "at": outcome["at"], **words}, outcome


def _draft(
    kind: str,
    op: Op,
    mine: dict[str, Any],
    theirs: dict[str, Any],
    by: Record | None,
    fields: Sequence[str],
    base: dict[str, Any] | None = None,
) -> CaseDraft:
    rule = CASE_KINDS[kind]
    return CaseDraft(
        id=derive("conflict", op["op_id"], kind),
        kind=kind,
        entity=op["entity"],
        task=_task_of(op["entity"]),
        op_id=op["op_id"],
        theirs_op=by["op_id"] if by else None,
        mine=mine,
        theirs=theirs,
        base=base or {},
        fields=list(fields),
        mine_author=op["author"],
        theirs_author=by["author"] if by else None,
        suggested=_suggested(rule["suggested"], mine, theirs),
        rule=rule["rule"],
        outcomes=list(rule["outcomes"]),
    )


def _suggested(suggested: str, mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    if suggested != "rank":
        return suggested
    return "mine" if RANKS[mine["status"]] > RANKS[theirs["status"]] else "theirs"


def _task_of(entity: str) -> str | None:
    kind, _, identity = entity.partition(":")
    return identity if kind in ("task", "obligation") else None
