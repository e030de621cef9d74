"""Vectors of customers: whose request is for which door, profiles, consents, wishes that come too late, disputes."""

from tests.sync.making.book import Book, Plain
from tests.sync.making.cast import (
    CASE,
    CHEN,
    CUSTOMER,
    HOUR,
    LI,
    NINE,
    REQUEST,
    STATION,
    TASK,
    ZHOU,
    customer,
    op,
    order,
    outcome,
    request,
    stamped,
    task,
    uid,
)
from tests.sync.making.money import case_record

KEY = f"customer:{CUSTOMER}"
DOOR = f"task:{TASK}"
MONDAY = 1


def belonging() -> Book:
    book = Book("requests-at-the-door", "Which request is for which door, and when")

    def see(name: str, changes: Plain, belongs: bool, applies: bool, weekday: int = MONDAY) -> None:
        given = {"request": request(**changes), "task": task(), "weekday": weekday, "now": NINE}
        book.case(name, "P24", "request", given, {"belongs": belongs, "applies": applies})

    text = str(task()["address"]["text"])
    see("whatever comes to this customer", {}, True, True)
    see("switched off", {"active": False}, True, False)
    see("proposed only", {"state": "proposed", "source": "courier"}, True, False)
    see("for this parcel", {"scope": "parcel", "task": TASK}, True, True)
    see("for another parcel", {"scope": "parcel", "task": uid(3, 2)}, False, False)
    see("for this address", {"scope": "address", "address": text}, True, True)
    see("for another address", {"scope": "address", "address": text + " "}, False, False)
    see("what is not its scope means nothing", {"task": uid(3, 2), "address": "x"}, True, True)
    see("on this weekday", {"scope": "weekdays", "weekdays": [1, 3]}, True, True)
    see("on another weekday", {"scope": "weekdays", "weekdays": [1, 3]}, True, False, 2)
    see("Sunday is the seventh", {"scope": "weekdays", "weekdays": [7]}, True, True, 7)
    see("days at an address", {"scope": "address", "address": text, "weekdays": [6, 7]}, True, False)
    see("from this moment on", {"valid_from": NINE}, True, True)
    see("not yet", {"valid_from": NINE + 1}, True, False)
    see("until this moment", {"valid_until": NINE}, True, True)
    see("no longer", {"valid_until": NINE - 1}, True, False)
    see("between two moments", {"valid_from": NINE - HOUR, "valid_until": NINE + HOUR}, True, True)
    return book


def profiles() -> Book:
    book = Book("customers", "Who a customer is, and what he agreed to")
    by = op("customer.profile_set", CHEN, 5)

    def change(name: str, record: Plain, base: Plain, payload: Plain, claim: Plain) -> None:
        stands = {field: record[field] for field in by["payload"]}
        given = op("customer.profile_set", ZHOU, 9, base=base, payload=stands | payload)
        book.decide(name, "P20", {KEY: record}, given, claim)

    mine = {"phone": stamped(op("customer.profile_set", ZHOU, 9))}
    seen = {"phone": "13800001111"}
    change(
        "a number is put right",
        customer(),
        seen,
        {"phone": "13800002222"},
        {"status": "applied", "after.phone": "13800002222", "after.profile_touched": mine},
    )
    theirs = customer(phone="13800003333", tier="key", profile_touched={"phone": stamped(by)})
    change(
        "two numbers for one customer",
        theirs,
        seen,
        {"phone": "13800002222", "tags": ["易碎"]},
        {
            "status": "conflict",
            "kinds": ["field"],
            "after.phone": "13800003333",
            "after.tags": ["易碎"],
            "cases.0.fields": ["phone"],
            "cases.0.mine.phone": "13800002222",
            "cases.0.theirs.phone": "13800003333",
            "cases.0.theirs_op": by["op_id"],
            "cases.0.base": seen,
        },
    )
    change("both wrote the same number", theirs, seen, {}, {"status": "merged", "changes": {}, "kinds": []})
    people = [{"id": uid(13, 1), "name": "赵敏", "phone": "", "email": None, "role": "收货"}]
    change(
        "contacts are one value",
        customer(contacts=people, profile_touched={"contacts": stamped(by)}),
        {"contacts": []},
        {"contacts": [{**people[0], "role": "财务"}]},
        {"status": "conflict", "cases.0.fields": ["contacts"], "changes": {}},
    )
    nobody = op("customer.profile_set", CHEN, 9)
    book.decide("a profile of nobody known", "P18", {}, nobody, {"status": "deferred", "changes": {}})
    known = customer(name="文三书店", profile_touched={"name": stamped(by)})
    book.decide(
        "an order leaves the name that a person has set",
        "P20",
        {KEY: known},
        order(customer={"id": CUSTOMER, "name": "书店", "phone": "13800002222"}),
        {f"changes.{KEY}.name": "文三书店", f"changes.{KEY}.phone": "13800002222"},
        station=STATION,
    )
    part = {"id": CUSTOMER, "name": "王小明", "phone": "1", "language": None, "requests": [], "consents": []}
    given = {"record": part, "op": nobody}
    claim: Plain = {"record": part | {"name": "文三书店", "phone": "0571-88880000", "language": "zh"}}
    book.case("the part at the door has no more fields than before", "P9 P24", "apply", given, claim)
    _consents(book)
    _rebuilt(book)
    return book


