"""Vectors of a courier's day: what an attempt can show, and what a sign-off is held against."""

from typing import Any

from tests.sync.making.book import Book, Plain
from tests.sync.making.cast import (
    CHEN,
    CUSTOMER,
    LI,
    MINUTE,
    NINE,
    SHA_A,
    TASK,
    WANG,
    customer,
    op,
    order,
    outcome,
    parcel,
    request,
    row,
    stamped,
    task,
    uid,
)

KEY = f"task:{TASK}"
WHO = f"customer:{CUSTOMER}"


def evidence() -> Book:
    book = Book("evidence", "Calls, the stay at the door, problem parcels: what an attempt can show")
    _asked(book)
    _calls(book)
    _problems(book)
    question = op("task.consent_asked", LI, 9)
    asked = {"status": "applied", "kinds": [], "after.asked": [{**stamped(question), "kind": "neighbour"}]}
    book.decide("the customer is asked for a consent", "P19", {KEY: task()}, question, asked)
    before = [{**stamped(op("task.consent_asked", LI, 3)), "kind": "neighbour"}]
    book.decide("asked again: the newest counts", "P19", {KEY: task(asked=before)}, question, asked)
    return book


def _asked(book: Book) -> None:
    def show(name: str, record: Plain, reason: str, claim: Plain | None, **given: Any) -> None:
        report = {"photos": 0, "note": None, "at": NINE + 10 * MINUTE} | given
        spelled = {"evidence": None} if claim is None else {f"evidence.{k}": v for k, v in claim.items()}
        book.case(name, "P19", "evidence", {"task": record, "author": LI, "reason": reason} | report, spelled)

    tried = {**stamped(op("task.called", LI, 5)), "channel": "call", "result": "not_answered"}
    there = task(status="arrived", arrived_at=NINE + 9 * MINUTE)
    show("a reason that demands nothing", task(), "TRAFFIC", None)
    show("a reason nobody listed", task(), "BAD_MOOD", None)
    show(
        "nobody home, not called, not waited",
        there,
        "NOT_HOME",
        {"missing": ["calls", "dwell_s"], "dwell_s": 60},
    )
    waited = {"at": NINE + 11 * MINUTE}
    show("nobody home, called and waited", there | {"calls": [tried]}, "NOT_HOME", {"missing": []}, **waited)
    show("never arrived", task(calls=[tried]), "NOT_HOME", {"missing": ["dwell_s"], "dwell_s": None})
    early = {"at": NINE}
    show("a clock that was put back stayed no time", there, "NOT_HOME", {"dwell_s": 0}, **early)
    again = task(status="attempt_failed", calls=[tried])
    show("after a failed attempt no arrival can be told", again, "NOT_HOME", {"missing": []})
    show("one call of two", task(calls=[tried]), "NO_ANSWER", {"missing": ["calls"], "calls": 1})
    show("two calls", task(calls=[tried, tried]), "NO_ANSWER", {"missing": [], "calls": 2})
    others = {**tried, "author": WANG}
    show("another courier's calls are his", task(calls=[others, others]), "NO_ANSWER", {"calls": 0})
    show("a photo is missing", task(), "DAMAGED", {"missing": ["photos"]})
    show("a photo is there", task(), "DAMAGED", {"missing": [], "photos": 2}, photos=2)
    show(
        "a note of blanks is none", task(), "OTHER", {"missing": ["note"], "note": False}, photos=1, note="  "
    )
    show("a note", task(), "OTHER", {"missing": [], "note": True}, photos=1, note="门铃坏了")


def _calls(book: Book) -> None:
    call = op("task.called", LI, 9)
    said = {**stamped(call), "channel": "call", "result": "not_answered"}
    counted = {"status": "applied", "kinds": [], "after.calls": [said], "after.status": "assigned"}
    book.decide("a call is counted on the task", "P19", {KEY: task()}, call, counted)
    gone = task(status="cancelled", cancelled={**stamped(op("task.cancelled", CHEN, 4)), "reason": "x"})
    book.decide("a call for a cancelled task is kept", "P19", {KEY: gone}, call, {"after.calls": [said]})
    many = [{**said, "at": number} for number in range(20)]
    newest = {"after.calls.#": 20, "after.calls.0.at": 1, "after.calls.19.at": call["at"]}
    book.decide("of very many calls the newest are kept", "P19", {KEY: task(calls=many)}, call, newest)
    arrived = op("task.arrived", LI, 9)
    there: Plain = {"after.status": "arrived", "after.arrived_at": arrived["at"]}
    book.decide("the arrival is kept for the stay", "P19", {KEY: task()}, arrived, there)
    record = task(status="arrived", arrived_at=arrived["at"], calls=[said])
    failed = op("task.attempt_failed", LI, 12, payload={"reason": "NOT_HOME"})
    shown = {"calls": 1, "dwell_s": 180, "photos": 0, "note": False, "missing": []}
    ended = book.decide(
        "a failed attempt takes its calls and its stay along",
        "P19",
        {KEY: record},
        failed,
        {"status": "applied", "after.outcome": outcome(failed) | {"evidence": shown}, "after.calls": None},
    )
    board = {KEY: ended["changes"][KEY]}
    later = op("task.attempt_failed", LI, 20, payload={"reason": "NO_ANSWER"})
    weak = {"status": "applied", "kinds": [], "after.outcome.evidence.missing": ["calls"]}
    book.decide("a weak attempt is marked and counts", "P19", board, later, weak)
    planned = op("task.reattempt_planned", CHEN, 21, payload={"courier": LI})
    anew = {"after.calls": None, "after.arrived_at": None, "after.outcome": None}
    book.decide("a new attempt begins without them", "P20", {KEY: record | {"status": "held"}}, planned, anew)
    entries = [op("task.arrived", LI, 1), op("task.called", LI, 2)]
    given = {"rows": {KEY: row()}, "entries": entries, "results": {}, "cursors": {}}
    claim = {f"rows.{KEY}.body.task.calls.#": 1, f"rows.{KEY}.body.task.arrived_at": entries[0]["at"]}
    book.case("the courier sees his own calls at once", "P9", "overlay", given, claim)


