"""The customer's door `/t/<token>`: one page, its forms, its push subscription.

Whatever is wrong with a token (unknown, malformed, expired, withdrawn), the answer is the same 404 page, byte for byte.
An address that has missed MISSES times within a minute gets no lookup at all until the minute is over: 429, also for a
link that works, so that the answer says nothing about the token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Any, Final, NoReturn
from urllib.parse import urlencode

import structlog
from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from flask_limiter.util import get_remote_address
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.auth.limits import limiter
from server.core import pins
from server.core.access import public
from server.core.clock import now_ms
from server.core.config import Settings
from server.core.db import is_transient, read, transaction
from server.core.errors import Code, Problem, flatten
from server.links import service as links
from server.links.policy import LinkView, path
from server.notifications import service as notices
from server.notifications.schemas import Subscription
from server.tracking import forms, page, queries, service
from server.tracking.forms import Form, InvalidFormError, StaleFormError
from server.tracking.policy import Facts, pin_shown
from server.tracking.style import SECURITY, STYLE
from server.tracking.words import LANGUAGES, STRINGS, Words, choose

pages = Blueprint("tracking", __name__, url_prefix="/t", template_folder="templates")
log = structlog.get_logger(__name__)

MISSES: Final = RateLimitItemPerMinute(30)
"""Wrong links one address may try in a minute; a family, an office or a phone network behind one address fits in."""
WRITES: Final = RateLimitItemPerHour(40)
"""Forms one link may send in an hour."""
MAX_BODY: Final = 16_384
WARNINGS: Final = ("request_late", "request_conflict", "stale", "invalid", "refused", "gone")
Make = Callable[[Form, Facts, Mapping[str, str]], list[dict[str, Any]]]


class LostError(Exception):
    """No link has this token (any more)."""


class BusyError(Exception):
    """Too many at once from one address or on one link."""


@pages.before_request
def _limit_body() -> None:
    request.max_content_length = MAX_BODY


@pages.after_request
def _shield(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = SECURITY
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Robots-Tag"] = "noindex, nofollow"
    headers.setdefault("Cache-Control", "no-store")
    return response


@pages.get("/<string:token>")
@public
def show(token: str) -> Response:
    """The page of a task."""
    link = _link(token)
    facts, words = _facts(link)
    pin = pins.of_task(link.task_id) if pin_shown(facts) else None
    shown = page.compose(facts, words, _signer(link, facts), pin)
    said = request.args.get("said", "")
    return _html(
        "page.html",
        **_frame(token, facts, words),
        **shown,
        said={"text": words.say(f"said.{said}"), "warn": said in WARNINGS}
        if words.has(f"said.{said}")
        else None,
        filled=said == "invalid",
        secret=words.say("secret", date=words.date(link.expires_at)),
        printed=words.say("print", time=words.moment(facts.now)),
    )


@pages.get("/<string:token>/wrong")
@public
def ask(token: str) -> Response:
    """The step before a sign-off is called untrue."""
    link = _link(token)
    facts, words = _facts(link)
    shown = page.confirmation(facts, words, _signer(link, facts))
    if shown is None:
        return _back(token, "gone")
    return _html("wrong.html", **_frame(token, facts, words), **shown)


@pages.post("/<string:token>/wrong")
@public
def wrong(token: str) -> Response:
    """ "I have not got it": the sign-off is taken back, and somebody looks into it."""
    return _write(token, "wrong", forms.disputed, "wrong")


@pages.post("/<string:token>/request")
@public
def add(token: str) -> Response:
    """A new special request."""
    return _write(token, "request", forms.request_added, "request")


@pages.post("/<string:token>/change")
@public
def change(token: str) -> Response:
    """Another text or scope for a request of the customer's own."""
    return _write(token, "change", forms.request_changed, "request")


@pages.post("/<string:token>/withdraw")
@public
def withdraw(token: str) -> Response:
    """A request of the customer's own is withdrawn."""
    return _write(token, "withdraw", forms.request_withdrawn, "withdrawn")