def _consents(book: Book) -> None:
    given = op("customer.consent_set", CUSTOMER, 9)
    said = {"given": True, "source": "customer", "note": None, "at": given["at"], "author": CUSTOMER}
    agreed = {"id": uid(14, 1), "kind": "reception", **said}
    first: Plain = {"status": "applied", "after.consents": [agreed | {"v": 1}]}
    book.decide("a first consent", "P20", {KEY: customer()}, given, first)
    other = {**agreed, "id": uid(14, 3), "kind": "notices"}
    record = customer(consents=[agreed, other])
    back = op(
        "customer.consent_set",
        CHEN,
        10,
        payload={"consent": uid(14, 2), "given": False, "source": "csr", "note": "电话"},
    )
    refused = {
        "id": uid(14, 2),
        "kind": "reception",
        "given": False,
        "source": "csr",
        "note": "电话",
        "at": back["at"],
        "author": CHEN,
        "v": 2,
    }
    newest: Plain = {"status": "applied", "after.consents": [refused, other]}
    book.decide("the newest word of a kind counts", "P20", {KEY: record}, back, newest)
    about = {"task": TASK, "answers": uid(20, 8)}
    alone = op("customer.consent_set", CUSTOMER, 11, payload={"consent": uid(14, 4), **about})
    for_one = {**said, "id": uid(14, 4), "kind": "reception", "at": alone["at"], "v": 1, **about}
    beside: Plain = {"status": "applied", "after.consents": [refused, for_one]}
    record = customer(consents=[refused])
    book.decide("a consent for one parcel stands beside the one for all", "P20", {KEY: record}, alone, beside)
    thrice = customer(consents=[refused, for_one | {"v": 3}])
    again = {"after.consents.0": refused, "after.consents.1.v": 4}
    book.decide("the words on one parcel are counted", "P20", {KEY: thrice}, alone, again)
    book.decide("a consent of nobody known", "P18", {}, given, {"status": "deferred", "changes": {}})
    book.case("a consent of nobody", "P9", "apply", {"record": None, "op": given}, {"record": None})


def _rebuilt(book: Book) -> None:
    made = order(1)
    seen = {"phone": "13800001111"}
    same = {name: customer()[name] for name in op("customer.profile_set")["payload"]}

    def edit(author: str, number: int, base: Plain, **payload: object) -> Plain:
        return op("customer.profile_set", author, number, base=base, payload=same | payload)

    one, two = edit(CHEN, 5, seen, phone="1"), edit(ZHOU, 6, seen, phone="2")
    word = op("customer.consent_set", CUSTOMER, 7)
    again = order(8, customer={"id": CUSTOMER, "name": "王先生", "phone": "9"})
    again |= {"entity": f"task:{uid(3, 2)}"}
    log = [made, one, two, word, again]

    def fold(name: str, void: list[str], force: list[str], claim: Plain) -> None:
        given = {"entity": KEY, "ops": log, "void": void, "force": force, "station": STATION}
        spelled = {f"records.{KEY}.{path}": value for path, value in claim.items()}
        book.case(name, "P3", "fold", given, spelled)

    fold("the first number stands", [], [], {"phone": "1", "name": "王先生", "consents.#": 1})
    fold("a person decided for the second number", [], [two["op_id"]], {"phone": "2"})
    fold("the first number was never set", [one["op_id"]], [], {"phone": "2"})
    neither = [one["op_id"], two["op_id"]]
    fold("the order has the last word where no person had one", neither, [], {"phone": "9"})
    fold("the consent was never given", [word["op_id"]], [], {"consents": []})