def _problems(book: Book) -> None:
    report = op("task.problem_reported", LI, 9)
    waits = {**stamped(report), "reason": "DAMAGED", "note": "外箱破损"}
    waits["evidence"] = {"calls": 0, "dwell_s": None, "photos": 1, "note": True, "missing": []}
    claim: Plain = {
        "status": "conflict",
        "kinds": ["problem"],
        "after.status": "assigned",
        "after.problem": waits,
        "cases.0.mine.reason": "DAMAGED",
        "cases.0.suggested": "mine",
    }
    opened = book.decide(
        "a problem parcel waits for customer service", "P19 P22", {KEY: task()}, report, claim
    )
    board = {KEY: opened["changes"][KEY]}
    unknown: Plain = {"status": "deferred", "changes": {}}
    book.decide("a problem of a task nobody knows waits", "P18", {}, report, unknown)
    again = op("task.reattempt_planned", CHEN, 10, payload={"courier": LI})
    solved: Plain = {"status": "applied", "after.problem": None, "after.status": "assigned"}
    book.decide("another attempt solves it", "P20", board, again, solved)
    done = op("task.delivered", LI, 10)
    book.decide(
        "delivered all the same", "P19", board, done, {"after.problem": None, "after.status": "delivered"}
    )
    held = op("task.held", LI, 10)
    kept: Plain = {"after.problem": waits, "after.status": "held"}
    book.decide("on the station's shelf it is still a problem", "P19", board, held, kept)
    log = [order(1), op("task.assigned", CHEN, 2, payload={"courier": LI}), report]
    given = {"entity": KEY, "ops": log, "void": [report["op_id"]], "force": [], "station": None}
    records = {f"records.{KEY}.problem": None, f"records.{KEY}.status": "assigned"}
    book.case("a problem that customer service decides against", "P3", "fold", given, records)


def signed() -> Book:
    book = Book("sign-offs", "What a sign-off is held against: consent, code, pieces")
    _consents(book)
    _codes(book)
    _pieces(book)
    bundle = op("task.delivered", LI, 9, payload={"together": uid(15, 1)}, blobs=[SHA_A])
    book.decide(
        "signed together with others", "P19", {KEY: task()}, bundle, {"status": "applied", "kinds": []}
    )
    return book


