"""What physically happened, when plan and reality disagree (P19)."""

from __future__ import annotations

import pytest

from sync.canonical import derive
from tests.builders import parcel_id, task_id
from tests.server.ops.house import WAYBILL, House
from tests.server.ops.test_announce import told


def test_p19_a_signature_for_a_cancelled_parcel_stands_and_opens_a_case_with_both_versions(
    house: House,
) -> None:
    task = house.assigned()
    phone = house.phone()
    house.cancel(task, reason="寄件人召回")
    result = phone.delivers(recipient="family")
    assert (result["status"], house.status(task)) == ("conflict", "delivered")
    record = house.record(f"task:{task}")
    assert record["cancelled"]["reason"] == "寄件人召回"
    assert record["outcome"]["recipient"] == "family"
    case = house.case(result["conflict"])
    assert (case["kind"], case["suggested"], case["rule"]) == ("cancelled", "mine", "P19")
    assert (case["mine"]["recipient"], case["theirs"]["reason"]) == ("family", "寄件人召回")
    assert (case["mine_author_name"], case["theirs_author_name"]) == ("阿良", "Dora")
    assert case["waybill"] == WAYBILL
    assert case["due_at"] - case["opened_at"] == 3_600_000


def test_p19_a_parcel_cancelled_after_it_was_signed_stays_delivered(house: House) -> None:
    task = house.assigned()
    house.phone().delivers()
    result = house.cancel(task)
    assert (result["status"], house.status(task)) == ("conflict", "delivered")
    assert house.record(f"task:{task}")["cancelled"] is None
    case = house.case(result["conflict"])
    assert (case["kind"], case["suggested"]) == ("state", "theirs")


