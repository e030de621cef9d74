"""Pushes as the browser's push service hands them over, and the notifications a service worker shows for them."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Page, Worker


def registration_of(devtools: CDPSession, page: Page, scope: str) -> str:
    """The registration of the service worker at `scope` (a URL) as the devtools number it."""
    seen: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: seen.extend(
            one["registrationId"] for one in event["registrations"] if one["scopeURL"] == scope
        ),
    )
    devtools.send("ServiceWorker.enable")
    for _ in range(200):
        if seen:
            return seen[-1]
        page.wait_for_timeout(50)
    raise AssertionError(f"no service worker was registered for {scope}")


def deliver(devtools: CDPSession, origin: str, registration: str, payload: Any) -> None:
    """A push, decrypted: an object as JSON, a text as it is."""
    data = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    devtools.send(
        "ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": registration, "data": data}
    )


class Tray:
    """The notifications of one service worker, listed only while none is on its way to the screen.

    Chromium forgets a notification that is asked for between its being kept and its being drawn: asking over and over
    whether it is there yet takes it away. So the worker counts what it has finished showing, and is asked for that.
    """

    def __init__(self, context: BrowserContext, script: str) -> None:
        self.worker: Worker = next(one for one in context.service_workers if one.url.endswith(script))
        self.worker.evaluate(
            """() => {
                 self.shown = 0;
                 const show = ServiceWorkerRegistration.prototype.showNotification;
                 ServiceWorkerRegistration.prototype.showNotification = async function (...how) {
                   await show.apply(this, how);
                   self.shown += 1;
                 };
               }"""
        )

    def after(self, shows: int) -> list[dict[str, Any]]:
        """What lies in the tray once `shows` notifications have been shown since the last time it was asked."""
        return list(
            self.worker.evaluate(
                """async (wanted) => {
                     for (let tries = 0; tries < 300 && self.shown < wanted; tries += 1) {
                       await new Promise((done) => setTimeout(done, 50));
                     }
                     if (self.shown !== wanted) throw new Error(`${self.shown} shown instead of ${wanted}`);
                     self.shown = 0;
                     const lying = await registration.getNotifications();
                     return lying.map(({ title, body, tag, lang, data }) => ({ title, body, tag, lang, data }));
                   }""",
                shows,
            )
        )
