"""The named cast: two stations, who works there, and how they reach the server in a test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.auth import service
from server.auth.policy import Role, StationView, UserView
from server.core.db import transaction

PASSWORD = "correct horse"


@dataclass(frozen=True)
class Cast:
    """Hangzhou 01 (`home`) with two couriers, a dispatcher, customer service and an admin; Ningbo 02 (`away`).

    阿良 speaks Chinese, Bei English. Everybody's password is PASSWORD.
    """

    app: Flask = field(repr=False)
    home: StationView
    away: StationView
    liang: UserView
    bei: UserView
    dora: UserView
    chen: UserView
    ada: UserView
    far_courier: UserView
    far_dispatcher: UserView

    def desk(self, person: UserView) -> Desk:
        """Log a person in at the desk."""
        return Desk(self.app.test_client(), person)

    def handheld(self, courier: UserView, label: str | None = None) -> Handheld:
        """Enrol a handheld for a courier, as the product does it: code from the desk, then the one call."""
        with self.app.app_context(), transaction():
            key = self.app.extensions["doorstep_settings"].secret_key
            issued = service.issue_code(courier, issued_by=None, key=key)
        client = self.app.test_client()
        body = {"code": issued.code, "app": "test-1", "label": label}
        response = client.post("/api/v1/devices/enrol", json=body)
        assert response.status_code == 201, response.text
        made = response.json
        return Handheld(client, courier, made["device"], made["credential"], made["session"])


def make_cast(app: Flask) -> Cast:
    """Write the cast into an empty database (inside an application context)."""
    with transaction():
        home = service.create_station("HZ01", "杭州西湖站")
        away = service.create_station("NB02", "宁波江北站")

        def user(station: StationView, username: str, name: str, role: Role, lang: Any = "zh") -> UserView:
            return service.create_user(station.id, username, name, role, password=PASSWORD, lang=lang)

        return Cast(
            app=app,
            home=home,
            away=away,
            liang=user(home, "liang", "阿良", "courier"),
            bei=user(home, "bei", "Bei", "courier", "en"),
            dora=user(home, "dora", "Dora", "dispatcher", "en"),
            chen=user(home, "chen", "陈晨", "csr"),
            ada=user(home, "ada", "Ada", "admin", "en"),
            far_courier=user(away, "hai", "海生", "courier"),
            far_dispatcher=user(away, "ning", "宁静", "dispatcher"),
        )


class Desk:
    """A person's browser with a live web session; unsafe calls carry the CSRF token."""

    def __init__(self, client: FlaskClient, person: UserView, password: str = PASSWORD) -> None:
        self.client = client
        self.person = person
        response = client.post("/api/v1/session", json={"username": person.username, "password": password})
        assert response.status_code == 200, response.text
        self.token: str = response.json["csrf_token"]

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"X-CSRF-Token": self.token, **options.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.call("POST", path, **options)

    def submit(self, *operations: dict[str, Any]) -> list[dict[str, Any]]:
        """Send operations from the desk; returns their results."""
        response = self.post("/api/v1/operations", json={"operations": list(operations)})
        assert response.status_code == 200, response.text
        results: list[dict[str, Any]] = response.json["results"]
        return results


class Handheld:
    """An enrolled device: every call carries its credential, and its courier's login when it has one."""

    def __init__(
        self, client: FlaskClient, courier: UserView, device: str, credential: str, session: str | None
    ) -> None:
        self.client = client
        self.courier = courier
        self.device = device
        self.credential = credential
        self.session = session

    @property
    def headers(self) -> dict[str, str]:
        """What makes a request this handheld's."""
        login = {} if self.session is None else {"X-Doorstep-Session": self.session}
        return {"Authorization": f"Bearer {self.credential}"} | login

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {**self.headers, **options.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.call("POST", path, **options)
