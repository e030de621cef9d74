"""A house with a push service beside it, browsers that subscribed, and a worker that is asked to work."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field, replace
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from sqlalchemy import select

from server import wiring
from server.core.db import db, read, transaction
from server.core.outbox import OutboxRow
from server.notifications import service
from server.notifications.channels.webpush import Sender
from server.notifications.models import PushMessage, PushSubscription
from server.worker import Worker
from tests.people import Handheld
from tests.server.notifications.strangers import Behaviour, Stranger
from tests.server.ops.house import House

HANDLERS = {topic: wiring.HANDLERS[topic] for topic in ("notice", "push", "text")} | {
    "manifest": lambda _row: None
}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Browser:
    """A browser's half of a subscription: its keys, where it can be reached, and reading what arrives there."""

    path: str
    stranger: Stranger
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def endpoint(self) -> str:
        return self.stranger.url + self.path

    @property
    def p256dh(self) -> str:
        return b64(self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    @property
    def auth(self) -> str:
        return b64(self.secret)

    def body(self, lang: str = "zh") -> dict[str, Any]:
        """What it posts to subscribe."""
        return {"endpoint": self.endpoint, "keys": {"p256dh": self.p256dh, "auth": self.auth}, "lang": lang}

    def read(self, data: bytes) -> dict[str, Any]:
        """Decrypts one push."""
        text = http_ece.decrypt(data, private_key=self.key, auth_secret=self.secret, version="aes128gcm")
        content: dict[str, Any] = json.loads(text)
        return content

    def shown(self) -> list[dict[str, Any]]:
        """Every push that came for it, in order."""
        return [self.read(got.body) for got in list(self.stranger.requests) if got.path == self.path]

    def then(self, *behaviours: Behaviour) -> None:
        """What its push service does next, one push after the other; the last stays."""
        self.stranger.script[self.path] = list(behaviours)


class Scene:
    """What the stories of notices need of house, push service and worker."""

    def __init__(self, house: House, stranger: Stranger) -> None:
        self.house = house
        self.app: Flask = house.app
        self.stranger = stranger
        self._before = dict(self.app.extensions)
        settings = replace(self._before["doorstep_settings"], push_test_service=stranger.url)
        sender = Sender(settings)
        sender._rules = replace(sender._rules, limit_s=0.5)
        self.app.extensions.update(doorstep_settings=settings, doorstep_push=sender)
        self._browsers = 0

    def close(self) -> None:
        self.app.extensions["doorstep_settings"] = self._before["doorstep_settings"]
        self.app.extensions.pop("doorstep_push", None)

    def browser(self) -> Browser:
        self._browsers += 1
        return Browser(f"/push/{self._browsers}", self.stranger)

    def handheld(self, courier: Any = None, lang: str = "zh") -> tuple[Handheld, Browser]:
        """An enrolled handheld whose browser subscribed through the product's own door."""
        held = self.house.cast.handheld(courier or self.house.cast.liang)
        browser = self.browser()
        answer = held.post("/api/v1/push/subscriptions", json=browser.body(lang))
        assert answer.status_code == 201, answer.text
        return held, browser

    def customer(self, task: str, lang: str = "zh", customer: str | None = None) -> Browser:
        """A customer's browser that subscribed for one parcel."""
        record = self.house.record(f"task:{task}")
        assert record is not None
        browser = self.browser()
        with self.app.app_context(), transaction():
            service.subscribe(
                "customer",
                customer or record["customer"],
                browser.endpoint,
                browser.p256dh,
                browser.auth,
                lang,
                task_id=task,
            )
        return browser

    def work(self, *, ms: int = 0, name: str = "w") -> None:
        """Lets some time pass and the worker do everything that is due then."""
        self.house.clock.advance(ms=ms)
        worker = Worker(self.app, HANDLERS, name=name)
        while worker.once():
            pass

    def pushes(self) -> list[OutboxRow]:
        return self._all(select(OutboxRow).where(OutboxRow.topic == "push").order_by(OutboxRow.id))

    def push(self) -> OutboxRow:
        """The one push there is."""
        (found,) = self.pushes()
        return found

    def messages(self) -> list[PushMessage]:
        return self._all(select(PushMessage).order_by(PushMessage.made_at, PushMessage.id))

    def subscriptions(self) -> list[PushSubscription]:
        return self._all(select(PushSubscription).order_by(PushSubscription.created_at))

    def _all(self, query: Any) -> list[Any]:
        with self.app.app_context(), read() as session:
            found = list(session.scalars(query))
            db.session.expunge_all()
            return found