def late() -> Book:
    book = Book("customers-speak", "Wishes that come too late, and customers who say otherwise")
    done = op("task.delivered", LI, 8)
    closed = task(status="delivered", outcome=outcome(done))
    _wishes(book, done, closed)
    _unheard(book)
    _disputes(book, done, closed)
    _ownership(book)
    return book


def _wishes(book: Book, done: Plain, closed: Plain) -> None:
    def wish(name: str, board: Plain, claim: Plain, author: str = CUSTOMER, **payload: object) -> None:
        said = {"source": "customer", "state": "accepted", "request": uid(8, 2), "task": TASK}
        given = op("customer.request_set", author, 9, payload=said | payload)
        book.decide(name, "P19 P22", {KEY: customer()} | board, given, claim)

    taken: Plain = {"status": "applied", "kinds": [], "after.requests.#": 2}
    wish("a wish while the parcel is on the road", {DOOR: task(status="out_for_delivery")}, taken)
    wish(
        "a wish after the sign-off",
        {DOOR: closed},
        {
            "status": "conflict",
            "kinds": ["request_late"],
            "after.requests.#": 2,
            "cases.0.task": TASK,
            "cases.0.entity": KEY,
            "cases.0.mine.request": "no_ring",
            "cases.0.theirs.status": "delivered",
            "cases.0.theirs_op": done["op_id"],
            "cases.0.theirs_author": LI,
            "cases.0.outcomes": ["noted"],
        },
    )
    back = task(status="returned", outcome=outcome(op("task.returned", LI, 8)))
    wish("a wish after the return", {DOOR: back}, {"status": "conflict", "kinds": ["request_late"]})
    cancel = op("task.cancelled", CHEN, 5)
    gone = task(status="cancelled", cancelled={**stamped(cancel), "reason": "客户取消"})
    wish(
        "a wish after the cancellation",
        {DOOR: gone},
        {"kinds": ["request_late"], "cases.0.theirs_author": CHEN},
    )
    wish("a wish after a failed attempt is in time", {DOOR: task(status="attempt_failed")}, taken)
    wish("customer service writes it after the sign-off", {DOOR: closed}, taken, author=CHEN, source="csr")
    wish("a wish for no parcel in particular", {DOOR: closed}, taken, task=None)
    wish("a wish for a parcel nobody knows", {}, taken)
    other = {**closed, "customer": uid(5, 2)}
    wish("a wish for somebody else's parcel", {DOOR: other}, taken)
    wish("a wish withdrawn after the sign-off", {DOOR: closed}, taken, active=False)
    same = {"request": REQUEST, "kind": "call_first", "text": "先打电话"}
    known = customer(requests=[request(source="customer", task=TASK)])
    wish("the same wish again", {KEY: known, DOOR: closed}, {"status": "merged", "kinds": []}, **same)


def _unheard(book: Book) -> None:
    by = op("customer.request_set", CUSTOMER, 7)
    asked = request(id=uid(8, 2), kind="no_ring", text="宝宝睡觉", source="customer")

    def report(
        name: str, knew: list[str] | None, claim: Plain, what: str = "task.delivered", **changes: object
    ) -> None:
        record = customer(requests=[request(), asked | changes], touched={asked["id"]: stamped(by)})
        base = {} if knew is None else {"requests": knew}
        given = op(what, LI, 9, base=base)
        book.decide(name, "P19 P22", {DOOR: task(), KEY: record}, given, claim)

    fine: Plain = {"status": "applied", "kinds": [], "after.status": "delivered"}
    report(
        "signed off without knowing of a wish",
        [REQUEST],
        {
            "status": "conflict",
            "kinds": ["request_late"],
            "after.status": "delivered",
            "cases.0.mine.status": "delivered",
            "cases.0.theirs.request": "no_ring",
            "cases.0.theirs.text": "宝宝睡觉",
            "cases.0.theirs_op": by["op_id"],
            "cases.0.theirs_author": CUSTOMER,
            "cases.0.task": TASK,
        },
    )
    report("failed without knowing of a wish", [], {"kinds": ["request_late"]}, "task.attempt_failed")
    report("signed off knowing the wish", [asked["id"]], fine)
    report("a handheld that does not say what it knew", None, fine)
    report("a wish switched off meanwhile", [], fine, active=False)
    report("a wish nobody has accepted", [], fine, state="proposed")
    report("a wish for another parcel", [], fine, scope="parcel", task=uid(3, 2))
    report("a note of customer service is not the customer's wish", [], fine, source="csr")
    taken = task(status="delivered", outcome=outcome(op("task.delivered", LI, 4)))
    record = customer(requests=[asked], touched={asked["id"]: stamped(by)})
    failed = op("task.attempt_failed", LI, 9, base={"requests": []})
    book.decide(
        "an outcome that does not stand has missed nothing",
        "P19",
        {DOOR: taken, KEY: record},
        failed,
        {"status": "conflict", "kinds": ["contradiction"]},
    )