@pages.post("/<string:token>/consents")
@public
def consents(token: str) -> Response:
    """Where a parcel may be left, and whether notices are wanted."""
    return _write(token, "consents", forms.consents_set, "consents")


@pages.post("/<string:token>/answer")
@public
def answer(token: str) -> Response:
    """What the courier asked: may somebody else take this parcel."""
    return _write(token, "answer", forms.consent_answered, "consents")


@pages.post("/<string:token>/push")
@public
def subscribe(token: str) -> tuple[str, int]:
    """A browser of the customer's wants to be told about this task."""
    link, body = _subscription(token)
    with transaction():
        notices.subscribe(
            "customer",
            link.customer_id,
            body["endpoint"],
            body["keys"]["p256dh"],
            body["keys"]["auth"],
            body["lang"],
            task_id=link.task_id,
        )
    return "", HTTPStatus.NO_CONTENT


@pages.delete("/<string:token>/push")
@public
def unsubscribe(token: str) -> tuple[str, int]:
    """It no longer does."""
    link, body = _subscription(token)
    with transaction():
        notices.unsubscribe(
            body["endpoint"], owner_kind="customer", owner_id=link.customer_id, task_id=link.task_id
        )
    return "", HTTPStatus.NO_CONTENT


@pages.get("/page.js")
@public
def script() -> Response:
    """What the page gains from a script; it is complete without."""
    return _built("page.js")


@pages.get("/worker.js")
@public
def worker() -> Response:
    """The service worker that shows notices; its scope is /t/, the courier's is the rest."""
    return _built("worker.js")


@pages.route("/", defaults={"rest": ""}, methods=["GET", "POST"])
@pages.route("/<path:rest>", methods=["GET", "POST"])
@public
def lost(rest: str) -> NoReturn:  # noqa: ARG001 - whatever it is
    """Whatever else begins with /t/ is a token mistyped."""
    _allow()
    _missed()


@pages.errorhandler(LostError)
def _lost(_error: LostError) -> Response:
    return _plain("lost", HTTPStatus.NOT_FOUND)


@pages.errorhandler(BusyError)
def _busy(_error: BusyError) -> Response:
    return _plain("busy", HTTPStatus.TOO_MANY_REQUESTS, retry=60)


@pages.errorhandler(DBAPIError)
@pages.errorhandler(PoolTimeout)
def _down(error: Exception) -> Response:
    passing = isinstance(error, PoolTimeout) or is_transient(error)
    log.error("database_unavailable" if passing else "unhandled", error=type(error).__name__)
    return _plain(
        "down", HTTPStatus.SERVICE_UNAVAILABLE if passing else HTTPStatus.INTERNAL_SERVER_ERROR, retry=5
    )


# --- who asks ---------------------------------------------------------------------------------------------------------


def _link(token: str) -> LinkView:
    _allow()
    with read():
        link = links.find(token)
    if link is None:
        _missed()
    return link


def _allow() -> None:
    if not limiter.limiter.test(MISSES, "tracking", _address()):
        raise BusyError


def _missed() -> NoReturn:
    limiter.limiter.hit(MISSES, "tracking", _address())
    raise LostError


def _address() -> str:
    """Who asks, for counting: an IPv4 address, or the /64 that one IPv6 customer has to himself."""
    text = get_remote_address()
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Address(int(address) >> 64 << 64))
    return text