def test_p19_a_cancelled_parcel_that_could_not_be_delivered_anyway(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    house.cancel(task)
    result = phone.fails()
    assert result["status"] == "conflict"
    record = house.record(f"task:{task}")
    assert (record["status"], record["attempts"]) == ("attempt_failed", 1)


def test_p19_the_courier_who_lost_the_task_but_did_the_work(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    house.reassign(task, house.cast.liang, house.cast.bei)
    result = phone.delivers()
    assert (result["status"], house.status(task)) == ("conflict", "delivered")
    case = house.case(result["conflict"])
    assert (case["kind"], case["suggested"]) == ("reassigned", "mine")
    assert case["theirs"]["courier"] == house.cast.bei.id
    other = house.phone(house.cast.bei)
    other.pull()
    body = other.rows()[f"task:{task}"]
    assert (body["task"]["status"], body["conflict"]) == ("delivered", case["id"])


@pytest.mark.parametrize("first", ["delivered", "failed"])
def test_p19_the_lower_rank_never_lowers_the_state_whichever_comes_first(house: House, first: str) -> None:
    """A delivered offline, B (who has the task now) reports a failed attempt: physically only one can be true."""
    task = house.assigned()
    lost, holder = house.phone(), house.phone(house.cast.bei)
    house.reassign(task, house.cast.liang, house.cast.bei)
    if first == "delivered":
        lost.delivers()
        second = holder.fails()
    else:
        holder.fails()
        second = lost.delivers()
    record = house.record(f"task:{task}")
    assert (record["status"], record["outcome"]["author"]) == ("delivered", house.cast.liang.id)
    assert record["attempts"] == 1
    assert second["status"] == "conflict"
    assert house.case(second["conflict"])["kind"] == "contradiction"


def test_p19_two_signatures_for_one_parcel_the_first_stands(house: House) -> None:
    task = house.assigned()
    lost, holder = house.phone(), house.phone(house.cast.bei)
    house.reassign(task, house.cast.liang, house.cast.bei)
    holder.delivers(recipient="self")
    second = lost.delivers(recipient="neighbour")
    assert house.record(f"task:{task}")["outcome"]["recipient"] == "self"
    case = house.case(second["conflict"])
    assert (case["kind"], case["suggested"]) == ("contradiction", "theirs")
    assert (case["mine"]["recipient"], case["theirs"]["recipient"]) == ("neighbour", "self")


def test_p19_facts_never_fail_on_an_old_revision(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.tape.delivered(WAYBILL)
    phone.tape.envelopes[0]["base_rev"] = 1
    for number in range(3):
        house.tell("task.noted", f"task:{task}", {"text": f"meanwhile {number}"})
    assert phone.push()[0]["status"] == "applied"


def test_p19_a_scan_counts_whoever_makes_it_and_reaches_the_holder(house: House) -> None:
    task = house.assigned()
    mine, other = house.phone(), house.phone(house.cast.bei)
    mine.pull()
    scan = {"code": WAYBILL, "waybill": WAYBILL, "source": "wedge", "verdict": "other_route", "task": None}
    assert other.sends("parcel.scanned", f"parcel:{parcel_id(WAYBILL)}", scan)["status"] == "applied"
    new = mine.pull()[mine.scope]
    parcel = new[f"task:{task}"]["body"]["parcel"]
    assert (parcel["scans"], parcel["last_scan"]["author"]) == (1, house.cast.bei.id)


def test_p19_a_scan_cannot_attach_itself_to_a_task_of_another_waybill(house: House) -> None:
    task = house.assigned()
    far = house.phone(house.cast.far_courier)
    scan = {"code": "XX9", "waybill": "XX9", "source": "typed", "verdict": "mine", "task": task}
    assert far.sends("parcel.scanned", f"parcel:{derive('parcel', 'XX9')}", scan)["status"] == "applied"
    timeline = house.desk().get(f"/api/v1/dispatch/tasks/{task}").json["timeline"]
    assert [entry["type"] for entry in timeline] == ["order.imported", "task.assigned"]
    assert house.log(type="parcel.scanned")[0].task_id is None


def test_p20_setting_out_and_arriving_are_told_and_move_only_the_holders_open_task(house: House) -> None:
    task = house.assigned()
    holder, other = house.phone(), house.phone(house.cast.bei)
    assert holder.sends("task.out_for_delivery", f"task:{task}", {})["status"] == "applied"
    assert other.sends("task.arrived", f"task:{task}", {})["status"] == "merged"
    assert house.status(task) == "out_for_delivery"
    assert holder.sends("task.arrived", f"task:{task}", {})["status"] == "applied"
    assert holder.sends("task.out_for_delivery", f"task:{task}", {})["status"] == "merged"
    assert house.status(task) == "arrived"


def test_p20_a_failed_attempt_may_be_followed_by_a_delivery_without_a_case(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    assert phone.fails()["status"] == "applied"
    assert phone.delivers()["status"] == "applied"
    record = house.record(f"task:{task}")
    assert (record["status"], record["attempts"]) == ("delivered", 1)
    assert house.cases() == []


def test_p20_a_new_attempt_is_planned_and_history_stays(house: House) -> None:
    task = house.assigned()
    phone = house.phone()
    phone.fails()
    plan = {"courier": house.cast.bei.id, "window_start": None, "window_end": None}
    base = {"courier": house.cast.liang.id}
    result = house.tell("task.reattempt_planned", f"task:{task}", plan, base=base)
    assert result["status"] == "applied"
    record = house.record(f"task:{task}")
    assert (record["status"], record["courier"], record["outcome"], record["attempts"]) == (
        "assigned",
        house.cast.bei.id,
        None,
        1,
    )
    timeline = house.desk().get(f"/api/v1/dispatch/tasks/{task}").json["timeline"]
    assert "task.attempt_failed" in [entry["type"] for entry in timeline]


def test_p20_a_pickup_cannot_be_delivered(house: House) -> None:
    task = house.assigned(kind="pickup")
    payload = {"recipient": "self", "recipient_name": None, "signature": None, "photos": [], "consent": None}
    result = house.phone().sends("task.delivered", f"task:{task}", payload)
    assert (result["status"], result["code"]) == ("quarantined", "wrong_kind")
    assert house.status(task_id(WAYBILL, "pickup")) == "assigned"


def test_p2_the_desk_may_report_a_delivery_on_behalf_of_the_courier(house: House) -> None:
    task = house.assigned()
    payload = {
        "recipient": "self",
        "recipient_name": None,
        "signature": None,
        "photos": [],
        "consent": None,
    }
    assert house.tell("task.delivered", f"task:{task}", payload)["status"] == "applied"
    assert house.record(f"task:{task}")["outcome"]["author"] == house.cast.dora.id


def test_p2_on_whose_behalf_the_desk_spoke_is_kept_and_he_is_told(house: House) -> None:
    """Author: the dispatcher; the holder stays the holder, sees it on his list with her name, and is told of it."""
    task, phone = house.assigned(), house.phone()
    phone.pull()
    told(house)
    signed = {
        "recipient": "self",
        "recipient_name": None,
        "signature": None,
        "photos": [],
        "consent": None,
    }
    assert house.tell("task.delivered", f"task:{task}", signed)["status"] == "applied"
    [op] = house.log(type="task.delivered")
    record = house.record(f"task:{task}") or {}
    assert (op.author, op.device_id) == (house.cast.dora.id, None)
    assert (record["courier"], record["outcome"]["author"]) == (house.cast.liang.id, house.cast.dora.id)
    changes = [row for row in told(house) if row["about"] == "list"]
    assert [(row["courier"], row["change"], row["tasks"]) for row in changes] == [
        (house.cast.liang.id, "changed", [task])
    ]
    phone.pull()
    assert phone.rows()[f"task:{task}"]["task"]["outcome"]["author"] == house.cast.dora.id


def test_p2_his_own_sign_off_after_it_is_a_second_report_and_nothing_is_lost(house: House) -> None:
    task, phone = house.assigned(), house.phone()
    signed = {
        "recipient": "self",
        "recipient_name": None,
        "signature": None,
        "photos": [],
        "consent": None,
    }
    house.tell("task.delivered", f"task:{task}", signed)
    assert phone.delivers()["status"] == "conflict"
    [case] = house.cases()
    assert (case["kind"], case["mine_author"], case["theirs_author"]) == (
        "contradiction",
        house.cast.liang.id,
        house.cast.dora.id,
    )
    assert len(house.log(type="task.delivered")) == 2


def test_p2_a_desk_signs_off_only_what_somebody_holds_at_its_station(house: House) -> None:
    task = house.assigned()
    signed = {
        "recipient": "self",
        "recipient_name": None,
        "signature": None,
        "photos": [],
        "consent": None,
    }
    for person, code in ((house.cast.far_dispatcher, "forbidden"), (house.cast.chen, "forbidden")):
        refused = house.tell("task.delivered", f"task:{task}", signed, by=person)
        assert (refused["status"], refused["code"]) == ("quarantined", code)
    assert house.status(task) == "assigned"