def _consents(book: Book) -> None:
    word = {
        "id": uid(14, 1),
        "kind": "neighbour",
        "given": True,
        "source": "customer",
        "note": None,
        "at": NINE,
        "author": CUSTOMER,
        "v": 2,
    }
    crm = {"kind": "neighbour", "source": "crm", "ref": word["id"], "v": 2, "note": None}

    def gate(name: str, consents: list[Plain], consent: Plain | None, kinds: list[str], **more: Any) -> None:
        payload = {"recipient": "neighbour", "consent": consent} | more.get("payload", {})
        board = {KEY: task(), WHO: customer(consents=consents, requests=more.get("requests", []))}
        claim: Plain = {"status": "conflict" if kinds else "applied", "kinds": kinds}
        claim |= {"after.status": "delivered"} | more.get("claim", {})
        book.decide(name, "P19 P22", board, op("task.delivered", LI, 9, payload=payload), claim)

    none = ["no_consent"]
    gate("a neighbour, with the consent on record", [word], crm, [])
    told = crm | {"source": "told", "ref": None, "v": None, "note": "电话同意"}
    said: Plain = {"cases.0.mine.consent": "told", "cases.0.mine.note": "电话同意", "cases.0.theirs": {}}
    gate("a neighbour, as the courier was told", [], told, none, claim=said)
    empty: Plain = {"cases.0.mine.consent": "none", "cases.0.theirs": {}, "cases.0.fields": ["recipient"]}
    gate("a neighbour, and nothing", [], None, none, claim=empty)
    there: Plain = {"cases.0.theirs": {"given": True, "at": NINE}}
    gate("a consent on record that the sign-off does not name", [word], None, none, claim=there)
    back: Plain = {"cases.0.theirs": {"given": False, "at": NINE}, "cases.0.mine.consent": "crm"}
    gate("a consent that was taken back meanwhile", [word | {"given": False, "v": 3}], crm, none, claim=back)
    gate("a newer consent than the one it names", [word | {"id": uid(14, 2), "v": 3}], crm, [])
    gate("a consent for another kind", [word | {"kind": "locker"}], crm, none)
    other = word | {"task": uid(3, 2)}
    gate("a consent for another parcel", [other], crm, none)
    one = word | {"id": uid(14, 3), "task": TASK, "v": 1}
    asked = crm | {"source": "asked", "ref": uid(14, 3), "v": 1}
    gate("asked for and given for this parcel", [word | {"given": False}, one], asked, [])
    refused = [word, one | {"given": False}]
    gate("refused for this parcel, whatever holds for all", refused, asked, none)
    for recipient in ("self", "family"):
        gate(f"handed to {recipient}", [], None, [], payload={"recipient": recipient})
    for recipient in ("reception", "locker", "station"):
        gate(f"left at {recipient} without a consent", [], None, none, payload={"recipient": recipient})
    wish = request(kind="leave_at_reception")
    by_wish = {"kind": "reception", "source": "request", "ref": wish["id"], "v": None, "note": None}
    at_desk = {"recipient": "reception", "consent": by_wish}
    gate("the reception, as the order asks", [], None, [], payload=at_desk, requests=[wish])
    proposed = [wish | {"state": "proposed"}]
    gate("the reception, as only a courier proposed", [], None, none, payload=at_desk, requests=proposed)
    withdrawn = [wish | {"active": False}]
    gate("the reception, as the customer asked no more", [], None, none, payload=at_desk, requests=withdrawn)
    late = {KEY: task(status="delivered", outcome=outcome(op("task.delivered", WANG, 4))), WHO: customer()}
    lost = op("task.delivered", LI, 9, payload={"recipient": "neighbour"})
    book.decide(
        "a sign-off that does not stand is asked for no consent",
        "P19",
        late,
        lost,
        {"kinds": ["contradiction"]},
    )


def _codes(book: Book) -> None:
    secured = {KEY: task(pin_required=True)}

    def code(name: str, payload: Plain, kinds: list[str], board: Plain = secured, **claim: Any) -> None:
        given = op("task.delivered", LI, 9, payload=payload)
        stands: Plain = {"kinds": kinds, "after.status": "delivered"} | claim
        book.decide(name, "P19 P22", board, given, stands, pin="012345")

    code("the right code", {"pin": "012345"}, [])
    code("a wrong code", {"pin": "12345"}, ["wrong_code"], **{"cases.0.mine.code": "wrong"})
    code("no code", {}, ["wrong_code"], **{"cases.0.mine.code": "missing", "cases.0.theirs": {}})
    code("a code that is null", {"pin": None}, ["wrong_code"], **{"cases.0.mine.code": "missing"})
    code("a code nobody asked for", {"pin": "999999"}, [], board={KEY: task()})
    secret = order(1, pin_required=True)
    book.decide("an order that asks for a code", "P4", {}, secret, {"after.pin_required": True})
    plain = order(1, pin_required=False)
    book.decide("an order that asks for none", "P4", {}, plain, {"after.pin_required": None})


def _pieces(book: Book) -> None:
    three = {KEY: task(), f"parcel:{task()['parcel']}": parcel(pieces=3)}

    def part(name: str, kinds: list[str], claim: Plain, board: Plain = three, **payload: Any) -> None:
        given = op("task.delivered", LI, 9, payload=payload)
        book.decide(name, "P19 P22", board, given, {"kinds": kinds, "after.status": "delivered"} | claim)

    rest = {"reason": "SHORT", "note": "少一件"}
    short: Plain = {
        "after.outcome.pieces": 2,
        "after.outcome.rest": "SHORT",
        "cases.0.mine.pieces": 2,
        "cases.0.mine.reason": "SHORT",
        "cases.0.mine.note": "少一件",
        "cases.0.theirs": {"pieces": 3},
    }
    part("two of three pieces, and why", ["partial"], short, pieces=2, rest=rest)
    part("two of three pieces", ["partial"], {"after.outcome.rest": None}, pieces=2)
    part("all three pieces", [], {"after.outcome.pieces": 3}, pieces=3)
    part("nothing said of pieces", [], {"after.outcome.pieces": None})
    part("pieces of a parcel nobody knows", [], {"after.outcome.pieces": 2}, board={KEY: task()}, pieces=2)
