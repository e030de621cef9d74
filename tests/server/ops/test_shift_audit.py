"""`doorstep audit --shift`: one line that says that nothing is missing, or names what does not fit (P32, P4)."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, select, update

from server.core.db import db
from server.core.ids import uuid7
from server.ops import cli
from server.ops.models import DeviceHead, Operation, Quarantined, RepeatedPlace
from server.ops.owners import OWNERS
from sync.canonical import body_hash, evidence_hash
from tests.builders import task_id
from tests.server.ops.house import House, Phone

SHIFT = "018f0000-0000-7000-8000-00000000000a"


def audit(house: House, shift: str = SHIFT) -> Result:
    return house.inside(lambda: CliRunner().invoke(cli.audit, ["--shift", shift]))


def whole(house: House) -> str:
    result = audit(house)
    assert result.exit_code == 0, result.output
    assert result.output.count("\n") == 1
    assert result.output.endswith("; chain whole\n")
    return str(result.output)


def broken(house: House) -> str:
    """What is named; exit status 1, still one line."""
    result = audit(house)
    assert result.exit_code == 1, result.output
    assert result.output.count("\n") == 1
    return str(result.output).partition("BROKEN: ")[2].strip()


def begins(house: House, phone: Phone, shift: str = SHIFT) -> None:
    payload = {"station": house.cast.home.id, "tasks": 1}
    phone.tape.record("shift.started", f"shift:{shift}", payload)


def notes(phone: Phone, number: int) -> None:
    for one in range(number):
        phone.tape.record("task.noted", f"task:{task_id('SF1')}", {"text": f"note {one}"})


def closes(phone: Phone, recorded: int, cash: int = 0) -> None:
    counts = {"recorded": recorded, "confirmed": recorded, "waiting": 0, "cash_minor": cash}
    phone.tape.record("shift.closed", f"shift:{SHIFT}", counts)


def a_shift(house: House, number: int = 4) -> Phone:
    """A note of the day before; then a shift with so many notes, closed."""
    house.assigned("SF1")
    phone = house.phone()
    notes(phone, 1)
    begins(house, phone)
    notes(phone, number)
    closes(phone, number + 1)
    phone.push()
    phone.exchange(last_seq=number + 3)
    return phone


def plant(house: House, *statements: Any) -> None:
    """A hand in the database, past the services."""

    def tamper() -> None:
        with db.engine.begin() as connection:
            for statement in statements:
                assert connection.execute(statement).rowcount == 1

    house.inside(tamper)


def envelope(house: House, seq: int) -> dict[str, Any]:
    [row] = house.log(seq=seq)
    return dict(row.envelope)


def test_p32_a_whole_shift_is_said_in_one_line(house: House) -> None:
    phone = a_shift(house)
    assert whole(house) == (
        f"shift {SHIFT} courier 阿良 device {phone.handheld.device}: "
        "recorded 5, confirmed 5, waiting 0, refused 0; chain whole\n"
    )


def test_p32_an_open_shift_says_what_the_handheld_still_holds(house: House) -> None:
    house.assigned("SF1")
    phone = house.phone()
    begins(house, phone)
    notes(phone, 2)
    phone.push()
    phone.exchange(last_seq=5)
    assert "recorded 5, confirmed 3, waiting 2, refused 0" in whole(house)


def test_p32_what_is_refused_and_what_could_not_travel_is_counted_apart(house: House) -> None:
    house.assigned("SF1", cod_minor=1000)
    phone = house.phone()
    begins(house, phone)
    phone.tape.record("task.levitated", f"task:{task_id('SF1')}", {})
    notes(phone, 1)
    lost = phone.tape.envelopes[-1]
    names = ("op_id", "type", "v", "author", "device", "incarnation", "seq", "prev", "entity", "at")
    stub = {name: lost[name] for name in names} | {
        "parked": {"code": "too_large", "body_hash": body_hash(lost)}
    }
    money = {"task": task_id("SF1"), "amount_minor": 1000, "currency": "CNY", "method": "cash"}
    phone.tape.record("payment.collected", f"obligation:{task_id('SF1')}", money)
    closes(phone, 4, cash=1000)
    close = phone.tape.envelopes[-1]
    close["payload"] |= {"confirmed": 3}
    phone.tape.envelopes[2] = stub
    phone.push()
    assert "recorded 4, confirmed 3, waiting 0, refused 2" in whole(house)


@pytest.mark.parametrize("shift", ["nothing", str(uuid7())])
def test_an_unknown_shift_is_one_sentence(house: House, shift: str) -> None:
    result = audit(house, shift)
    assert result.exit_code == 2
    assert result.output == f"Error: There is no shift {shift} in the ledger.\n"


def test_p4_a_changed_body_is_named(house: House) -> None:
    a_shift(house)
    op = envelope(house, 4)
    changed = {**op, "payload": {"text": "something else"}}
    plant(house, update(Operation).where(Operation.seq == 4).values(envelope=changed))
    assert broken(house) == f"seq 4 operation {op['op_id']} does not fit its hash"


def test_p4_a_body_changed_with_its_hash_is_given_away_by_the_next_one(house: House) -> None:
    a_shift(house)
    changed = {**envelope(house, 4), "payload": {"text": "something else"}}
    values = {"envelope": changed, "body_hash": evidence_hash(changed)}
    plant(house, update(Operation).where(Operation.seq == 4).values(**values))
    assert broken(house).startswith("seq 5 operation")
    assert "does not name the hash of the one before it" in broken(house)


def test_p4_the_last_one_changed_with_its_hash_is_given_away_by_the_head(house: House) -> None:
    a_shift(house)
    close = envelope(house, 7)
    changed = {**close, "app": "another"}
    values = {"envelope": changed, "body_hash": evidence_hash(changed)}
    plant(house, update(Operation).where(Operation.seq == 7).values(**values))
    assert broken(house) == "the head does not name the hash of seq 7"


def test_p4_a_replaced_hash_is_named(house: House) -> None:
    a_shift(house)
    plant(house, update(Operation).where(Operation.seq == 3).values(body_hash="0" * 64))
    assert broken(house) == f"seq 3 operation {envelope(house, 3)['op_id']} does not fit its hash"


def test_p4_a_column_that_says_another_thing_than_the_body_is_named(house: House) -> None:
    a_shift(house)
    plant(house, update(Operation).where(Operation.seq == 5).values(author=house.cast.bei.id))
    assert f"seq 5 operation {envelope(house, 5)['op_id']} does not fit its hash" in broken(house)


def test_p15_deleted_rows_are_named_by_their_places(house: House) -> None:
    a_shift(house, 6)
    plant(house, *(delete(Operation).where(Operation.seq == seq) for seq in (4, 5, 7)))
    said = broken(house)
    assert said.startswith("seq 4-5, 7 missing; ")
    assert "the handheld counted recorded 7, the ledger has 4" in said


def test_p15_the_last_row_of_an_open_shift_is_missed_as_well(house: House) -> None:
    house.assigned("SF1")
    phone = house.phone()
    begins(house, phone)
    notes(phone, 2)
    phone.push()
    plant(house, delete(Operation).where(Operation.seq == 3))
    assert broken(house) == "seq 3 missing"


def test_p32_a_beginning_that_was_taken_out_is_said(house: House) -> None:
    a_shift(house)
    plant(house, delete(Operation).where(Operation.type == "shift.started"))
    assert broken(house) == "the operation that began it is not in the ledger"


def test_p32_counts_of_the_handheld_that_differ_are_named(house: House) -> None:
    """The handheld itself counted something else: its chain is whole, its counts are not those of the ledger."""
    house.assigned("SF1")
    phone = house.phone()
    begins(house, phone)
    notes(phone, 2)
    closes(phone, 5, cash=700)
    phone.push()
    assert broken(house).split("; ") == [
        "the handheld counted recorded 5, the ledger has 3",
        "the handheld counted confirmed 5 and waiting 0, the ledger has 3",
        "the handheld counted cash 700, the ledger has 0",
    ]


def test_p32_a_count_changed_in_the_stored_shift_is_named(house: House) -> None:
    a_shift(house)
    stored = house.record(f"shift:{SHIFT}") or {}
    table = OWNERS["shift"]._table
    changed = {**stored, "counts": {**stored["counts"], "recorded": 4}}
    plant(house, update(table).where(table.c.id == SHIFT).values(record=changed))
    assert broken(house) == "the stored shift differs from the ledger in counts"


def test_p32_a_head_that_was_put_back_is_named(house: House) -> None:
    a_shift(house)
    plant(house, update(DeviceHead).values(head_seq=6))
    said = broken(house)
    assert "the head is kept as 6, seq 7 is here" in said
    assert "the device list says head 7, the log says 6" in said


def test_p18_changed_evidence_is_named_too(house: House) -> None:
    house.assigned("SF1")
    phone = house.phone()
    begins(house, phone)
    phone.tape.record("task.levitated", f"task:{task_id('SF1')}", {"odd": [1, "é"]})
    notes(phone, 1)
    phone.push()
    whole(house)
    plant(house, update(Quarantined).values(raw='{"type":"task.levitated"}'))
    assert "seq 2 operation" in broken(house)


def test_p4_a_chain_the_handheld_itself_broke_is_named(house: House) -> None:
    house.assigned("SF1")
    phone = house.phone()
    begins(house, phone)
    notes(phone, 1)
    phone.tape.envelopes[1]["prev"] = "0" * 64
    phone.push()
    assert "seq 2 operation" in broken(house)
    assert "does not name the hash" in broken(house)


def test_p16_a_log_that_was_begun_anew_shows_no_gap_and_counts_nothing_twice(house: House) -> None:
    """What had arrived comes again in another log; there it has no row, and yet nothing is missing."""
    house.assigned("SF1")
    phone = house.phone()
    begins(house, phone)
    notes(phone, 3)
    phone.push()
    before, phone.tape.incarnation = phone.tape.envelopes, uuid7()
    phone.tape.envelopes, phone.acked = [], 0
    for op in before[2:]:
        kept = {name: op[name] for name in ("op_id", "at", "mono", "boot")}
        phone.tape.record(op["type"], op["entity"], op["payload"], **kept)
    notes(phone, 1)
    closes(phone, 5)
    phone.push()
    assert house.count(RepeatedPlace) == 2
    assert "recorded 5, confirmed 5, waiting 0, refused 0; chain whole" in whole(house)
    plant(house, delete(RepeatedPlace).where(RepeatedPlace.seq == 2))
    assert f"log {phone.tape.incarnation}: seq 2 missing" in broken(house)


def test_p32_a_spare_handheld_of_the_shift_is_said_apart(house: House) -> None:
    phone = a_shift(house)
    spare = house.phone()
    spare.tape.at = phone.tape.envelopes[1]["at"]
    notes(spare, 2)
    spare.push()
    assert "refused 0, on other handhelds 2; chain whole" in whole(house)


def test_p4_every_operation_of_the_house_fits_its_hash(house: House) -> None:
    """What the audit takes for granted of both databases: a body read back has the hash it came with."""
    phone = a_shift(house)
    phone.sends("task.noted", f"task:{task_id('SF1')}", {"text": '\u2028 😀 é \\ " 1e5'})
    with house.app.app_context():
        rows = db.session.scalars(select(Operation).where(Operation.seq.is_not(None))).all()
        assert [row.seq for row in rows if evidence_hash(row.envelope) != row.body_hash] == []
        db.session.remove()
