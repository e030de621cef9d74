"""A generated day for the fake server: couriers, tasks, cases and handhelds, repeatable from one seed."""

from __future__ import annotations

import random
import struct
import time
import zlib
from typing import Any

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高"
GIVEN = [
    "伟",
    "秀英",
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "洋",
    "艳",
    "勇",
    "杰",
    "娟",
    "涛",
    "明",
    "超",
    "雨桐",
    "子涵",
]
COMMUNITIES = [
    "金地格林小镇",
    "阳光100",
    "翠湖天地",
    "万科城市花园",
    "中关村软件园",
    "和平里七区",
    "Riverside Plaza",
]
MERCHANTS = ["京东到家", "小米之家", "三只松鼠", "Muji 无印良品", "当当图书"]
FOREIGN = ["J*** Miller", "Anna K***", "Olu*** Adeyemi"]
COURIERS = ["陈志强", "刘洋", "阿依古丽·买买提", "Tom Becker", "赵敏", "孙建国", "周小川", "吴桂芳"]
REASONS = ["NOT_HOME", "NO_ANSWER", "ADDR_WRONG", "REFUSED", "NO_ACCESS"]
HOUR = 3_600_000
MINUTE = 60_000
Json = dict[str, Any]


def uid(rng: random.Random) -> str:
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-7{text[13:16]}-9{text[17:20]}-{text[20:]}"


def now_ms() -> int:
    return int(time.time() * 1000)