def _disputes(book: Book, done: Plain, closed: Plain) -> None:
    fix = op("operation.corrected", CUSTOMER, 9, payload={"corrects": done["op_id"], "note": "没收到"})
    book.decide(
        "the customer says that nothing came",
        "P3 P22",
        {DOOR: closed},
        fix,
        {
            "status": "conflict",
            "kinds": ["disputed"],
            "changes": {},
            "cases.0.mine.note": "没收到",
            "cases.0.mine_author": CUSTOMER,
            "cases.0.theirs.status": "delivered",
            "cases.0.theirs_op": done["op_id"],
            "cases.0.theirs_author": LI,
            "cases.0.suggested": "mine",
        },
    )
    earlier = op("operation.corrected", CUSTOMER, 9, payload={"corrects": uid(20, 3)})
    book.decide(
        "the customer disputes an operation that is not the last word",
        "P3 P22",
        {DOOR: closed},
        earlier,
        {"kinds": ["disputed"], "cases.0.theirs_op": uid(20, 3), "cases.0.theirs_author": None},
    )
    desk = op("operation.corrected", CHEN, 9, payload={"corrects": done["op_id"]})
    book.decide("the desk corrects", "P3", {DOOR: closed}, desk, {"status": "applied", "kinds": []})
    other = op("operation.corrected", uid(5, 2), 9, payload={"corrects": done["op_id"]})
    book.decide("somebody else corrects", "P3", {DOOR: closed}, other, {"status": "applied", "kinds": []})


def _ownership(book: Book) -> None:
    key = f"conflict:{CASE}"
    mine = op("task.delivered", LI, 11)
    case = case_record("cancelled", mine, None)
    to_zhou = op("conflict.assigned", CHEN, 20, base={"owner": CHEN})
    applied: Plain = {"status": "applied", "after.owner": ZHOU}
    book.decide("a case is handed on", "P22", {key: case}, to_zhou, applied)
    freed = op("conflict.assigned", CHEN, 20, payload={"owner": None})
    nobody: Plain = {"status": "applied", "after.owner": None}
    book.decide("a case is nobody's again", "P22", {key: case}, freed, nobody)
    still: Plain = {"status": "merged", "changes": {}, "kinds": []}
    theirs = case | {"owner": LI}
    book.decide("who took it first has it", "P22", {key: theirs}, to_zhou, still)
    book.decide(
        "it is his already", "P22", {key: case | {"owner": ZHOU}}, op("conflict.assigned", CHEN, 20), still
    )
    word = op("conflict.decided", CHEN, 20)
    done = case | {"status": "decided", "decision": {**stamped(word), **word["payload"]}}
    book.decide(
        "a decided case is nobody's to take", "P22", {key: done}, op("conflict.assigned", ZHOU, 21), still
    )
    book.decide("a case nobody knows is handed on", "P18 P22", {}, to_zhou, {"status": "deferred"})
    undo = op("conflict.undone", ZHOU, 21)
    open_again: Plain = {"status": "applied", "after.status": "open", "after.decision": None}
    book.decide("a decision is taken back", "P22", {key: done}, undo, open_again)
    book.decide("it was taken back before", "P22", {key: case}, undo, still)
    older = op("conflict.undone", ZHOU, 21, payload={"decision": uid(20, 19)})
    book.decide("an older decision is taken back", "P22", {key: done}, older, still)
    book.decide("a decision nobody knows is taken back", "P18 P22", {}, undo, {"status": "deferred"})
