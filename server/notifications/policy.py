"""What is told to whom in which words: plain data in and out.

A text goes to a lock screen that anybody may read. It names no person, no phone number, no address, and of a waybill
number only its last four characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from server.auth.policy import Lang
from server.core.jsontext import compact

Owner = Literal["courier", "customer"]
Kind = Literal[
    "out_for_delivery",
    "delivered",
    "attempt_failed",
    "picked_up",
    "held",
    "returned",
    "correction",
    "consent_asked",
    "task_new",
    "task_changed",
    "task_removed",
    "courier_message",
]

CONSENT = "notices"
_URGENT = ("correction", "consent_asked", "courier_message")
LIST_TAG = "list"
GATHER_MS = 3_000
"""A courier's list is often changed task by task: what comes within this time is told at once."""
AFTER_FLIGHT_MS = 10_000
"""A correction waits until a notice that is just being sent has arrived, so that it is the last one shown."""
_TAIL = 4
_LONG_ENOUGH = 8

# A status its customer is told of -> the kind of the notice.
OF_STATUS: Mapping[str, Kind] = {
    "out_for_delivery": "out_for_delivery",
    "delivered": "delivered",
    "attempt_failed": "attempt_failed",
    "picked_up": "picked_up",
    "held": "held",
    "returned": "returned",
}
# What happened to a task of a courier's list -> the kind; in the order in which it matters to him.
OF_CHANGE: Mapping[str, Kind] = {"new": "task_new", "changed": "task_changed", "removed": "task_removed"}

HOUR_S = 3_600
# How long a push service keeps a notice for a phone that is off, and how long we try to hand it over.
TTL_S: Mapping[str, int] = {
    "out_for_delivery": 6 * HOUR_S,
    "delivered": 24 * HOUR_S,
    "attempt_failed": 24 * HOUR_S,
    "picked_up": 24 * HOUR_S,
    "held": 24 * HOUR_S,
    "returned": 24 * HOUR_S,
    "correction": 48 * HOUR_S,
    "consent_asked": HOUR_S,
    "task_new": 4 * HOUR_S,
    "task_changed": 4 * HOUR_S,
    "task_removed": 4 * HOUR_S,
    "courier_message": 12 * HOUR_S,
}

_PARCEL: Mapping[Lang, tuple[str, str]] = {
    "zh": ("尾号 {tail} 的包裹。", "点开查看。"),
    "en": ("Parcel ending in {tail}. ", "Tap to see more."),
}
_CUSTOMER: Mapping[str, Mapping[Lang, tuple[str, str]]] = {
    "out_for_delivery": {
        "zh": ("包裹正在派送", "点开看什么时候到。"),
        "en": ("Your parcel is out for delivery", "Tap to see when it comes."),
    },
    "delivered": {
        "zh": ("包裹已签收", "不是你签收的？点开告诉我们。"),
        "en": ("Your parcel was delivered", "Was it not you? Tap to tell us."),
    },
    "attempt_failed": {
        "zh": ("这次上门没有成功", "点开看原因和下一步。"),
        "en": ("Our visit did not succeed", "Tap to see why, and what comes next."),
    },
    "picked_up": {
        "zh": ("包裹已揽收", "点开查看凭证。"),
        "en": ("Your parcel was collected", "Tap to see the proof."),
    },
    "held": {
        "zh": ("包裹在站点保管", "点开看原因和下一步。"),
        "en": ("Your parcel is kept at the station", "Tap to see why, and what comes next."),
    },
    "returned": {
        "zh": ("包裹将退回寄件人", "点开看原因。"),
        "en": ("Your parcel goes back to its sender", "Tap to see why."),
    },
    "consent_asked": {
        "zh": ("快递员想问：可以请别人代收吗？", "点开回答，一步就好。"),
        "en": ("May somebody else take your parcel?", "Tap to answer: one tap is enough."),
    },
    "correction": {
        "zh": ("更正：上一条通知有误", "点开看包裹现在的状态。"),
        "en": ("Correction: our last notice was wrong", "Tap to see where your parcel is."),
    },
}
_WITH_CODE: Mapping[Lang, str] = {
    "zh": "凭取件码签收，点开看取件码和到达时间。",
    "en": "It is handed over for a code: tap to see it, and when it comes.",
}
_COURIER: Mapping[str, Mapping[Lang, tuple[str, str]]] = {
    "task_new": {"zh": ("新任务 {n} 个",) * 2, "en": ("{n} new task", "{n} new tasks")},
    "task_changed": {"zh": ("{n} 个任务有变化",) * 2, "en": ("{n} task changed", "{n} tasks changed")},
    "task_removed": {
        "zh": ("{n} 个任务已撤走",) * 2,
        "en": ("{n} task taken off your list", "{n} tasks taken off your list"),
    },
}
_MESSAGE: Mapping[Lang, tuple[str, str]] = {
    "zh": ("站点发来消息", "点开查看"),
    "en": ("A message from the station", "Tap to read"),
}
MESSAGES_URL = "/#/news"
_MORE: Mapping[Lang, tuple[str, str]] = {"zh": ("，", "点开查看"), "en": (", ", "Tap to see")}


