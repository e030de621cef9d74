"""What the templates print: the policy's choices put into words. No Flask, no database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.core import masking
from server.core.records import Record
from server.tracking import forms, policy
from server.tracking.policy import Band, Event, Facts
from server.tracking.words import Words

Sign = Callable[..., str]


def compose(facts: Facts, words: Words, sign: Sign, pin: str | None = None) -> dict[str, Any]:
    """Everything the page of one task prints. `sign(act, seen)` makes the nonce of a form; `pin` is the code that the
    courier has to be told."""
    task = facts.task
    kind = task["kind"]
    band = policy.band(facts)
    return {
        "kind": kind,
        "status": task["status"],
        "tone": _tone(facts),
        "sentence": sentence(facts, words, band),
        "head": _head(facts),
        "band": _band(facts, words, band),
        "heard": _heard(facts, words),
        "as_of": words.say("as_of", time=words.time(facts.now)),
        "cod": _cod(facts, words),
        "pin": f"{pin[:3]} {pin[3:]}" if pin is not None else None,
        "question": _question(facts, words, sign),
        "steps": [
            {"name": words.say(f"step.{kind}.{name}"), "state": state, "said": words.say(f"step.{state}")}
            for name, state in policy.steps(facts)
        ],
        "timeline": [_entry(event, words) for event in policy.events(facts)],
        "proof": _proof(facts, words),
        "finished": facts.finished,
        "requests": [_request(request, facts, words, sign) for request in policy.requests(facts)],
        "add": {
            "nonce": sign("request", {"finished": facts.finished}),
            "kinds": [(name, words.say(f"request.kind.{name}")) for name in forms.KINDS],
        },
        "consents": _switches(facts, words, sign, policy.LEAVE_WITH, "consent")
        if kind == "delivery"
        else None,
        "notices": _switches(facts, words, sign, ("notices",), "notice"),
        "wrong": _wrong(facts, words),
    }


def confirmation(facts: Facts, words: Words, sign: Sign) -> dict[str, Any] | None:
    """The step before a sign-off is called untrue; None when there is none to call so."""
    named = policy.disputable(facts)
    if named is None:
        return None
    event = words.say(f"event.delivered.{named.payload['recipient']}")
    return {
        "kind": facts.task["kind"],
        "record": words.say("wrong.says", event=event, at=words.moment(policy.moment(named))),
        "nonce": sign("wrong", {"op": named.op_id}),
    }


def sentence(facts: Facts, words: Words, band: Band | None) -> str:
    """One sentence: where it is and when it comes."""
    kind, status = facts.task["kind"], facts.task["status"]
    key = f"say.{kind}.{status}"
    if policy.dispute(facts) is not None:
        due = _answer_due(facts)
        disputed = "say.delivery.disputed"
        return words.say(disputed) if due is None else words.say(f"{disputed}.due", due=words.moment(due))
    if band is not None:
        if band.late:
            return words.say(f"{key}.late", when=words.when(band.start, band.planned_end))
        return words.say(f"{key}.when", when=words.when(band.start, band.end))
    stands = facts.task["outcome"]
    if stands is None:
        return words.say(key)
    done = policy.outcome(facts)
    named = f"{key}.{stands['recipient']}"
    return words.say(
        named if words.has(named) else key,
        at=words.moment(policy.moment(done) if done is not None else stands["at"]),
        reason=words.reason(stands["reason"]),
        next=words.follows(stands["reason"]),
    )


def _tone(facts: Facts) -> str:
    if policy.dispute(facts) is not None or facts.task["status"] in ("attempt_failed", "held"):
        return "warn"
    if facts.task["status"] in ("delivered", "picked_up"):
        return "good"
    return "quiet" if facts.task["status"] in ("returned", "cancelled") else "calm"


def _head(facts: Facts) -> dict[str, str]:
    task = facts.task
    waybill = facts.waybill
    groups = max(1, -(-(len(waybill) - 4) // 4))
    return {
        "merchant": task["merchant"],
        "who": masking.mask_name(facts.customer["name"]),
        "where": _building(task["address"]),
        "dots": " ".join(["••••"] * groups),
        "last": waybill[-4:],
    }


def _building(address: Record) -> str:
    """Community and building, nothing further inside and nothing of the free text."""
    parts = [str(part) for part in (address["community"], address["building"]) if part]
    plain = {**address, "text": " · ".join(parts)}
    return str(masking.mask_address(plain)["text"])


def _band(facts: Facts, words: Words, band: Band | None) -> dict[str, Any] | None:
    if band is None:
        return None
    day = words.day(band.start if band.start is not None else band.end or facts.now)
    return {
        "label": words.say(f"band.{facts.task['kind']}"),
        "day": day[:1].upper() + day[1:],
        "window": words.window(band.start, band.end),
        "late": band.late,
        "silent": words.say("band.widened" if band.widened else "band.silent", minutes=band.silent)
        if band.silent
        else None,
        "plan": None if policy.under_way(facts) else words.say("band.plan"),
        "scale": _scale(facts, band),
    }


def _scale(facts: Facts, band: Band) -> dict[str, int] | None:
    """The band as a strip of 1000 parts with a mark for now; only when both ends are known and the day is near."""
    if band.start is None or band.end is None or band.planned_end is None:
        return None
    around = 45 * policy.MINUTE_MS
    first, last = min(facts.now, band.start) - around, max(facts.now, band.end) + around
    if last - first > 12 * 60 * policy.MINUTE_MS:
        return None

    def part(at: int) -> int:
        return (at - first) * 1000 // (last - first)

    start, planned = part(band.start), part(band.planned_end)
    return {
        "start": start,
        "length": planned - start,
        "more": part(band.end) - planned,
        "end": planned,
        "now": part(facts.now),
    }


def _heard(facts: Facts, words: Words) -> str | None:
    if facts.heard is None or not policy.under_way(facts):
        return None
    at = (
        words.time(facts.heard)
        if words.day(facts.heard) == words.day(facts.now)
        else words.moment(facts.heard)
    )
    return words.say("band.heard", time=at)


def _cod(facts: Facts, words: Words) -> str | None:
    due = facts.obligation
    if due is None or due["status"] != "due" or facts.finished or policy.dispute(facts) is not None:
        return None
    return words.say("cod", amount=words.money(due["amount_minor"], due["currency"]))


def _question(facts: Facts, words: Words, sign: Sign) -> dict[str, Any] | None:
    asked = policy.question(facts)
    if asked is None:
        return None
    where = words.say(f"consent.{asked['kind']}")
    return {
        "title": words.say("question", where=where),
        "at": words.say("question.at", time=words.time(asked["at"])),
        "nonce": sign("answer", {"kind": asked["kind"], "asked": asked["op_id"]}),
    }


def _entry(event: Event, words: Words) -> dict[str, Any]:
    values = {"reason": words.reason(event.reason)} if event.reason else {}
    key = f"event.{event.key}"
    if event.window is not None:
        if event.window == (None, None):
            key = "event.window.none"
        else:
            values = {"when": words.when(*event.window)}
    return {
        "text": words.say(key, **values),
        "day": words.day(event.at),
        "time": words.time(event.at),
        "iso": words.iso(event.at),
        "void": words.say("event.void") if event.void else None,
    }


def _proof(facts: Facts, words: Words) -> dict[str, Any] | None:
    done = policy.outcome(facts)
    if done is None or done.type not in policy.PROVEN:
        return None
    kept = [one.kind for one in facts.proofs if one.op_id == done.op_id]
    what = [words.say("proof.signature")] if "signature" in kept else []
    if "photo" in kept:
        what.append(words.say("proof.photos", n=kept.count("photo")))
    joined = ("、" if words.language == "zh" else ", ").join(what)
    recipient = done.payload.get("recipient")
    return {
        "title": words.say("proof" if facts.task["kind"] == "delivery" else "proof.pickup"),
        "by": words.say(f"by.{recipient}") if recipient else None,
        "at": words.moment(policy.moment(done)),
        "iso": words.iso(policy.moment(done)),
        "kept": words.say("proof.are_kept", what=joined) if what else words.say("proof.none"),
    }


def _request(request: Record, facts: Facts, words: Words, sign: Sign) -> dict[str, Any]:
    mine = policy.own(request)
    # A wish for this one alone is history once it is finished; one for every time can be changed for the next.
    open_to_change = mine and not (facts.finished and request["scope"] == "parcel")
    seen = {"request": request, "finished": facts.finished}
    return {
        "id": request["id"],
        "name": words.say(f"request.kind.{request['kind']}"),
        "text": request["text"],
        "scope": request["scope"],
        "scope_said": words.say(f"request.scope.{request['scope']}")
        if request["scope"] in forms.SCOPES
        else None,
        "source": words.say("request.mine" if mine else f"request.source.{request['source']}"),
        "own": open_to_change,
        "change": sign("change", seen) if open_to_change else None,
        "withdraw": sign("withdraw", seen) if open_to_change else None,
    }


def _switches(facts: Facts, words: Words, sign: Sign, kinds: tuple[str, ...], prefix: str) -> dict[str, Any]:
    given = policy.consents(facts.customer)
    seen = {kind: given[kind] for kind in kinds}
    return {
        "nonce": sign("consents", {"consents": seen}),
        "switches": [
            {"kind": kind, "name": words.say(f"{prefix}.{kind}"), "given": given[kind]} for kind in kinds
        ],
    }


def _wrong(facts: Facts, words: Words) -> dict[str, Any]:
    said = policy.dispute(facts)
    if said is not None:
        due = _answer_due(facts)
        return {
            "state": "said",
            "title": words.say("wrong.done"),
            "lead": words.say("wrong.done.lead", at=words.moment(policy.moment(said))),
            "due": words.say("wrong.done.due", due=words.moment(due)) if due is not None else None,
        }
    if policy.disputable(facts) is None:
        return {"state": "none"}
    return {"state": "open"}


def _answer_due(facts: Facts) -> int | None:
    """Until when the station means to have an answer; None once that is past or the case is decided."""
    case = facts.case
    if case is None or case["status"] != "open" or case["due_at"] < facts.now:
        return None
    return int(case["due_at"])