def _same_origin() -> bool:
    """Whether a form comes from a page of ours. A page that sends no referrer has "null" for an origin; then the nonce
    alone has to do, as it does for browsers that say neither."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin in (None, "null") or origin == request.host_url.rstrip("/")


# --- reading and writing ----------------------------------------------------------------------------------------------


def _facts(link: LinkView) -> tuple[Facts, Words]:
    with read():
        facts = queries.facts(link)
    if facts is None:
        _missed()
    language = choose(_asked(), facts.customer["language"], list(request.accept_languages.values()))
    return facts, Words(language, facts.zone, facts.now)


def _signer(link: LinkView, facts: Facts) -> page.Sign:
    key = _settings().secret_key

    def sign(act: str, seen: Mapping[str, Any]) -> str:
        return forms.sign(key, link.task_id, act, facts.now, seen)

    return sign


def _write(token: str, act: str, make: Make, done: str) -> Response:
    """One form: opened, made into operations, handed in, answered with a way back to the page."""
    link = _link(token)
    if not _same_origin():
        raise Problem(Code.CSRF_INVALID, "This form was not sent from the page it belongs to.")
    if not limiter.limiter.hit(WRITES, "tracking-write", link.task_id):
        raise BusyError
    facts, _ = _facts(link)
    given = request.form.to_dict()
    try:
        form = forms.opened(_settings().secret_key, given.get("form", ""), link.task_id, act, now_ms())
        drafts = make(form, facts, given)
    except StaleFormError:
        return _back(token, "stale")
    except InvalidFormError:
        return _back(token, "invalid")
    results = service.submit(link, drafts) if drafts else []
    return _back(token, service.came_of(link, results, done))


def _subscription(token: str) -> tuple[LinkView, dict[str, Any]]:
    link = _link(token)
    if not _same_origin():
        raise Problem(Code.CSRF_INVALID, "This was not sent from the page it belongs to.")
    if not limiter.limiter.hit(WRITES, "tracking-push", link.task_id):
        raise Problem(Code.RATE_LIMITED, retry_after=600)
    try:
        body: dict[str, Any] = Subscription().load(request.get_json(silent=True) or {})
    except ValidationError as error:
        raise Problem(Code.INVALID, errors=tuple(flatten(error.messages))) from error
    return link, body


# --- answers ----------------------------------------------------------------------------------------------------------


def _frame(token: str, facts: Facts, words: Words) -> dict[str, Any]:
    here = path(token)
    other = next(one for one in LANGUAGES if one != words.language)
    asked = _asked()
    suffix = "/wrong" if request.endpoint == "tracking.ask" else ""
    return {
        "w": words,
        "html_lang": words.say("lang"),
        "language": words.language,
        "title": f"{words.say('title.' + facts.task['kind'])} · {facts.task['merchant']}",
        "merchant": facts.task["merchant"],
        "here": here,
        "tail": f"?lang={asked}" if asked else "",
        "other_lang": STRINGS[other]["lang"],
        "other_href": f"{here}{suffix}?lang={other}",
    }


def _asked() -> str | None:
    asked = request.args.get("lang")
    return asked if asked in LANGUAGES else None


def _back(token: str, said: str) -> Response:
    """See the page again (303), so that reloading it sends nothing twice."""
    asked = _asked()
    query = urlencode({"said": said, **({"lang": asked} if asked else {})})
    return make_response(redirect(f"{path(token)}?{query}#said", HTTPStatus.SEE_OTHER))


def _plain(kind: str, status: HTTPStatus, retry: int | None = None) -> Response:
    """A page without a task, in both languages: the same bytes for everybody."""
    sayings = [
        {"lang": s["lang"], "title": s[f"{kind}.title"], "text": s[f"{kind}.text"]} for s in STRINGS.values()
    ]
    response = _html("lost.html", html_lang="zh-CN", title=sayings[0]["title"], sayings=sayings)
    response.status_code = status
    if retry is not None:
        response.headers["Retry-After"] = str(retry)
    return response


def _html(template: str, **values: Any) -> Response:
    return make_response(render_template(f"tracking/{template}", style=STYLE, **values))


def _built(name: str) -> Response:
    folder = _settings().dist / "tracking"
    if not (folder / name).is_file():
        raise Problem(Code.NOT_FOUND, "The web apps have not been built yet.")
    response = send_from_directory(folder, name, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _settings() -> Settings:
    settings: Settings = current_app.extensions["doorstep_settings"]
    return settings