class Day:
    """Everything the fake server knows, as the JSON it answers."""

    def __init__(self, tasks: int = 160, seed: int = 7) -> None:
        self.rng = random.Random(seed)
        self.station: Json = {"id": uid(self.rng), "code": "BJ-HD-01", "name": "海淀中关村营业点"}
        self.couriers = [{"id": uid(self.rng), "name": name} for name in COURIERS[: 4 if tasks < 500 else 8]]
        self.start = now_ms() - 5 * HOUR
        self.tasks: dict[str, Json] = {}
        self.timelines: dict[str, list[Json]] = {}
        self.cases: list[Json] = []
        self.blobs: dict[str, bytes] = {"5" * 64: signature_png(), "6" * 64: photo_png()}
        for index in range(tasks):
            self.add_task(index)
        self.make_cases()
        self.devices = [self.device(courier, index) for index, courier in enumerate(self.couriers)]
        self.devices.append({**self.device(self.couriers[1], 9), "revoked_at": now_ms() - 30 * HOUR})

    def masked(self) -> Json:
        if self.rng.random() < 0.08:
            return {"name": self.rng.choice(FOREIGN), "phone": "+44 7*** ***210"}
        given = self.rng.choice(GIVEN)
        name = self.rng.choice(SURNAMES) + "*" * len(given)
        return {
            "name": name,
            "phone": f"1{self.rng.choice('3589')}{self.rng.randint(0, 9)}******{self.rng.randint(10, 99)}",
        }

    def status_of(self, index: int) -> str:
        return self.rng.choices(
            [
                "created",
                "assigned",
                "out_for_delivery",
                "arrived",
                "delivered",
                "attempt_failed",
                "held",
                "returned",
                "cancelled",
            ],
            [9, 14, 30, 2, 36, 5, 2, 1, 2],
        )[0]

    def add_task(self, index: int) -> None:
        rng = self.rng
        kind = "pickup" if rng.random() < 0.2 else "delivery"
        status = self.status_of(index)
        if kind == "pickup":
            status = {
                "delivered": "picked_up",
                "out_for_delivery": "assigned",
                "held": "attempt_failed",
                "returned": "created",
            }.get(status, status)
        courier = None if status == "created" else rng.choice(self.couriers)
        opens = self.start + rng.randint(0, 9) * HOUR
        tid = uid(rng)
        done = status in ("delivered", "picked_up", "attempt_failed", "held", "returned")
        at = self.start + rng.randint(30, 290) * MINUTE
        reason = rng.choice(REASONS) if status in ("attempt_failed", "held", "returned") else None
        outcome = {"type": f"task.{status}", "at": at, "reason": reason} if done else None
        cod = {
            "amount_minor": rng.randint(12, 900) * 100 + rng.choice([0, 50, 90]),
            "status": "settled" if status == "delivered" else "due",
        }
        self.tasks[tid] = {
            "id": tid,
            "rev": rng.randint(2, 6),
            "kind": kind,
            "status": status,
            "waybill": f"SF{rng.randint(10**11, 10**12 - 1)}",
            "merchant": rng.choice(MERCHANTS),
            "reference": f"R-{2026000 + index}",
            "courier": courier,
            "sequence": None if courier is None else index % 45 + 1,
            "window_start": opens if rng.random() < 0.93 else None,
            "window_end": opens + 2 * HOUR,
            "contact": self.masked(),
            "address": f"{rng.choice(COMMUNITIES)} {rng.randint(1, 28)}号楼 {rng.randint(1, 4)}单元 ***",
            "cod": cod if kind == "delivery" and rng.random() < 0.18 else None,
            "requests": rng.choice([0, 0, 0, 1, 1, 2]),
            "attempts": 1 if status == "attempt_failed" else 0,
            "conflict": None,
            "outcome": outcome,
        }
        self.timelines[tid] = self.timeline(self.tasks[tid], at)

    def entry(
        self, kind: str, at: int, author: Json | None, payload: Json, delay: int = 900, **more: Any
    ) -> Json:
        device = "Zebra TC26 · 3号" if author in self.couriers else None
        base = {"op_id": uid(self.rng), "type": kind, "author": author, "device": device, "at": at}
        return {
            **base,
            "received_at": at + delay,
            "status": "applied",
            "payload": payload,
            "conflict": None,
            **more,
        }

    def timeline(self, task: Json, at: int) -> list[Json]:
        desk = {"id": "desk", "name": "李调度"}
        entries = [
            self.entry(
                "order.imported",
                self.start - 6 * HOUR,
                desk,
                {"merchant": task["merchant"], "reference": task["reference"]},
            )
        ]
        courier = task["courier"]
        if courier is None:
            return entries
        entries.append(
            self.entry(
                "task.assigned",
                self.start - HOUR,
                desk,
                {"courier": courier["id"], "sequence": task["sequence"]},
            )
        )
        entries.append(
            self.entry(
                "parcel.scanned", self.start - 40 * MINUTE, courier, {"verdict": "mine", "source": "wedge"}
            )
        )
        entries.append(self.entry("task.out_for_delivery", self.start, courier, {}, 41 * MINUTE))
        entries.append(
            self.entry("task.noted", at - 7 * MINUTE, courier, {"text": "门铃坏了,请打电话"}, 23 * MINUTE)
        )
        if task["outcome"] is not None:
            payload = (
                {"recipient": "self"}
                if task["status"] == "delivered"
                else {"reason": task["outcome"]["reason"], "note": None}
            )
            if task["status"] == "picked_up":
                payload = {"pieces": 2, "weight_g": 1850}
            entries.append(self.entry(task["outcome"]["type"], at, courier, payload, 26 * MINUTE))
            if task["cod"] is not None and task["status"] == "delivered":
                entries.append(
                    self.entry(
                        "payment.collected",
                        at,
                        courier,
                        {"amount_minor": task["cod"]["amount_minor"], "method": "qr"},
                        26 * MINUTE,
                    )
                )
        return entries

    def make_cases(self) -> None:
        done = [task for task in self.tasks.values() if task["status"] == "delivered"]
        plans = [
            (
                "cancelled",
                {"status": "delivered", "recipient": "self"},
                {"status": "cancelled", "reason": "客户电话取消"},
                "mine",
            ),
            (
                "reassigned",
                {"status": "delivered", "courier": self.couriers[0]["id"], "recipient": "reception"},
                {"status": "assigned", "courier": self.couriers[2]["id"]},
                "mine",
            ),
            (
                "contradiction",
                {"status": "delivered", "recipient": "self"},
                {"status": "attempt_failed", "reason": "NOT_HOME"},
                "mine",
            ),
            ("field", {"window_end": now_ms() + 2 * HOUR}, {"window_end": now_ms() + 4 * HOUR}, "theirs"),
            ("amount_differs", {"amount_minor": 12800}, {"amount_minor": 12850}, "noted"),
        ]
        for index, (kind, mine, theirs, suggested) in enumerate(plans):
            self.add_case(done[index], kind, mine, theirs, suggested, index)
        raw = {
            "code": "invalid_payload",
            "detail": "payload.recipient: not one of self, family, reception",
            "envelope": {"type": "task.delivered", "v": 1, "seq": 48, "payload": {"recipient": "门口鞋柜"}},
        }
        self.add_case(done[6], "quarantined", raw, {}, "noted", 6)
        decided = self.add_case(done[7], "cancelled", plans[0][1], plans[0][2], "mine", 9)
        self.settle(
            decided,
            {"outcome": "mine", "reason": "有签名,客户电话确认收到"},
            "李调度",
            now_ms() - 50 * MINUTE,
        )

    def add_case(self, task: Json, kind: str, mine: Json, theirs: Json, suggested: str, index: int) -> Json:
        at = now_ms() - (110 - index * 9) * MINUTE
        skew = -412_000 if kind == "contradiction" else 1_800
        evidence = [
            {"sha": "5" * 64, "kind": "signature", "state": "stored"},
            {"sha": "6" * 64, "kind": "photo", "state": "stored"},
        ]
        evidence.append({"sha": "7" * 64, "kind": "photo", "state": "pending"})
        case: Json = {
            "id": uid(self.rng),
            "kind": kind,
            "status": "open",
            "entity": f"task:{task['id']}",
            "task": task["id"],
            "station": self.station["id"],
            "op_id": uid(self.rng),
            "theirs_op": uid(self.rng),
            "mine": mine,
            "theirs": theirs,
            "base": {},
            "fields": sorted(set(mine) | set(theirs)),
            "mine_author": self.couriers[0]["id"],
            "theirs_author": "desk",
            "mine_author_name": self.couriers[0]["name"],
            "theirs_author_name": "李调度",
            "suggested": suggested,
            "rule": "",
            "outcomes": ["noted"] if kind == "quarantined" else ["mine", "theirs", "noted"],
            "owner": None,
            "due_at": at + 2 * HOUR + (index - 2) * 20 * MINUTE,
            "opened_at": at + 26 * MINUTE,
            "decision": None,
            "waybill": task["waybill"],
            "summary": task,
            "evidence": [] if kind == "field" else evidence,
            "clocks": {"at": at, "received_at": at + 26 * MINUTE, "skew_ms": skew},
        }
        task["conflict"] = case["id"]
        self.cases.append(case)
        return case

    def settle(self, case: Json, payload: Json, name: str, at: int) -> None:
        case["status"] = "decided"
        case["decision"] = {
            "op_id": uid(self.rng),
            "author": "desk",
            "at": at,
            **payload,
        }
        case["decided_by_name"] = name
        if case["task"] in self.tasks:
            self.tasks[case["task"]]["conflict"] = None

    def device(self, courier: Json, index: int) -> Json:
        heard = [now_ms() - 40_000, now_ms() - 23 * MINUTE, now_ms() - 64 * MINUTE, None][index % 4]
        return {
            "id": uid(self.rng),
            "label": f"Zebra TC26 · {index + 1}号",
            "user": courier,
            "enrolled_at": now_ms() - (30 + index) * HOUR,
            "last_heard": heard,
            "revoked_at": None,
            "app": "0.1.0+a41f",
            "head_seq": 40 + index * 7,
            "waiting": [0, 6, None, None][index % 4],
            "incarnation": uid(self.rng),
        }

    def courier_rows(self) -> list[Json]:
        rows = []
        for index, courier in enumerate(self.couriers):
            mine = [task for task in self.tasks.values() if task["courier"] == courier]
            done = sum(task["status"] in ("delivered", "picked_up") for task in mine)
            problems = sum(task["status"] in ("attempt_failed", "held", "returned") for task in mine)
            left = sum(task["status"] in ("assigned", "out_for_delivery", "arrived") for task in mine)
            device = self.devices[index]
            shift = None if device["last_heard"] is None else {"status": "open", "started_at": self.start}
            rows.append(
                {
                    **courier,
                    "total": len(mine),
                    "done": done,
                    "left": left,
                    "problems": problems,
                    "shift": shift,
                    "last_heard": device["last_heard"],
                    "devices": 1,
                    "waiting": device["waiting"],
                }
            )
        return rows


def png(width: int, height: int, pixel: Any) -> bytes:
    """`pixel(x, y)` -> (r, g, b)"""
    rows = b"".join(b"\0" + b"".join(bytes(pixel(x, y)) for x in range(width)) for y in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def signature_png() -> bytes:
    import math

    ink = set()
    for step in range(2400):
        t = step / 2400 * 6.2
        x, y = 20 + t * 32, 60 + 30 * math.sin(t * 2.3) * math.cos(t * 0.7)
        ink |= {(int(x) + dx, int(y) + dy) for dx in (0, 1, 2) for dy in (0, 1)}
    return png(240, 120, lambda x, y: (20, 30, 60) if (x, y) in ink else (255, 255, 255))


def photo_png() -> bytes:
    def pixel(x: int, y: int) -> tuple[int, int, int]:
        if 70 < x < 170 and 60 < y < 140:
            return (186, 140, 92) if 112 < x < 128 else (205, 164, 116)
        return (150 - y // 4, 160 - y // 4, 165 - y // 3) if y < 120 else (110, 104, 98)

    return png(240, 160, pixel)
