"""The page's forms: what each is signed with, what came back, and the operations that follow from it.

A form carries a nonce signed by this installation. It says for which task and which act the form was made, what the
customer saw then (the base of a three-way merge), and draws the ids: a form that is sent twice is one operation.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from itsdangerous import BadData, URLSafeSerializer

from server.tracking.policy import Facts
from sync.canonical import canonical, derive
from sync.tables import OPERATIONS

LIFE_MS = 24 * 3_600_000
TEXT = 200
NOTE = 300
SCOPES = ("parcel", "always")
KINDS: Final = (
    "call_first",
    "no_ring",
    "leave_at_reception",
    "weekdays_only",
    "fragile",
    "id_check",
    "other",
)
BASE: Final = ("text", "active", "scope", "weekdays", "state", "valid_from", "valid_until")
_TURNING: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
APP = "tracking"


@dataclass(frozen=True)
class Form:
    """A form as it was given out: `seen` is what the customer had before him."""

    task: str
    act: str
    nonce: str
    at: int
    seen: dict[str, Any]


class StaleFormError(Exception):
    """The form is older than a day, was made for another page, or by nobody we know."""


class InvalidFormError(Exception):
    """What was filled in is not one of the choices, or too long."""


def sign(key: str, task: str, act: str, now: int, seen: Mapping[str, Any] | None = None) -> str:
    """A fresh nonce for one form."""
    made = {"t": task, "a": act, "n": secrets.token_urlsafe(12), "at": now, "s": dict(seen or {})}
    return str(_signer(key).dumps(made))


def opened(key: str, signed: str, task: str, act: str, now: int) -> Form:
    """The form a nonce was made for.

    :raises StaleFormError: when it is not this task's form for this act, or too old.
    """
    try:
        said = _signer(key).loads(signed)
    except BadData as error:
        raise StaleFormError from error
    form = Form(said["t"], said["a"], said["n"], said["at"], said["s"])
    if (form.task, form.act) != (task, act) or not form.at <= now <= form.at + LIFE_MS:
        raise StaleFormError
    return form


def request_added(form: Form, facts: Facts, given: Mapping[str, str]) -> list[dict[str, Any]]:
    """A new request of the customer's.

    On a page that still showed the task as open it is also about this task, whatever its scope: if it comes too late,
    somebody is told (case request_late).
    """
    kind, scope, text = given.get("kind", ""), given.get("scope", SCOPES[0]), _text(given)
    if kind not in KINDS or scope not in SCOPES or (kind == "other" and not text):
        raise InvalidFormError
    about = None if form.seen["finished"] and scope == "always" else facts.task["id"]
    payload: dict[str, Any] = {
        "request": derive("tracking/request", form.nonce),
        "kind": kind,
        "text": text,
        "active": True,
        "scope": scope,
        "address": None,
        "task": about,
        "weekdays": [],
        "source": "customer",
        "state": "accepted",
        "valid_from": None,
        "valid_until": None,
    }
    return [_draft(form, "customer.request_set", _customer(facts), payload)]


def request_changed(form: Form, facts: Facts, given: Mapping[str, str]) -> list[dict[str, Any]]:
    """Another text or scope for a request of the customer's own."""
    seen = form.seen["request"]
    text, scope = _text(given), given.get("scope", seen["scope"])
    if scope not in (*SCOPES, seen["scope"]) or (seen["kind"] == "other" and not text):
        raise InvalidFormError
    if (text, scope) == (seen["text"], seen["scope"]):
        return []
    about = None if form.seen["finished"] and scope != "parcel" else facts.task["id"]
    payload = {**_as_payload(seen), "text": text, "scope": scope, "task": about}
    return [_draft(form, "customer.request_set", _customer(facts), payload, _base(seen))]


def request_withdrawn(form: Form, facts: Facts, _given: Mapping[str, str]) -> list[dict[str, Any]]:
    """A request of the customer's own is switched off; it stays in the history."""
    seen = form.seen["request"]
    payload = {**_as_payload(seen), "active": False}
    return [_draft(form, "customer.request_set", _customer(facts), payload, _base(seen))]


def consents_set(form: Form, facts: Facts, given: Mapping[str, str]) -> list[dict[str, Any]]:
    """One operation for each switch that stands otherwise than the customer saw it."""
    drafts = []
    for kind, before in sorted(form.seen["consents"].items()):
        now_given = kind in given
        if now_given == before:
            continue
        payload = {
            "consent": derive("tracking/consent", form.nonce, kind),
            "kind": kind,
            "given": now_given,
            "source": "customer",
            "note": None,
        }
        drafts.append(_draft(form, "customer.consent_set", _customer(facts), payload))
    return drafts


def consent_answered(form: Form, facts: Facts, given: Mapping[str, str]) -> list[dict[str, Any]]:
    """Yes or no to what the courier asked, for this parcel alone."""
    answer = given.get("answer")
    if answer not in ("yes", "no"):
        raise InvalidFormError
    payload = {
        "consent": derive("tracking/consent", form.nonce, form.seen["kind"]),
        "kind": form.seen["kind"],
        "given": answer == "yes",
        "source": "customer",
        "note": None,
        "task": facts.task["id"],
        "answers": form.seen["asked"],
    }
    return [_draft(form, "customer.consent_set", _customer(facts), payload)]


def disputed(form: Form, facts: Facts, given: Mapping[str, str]) -> list[dict[str, Any]]:
    """The sign-off (or pickup) the customer saw did not happen, not to him."""
    payload = {
        "corrects": form.seen["op"],
        "error": "did_not_occur",
        "note": _text(given, "note", NOTE) or None,
    }
    return [_draft(form, "operation.corrected", f"task:{facts.task['id']}", payload)]


def complete(draft: Mapping[str, Any], author: str, now: int) -> dict[str, Any]:
    """A draft as an envelope of a writer that is no handheld."""
    nothing = dict.fromkeys(("device", "incarnation", "seq", "prev", "base_rev", "mono", "boot"))
    return {**nothing, "author": author, "app": APP, "blobs": [], "at": now, **draft}


def _draft(
    form: Form, op_type: str, entity: str, payload: dict[str, Any], base: dict[str, Any] | None = None
) -> dict[str, Any]:
    """An operation whose id follows from the form and from what was filled in: the same twice is once."""
    return {
        "op_id": derive("tracking/operation", form.nonce, canonical(payload)),
        "type": op_type,
        "v": OPERATIONS[op_type]["v"],
        "entity": entity,
        "base": base or {},
        "payload": payload,
    }


def _customer(facts: Facts) -> str:
    return f"customer:{facts.task['customer']}"


def _as_payload(request: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: value for name, value in request.items() if name != "id"}
    return {**named, "request": request["id"]}


def _base(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: request[name] for name in BASE}


def _text(given: Mapping[str, str], name: str = "text", longest: int = TEXT) -> str:
    """What was typed, without what nobody could see in it."""
    typed = given.get(name, "").replace("\r\n", "\n").strip()
    if len(typed) > longest:
        raise InvalidFormError
    return "".join(char for char in typed if char == "\n" or not _unseen(char))


def _unseen(char: str) -> bool:
    """Control characters, halves of surrogates, and what turns the direction of the text after it around."""
    return unicodedata.category(char) in ("Cc", "Cs") or char in _TURNING


def _signer(key: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt="doorstep/tracking-form/1")