@dataclass(frozen=True)
class Words:
    """Title and body of a notification."""

    title: str
    body: str


def parcel_tag(task_id: str) -> str:
    """Notices of one parcel replace each other on the phone."""
    return f"task-{task_id}"


def question_tag(task_id: str) -> str:
    """A question must not be covered by the next status."""
    return f"ask-{task_id}"


def message_tag(message_id: str) -> str:
    """Of two messages both are shown."""
    return f"message-{message_id}"


def tail_of(waybill: str) -> str | None:
    """The last characters by which a person knows the parcel; None when that would be most of the number."""
    return waybill[-_TAIL:] if len(waybill) >= _LONG_ENOUGH else None


def for_customer(kind: str, lang: Lang, tail: str | None, *, secured: bool = False) -> Words:
    """What a customer reads. Where the parcel goes for a code only, that it is to be looked up, and never the code."""
    title, what_next = _CUSTOMER[kind][lang]
    if secured and kind == "out_for_delivery":
        what_next = _WITH_CODE[lang]
    which = _PARCEL[lang][0].format(tail=tail) if tail else ""
    return Words(title, which + what_next)


_STOP: Mapping[Lang, str] = {"zh": "。", "en": ". "}


def text_message(words: Words, lang: Lang, url: str) -> str:
    """The same as one line that ends with where to look."""
    return f"{words.title}{_STOP[lang]}{words.body} {url}"


def mobile_of(phone: str) -> str | None:
    """A number a text message can reach, as E.164; None for a landline, an extension or what is no number.

    Without a country it is a Chinese one: 11 digits from 13 on.
    """
    plain = re.sub(r"[ ()\-\u3000.]", "", phone)
    home = re.fullmatch(r"(?:\+?86|0086)?(1[3-9][0-9]{9})", plain)
    if home is not None:
        return f"+86{home[1]}"
    abroad = re.fullmatch(r"(?:\+|00)([1-9][0-9]{7,14})", plain)
    return f"+{abroad[1]}" if abroad is not None and not abroad[1].startswith("86") else None


def for_courier(changes: Mapping[str, str], lang: Lang) -> Words:
    """What a courier reads of the changes of his list: task id -> `new`, `changed` or `removed`."""
    said = []
    for change, kind in OF_CHANGE.items():
        number = sum(1 for one in changes.values() if one == change)
        if number:
            one, many = _COURIER[kind][lang]
            said.append((one if number == 1 else many).format(n=number))
    comma, look = _MORE[lang]
    return Words(said[0], comma.join([*said[1:], look]))


def of_message(lang: Lang) -> Words:
    """What a courier reads of a message before he opens it: what it says is for nobody else."""
    return Words(*_MESSAGE[lang])


def kind_of(changes: Mapping[str, str]) -> Kind:
    """The one kind that stands for several changes: the one that matters most."""
    return next(kind for change, kind in OF_CHANGE.items() if change in changes.values())


def gathered(before: Mapping[str, str], tasks: list[str], change: str) -> dict[str, str]:
    """Changes that were not told yet, and what came after them. A task that came and went is no news."""
    after = dict(before)
    for task in tasks:
        known = after.get(task)
        if known == "new" and change == "removed":
            del after[task]
        elif known == "removed" and change == "new":
            after[task] = "changed"
        elif known != "new" or change == "new":
            after[task] = change
    return after


def courier_url(changes: Mapping[str, str]) -> str:
    """Where a tap leads: to the task when it is one, else to the list."""
    there = [task for task, change in changes.items() if change != "removed"]
    return f"/#/task/{there[0]}" if len(there) == 1 else "/#/"


def allows_notices(customer: Mapping[str, Any] | None) -> bool:
    """False once a customer has said that no notices are wanted; not having been asked is no refusal."""
    said = [one for one in (customer or {}).get("consents", ()) if one["kind"] == CONSENT]
    return not said or bool(said[-1]["given"])


def payload(message_id: str, kind: str, lang: Lang, tag: str, url: str, words: Words) -> str:
    """The push's content as JSON: what a service worker shows (pwa/ui/notice.ts)."""
    content = {
        "id": message_id,
        "kind": kind,
        "lang": lang,
        "tag": tag,
        "url": url,
        "title": words.title,
        "body": words.body,
    }
    return compact(content)


def urgency(kind: str) -> str:
    """RFC 8030: whether a phone that saves its battery is woken."""
    return "high" if kind.startswith("task_") or kind in _URGENT else "normal"
