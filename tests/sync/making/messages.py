"""Vectors of messages: sent to couriers by name, and what each of them tells of it."""

from tests.sync.making.book import Book, Plain
from tests.sync.making.cast import CHEN, LI, MESSAGE, MINUTE, NINE, STATION, TASK, WANG, ZHOU, op

ENTITY = f"message:{MESSAGE}"


def reader(courier: str, received: int | None = None, read: int | None = None) -> Plain:
    """One of those a message is for; minutes past nine."""
    moments = {"received_at": received, "read_at": read}
    return {"courier": courier} | {
        name: None if minute is None else NINE + minute * MINUTE for name, minute in moments.items()
    }


def message(*readers: Plain) -> Plain:
    """The message as it stands with these readers."""
    return {
        "id": MESSAGE,
        "station": STATION,
        "author": CHEN,
        "text": "北门封路，请走东门",
        "task": None,
        "at": NINE + MINUTE,
        "readers": list(readers) or [reader(LI), reader(WANG)],
    }


def messages() -> Book:
    book = Book("messages", "What a station tells its couriers, and what they tell of it")

    def told(
        name: str, stands: Plain | None, by: Plain, status: str, *after: Plain, rules: str = "P24"
    ) -> None:
        board = {} if stands is None else {ENTITY: stands}
        claim: Plain = {"status": status}
        if after:
            claim["after.readers"] = list(after)
        book.decide(name, rules, board, by, claim)

    told("sent to two", None, op("message.sent", CHEN), "applied", reader(LI), reader(WANG), rules="P2 P24")
    twice = op("message.sent", CHEN, payload={"to": [WANG, LI, WANG]})
    told("a courier named twice is one reader", None, twice, "applied", reader(WANG), reader(LI))
    about = op("message.sent", CHEN, payload={"task": TASK, "to": [LI]})
    told("about a task", None, about, "applied", reader(LI))
    again = op("message.sent", ZHOU, 2, payload={"text": "改走西门", "to": [WANG]})
    told(
        "the same message in other words changes nothing",
        message(),
        again,
        "merged",
        reader(LI),
        reader(WANG),
    )

    received, read = op("message.received", LI, 3), op("message.read", LI, 5)
    told("one handheld has it", message(), received, "applied", reader(LI, 3), reader(WANG))
    told("read, and so received", message(), read, "applied", reader(LI, 5, 5), reader(WANG))
    told("read after it was received", message(reader(LI, 3)), read, "applied", reader(LI, 3, 5))
    told(
        "received is told after it was read", message(reader(LI, 5, 5)), received, "merged", reader(LI, 5, 5)
    )
    told("received on a second handheld", message(reader(LI, 2)), received, "merged", reader(LI, 2))
    told("read a second time", message(reader(LI, 3, 4)), read, "merged", reader(LI, 3, 4))
    told("read by somebody it was not for", message(reader(WANG)), read, "merged", reader(WANG))
    told("received before anybody sent it", None, received, "deferred", rules="P18")
    told("read before anybody sent it", None, read, "deferred", rules="P18")

    for name, record, by in (("sent", None, op("message.sent", CHEN)), ("read", message(), read)):
        book.case(
            f"the effect of {name} alone",
            "P24",
            "apply",
            {"record": record, "op": by},
            {"record.id": MESSAGE},
        )
    unheard = {"record": None, "op": received}
    book.case("received, and unknown here", "P24", "apply", unheard, {"record": None})
    return book
