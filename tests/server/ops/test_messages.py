"""Messages of the station to its couriers: to one, to several, to all; who has them and who has read them (P2, P24)."""

from __future__ import annotations

from typing import Any

import pytest

from server.auth.policy import UserView
from server.core.ids import uuid7
from tests.server.ops.house import WAYBILL, House, Phone
from tests.server.ops.test_announce import told


def send(house: House, *to: UserView, task: str | None = None, **over: Any) -> tuple[str, dict[str, Any]]:
    """A message from the desk; answers its entity and the result."""
    entity = f"message:{uuid7()}"
    payload = {
        "station": over.pop("station", house.cast.home.id),
        "to": [courier.id for courier in to],
        "task": task,
        "text": "北门封路，请走东门",
    }
    return entity, house.tell("message.sent", entity, payload, **over)


def shown(house: House, **query: Any) -> dict[str, Any]:
    """What the desk's list says."""
    response = house.desk().get("/api/v1/dispatch/messages", query_string=query)
    assert response.status_code == 200, response.text
    return dict(response.json)


def heard(house: House) -> list[tuple[str, bool, bool]]:
    """(name, received, read) of the newest message's readers."""
    readers = shown(house)["messages"][0]["readers"]
    return [
        (one["courier"]["name"], one["received_at"] is not None, one["read_at"] is not None)
        for one in readers
    ]


def messages(phone: Phone) -> list[dict[str, Any]]:
    phone.pull()
    mine = phone.mirror.get(f"notices:{phone.courier.id}", {})
    return [row["body"] for entity, row in mine.items() if entity.startswith("message:")]


def test_p24_a_message_reaches_each_courier_it_is_for_and_nobody_else(house: House) -> None:
    task = house.assigned()
    cast = house.cast
    entity, result = send(house, cast.liang, task=task)
    assert result["status"] == "applied", result
    [row] = messages(house.phone(cast.liang))
    assert (f"message:{row['message']}", row["text"], row["task"]) == (entity, "北门封路，请走东门", task)
    assert (row["waybill"], row["by_name"]) == (WAYBILL, cast.dora.name)
    assert (row["received_at"], row["read_at"]) == (None, None)
    assert messages(house.phone(cast.bei)) == []


def test_p24_the_desk_sees_who_has_it_and_who_has_read_it(house: House) -> None:
    cast = house.cast
    entity, _ = send(house, cast.liang, cast.bei)
    names = cast.liang.name, cast.bei.name
    assert heard(house) == [(names[0], False, False), (names[1], False, False)]
    first, second = house.phone(cast.liang), house.phone(cast.bei)
    first.sends("message.received", entity, {})
    second.sends("message.read", entity, {})
    assert heard(house) == [(names[0], True, False), (names[1], True, True)]
    first.sends("message.read", entity, {})
    again = first.sends("message.read", entity, {})
    assert again["status"] == "merged"
    assert heard(house) == [(names[0], True, True), (names[1], True, True)]
    [mine] = messages(first)
    assert mine["read_at"] is not None
    moments = [one for reader in shown(house)["messages"][0]["readers"] for one in reader.values()]
    assert None not in moments


def test_p24_what_one_courier_tells_moves_no_other_couriers_row(house: House) -> None:
    cast = house.cast
    entity, _ = send(house, cast.liang, cast.bei)
    phone = house.phone(cast.bei)
    phone.pull()
    house.phone(cast.liang).sends("message.read", entity, {})
    assert phone.pull()[f"notices:{cast.bei.id}"] == {}


def test_p2_messages_stand_in_the_ledger_and_with_their_task(house: House) -> None:
    task = house.assigned()
    entity, _ = send(house, house.cast.liang, task=task)
    phone = house.phone()
    phone.sends("message.received", entity, {})
    phone.sends("message.read", entity, {})
    assert [row.type for row in house.log(entity=entity)] == [
        "message.sent",
        "message.received",
        "message.read",
    ]
    detail = house.desk().get(f"/api/v1/dispatch/tasks/{task}").json
    assert [one["type"] for one in detail["timeline"]].count("message.sent") == 1


def test_p2_handhelds_with_push_are_told_that_there_is_a_message_and_not_what_it_says(house: House) -> None:
    cast = house.cast
    send(house, cast.liang, cast.bei)
    [notice] = told(house)
    assert (notice["about"], notice["couriers"]) == ("message", [cast.liang.id, cast.bei.id])
    assert "北门" not in str(notice)


@pytest.mark.parametrize("who", ["far courier", "nobody", "dispatcher"])
def test_p18_only_couriers_of_the_station_are_written_to(house: House, who: str) -> None:
    cast = house.cast
    if who == "nobody":
        payload = {"station": cast.home.id, "to": [uuid7()], "task": None, "text": "?"}
        result = house.tell("message.sent", f"message:{uuid7()}", payload)
    else:
        _, result = send(house, cast.far_courier if who == "far courier" else cast.dora)
    assert (result["status"], result["code"]) == ("quarantined", "unknown_courier")
    assert shown(house)["messages"] == []


def test_p18_about_a_task_of_the_station_or_about_none(house: House) -> None:
    cast = house.cast
    _, result = send(house, cast.liang, task=uuid7())
    assert (result["status"], result["code"]) == ("quarantined", "unknown_entity")
    _, result = send(house, cast.liang, station=cast.away.id)
    assert (result["status"], result["code"]) == ("quarantined", "forbidden")


def test_p18_nobody_tells_of_a_message_that_is_for_others(house: House) -> None:
    entity, _ = send(house, house.cast.liang)
    result = house.phone(house.cast.bei).sends("message.read", entity, {})
    assert (result["status"], result["code"]) == ("quarantined", "forbidden")
    result = house.phone().sends("message.read", f"message:{uuid7()}", {})
    assert (result["status"], result["code"]) == ("deferred", "awaiting_entity")


def test_a_courier_and_a_stranger_send_nothing_and_another_station_sees_nothing(house: House) -> None:
    cast = house.cast
    payload = {"station": cast.home.id, "to": [cast.bei.id], "task": None, "text": "?"}
    result = house.phone().sends("message.sent", f"message:{uuid7()}", payload)
    assert (result["status"], result["code"]) == ("quarantined", "forbidden")
    send(house, cast.liang)
    [far] = [house.desk(cast.far_dispatcher).get("/api/v1/dispatch/messages").json]
    assert far["messages"] == []


def test_older_messages_come_page_by_page(house: House) -> None:
    sent = [send(house, house.cast.liang)[0] for _ in range(3)]
    page = shown(house, limit=2)
    assert [f"message:{one['id']}" for one in page["messages"]] == [sent[2], sent[1]]
    assert page["more"]
    rest = shown(house, limit=2, before=page["messages"][-1]["id"])
    assert ([f"message:{one['id']}" for one in rest["messages"]], rest["more"]) == ([sent[0]], False)


def test_the_desk_is_told_to_look_again(house: House) -> None:
    before = house.desk().get("/api/v1/dispatch/changes?after=0").json["position"]
    entity, _ = send(house, house.cast.liang)
    assert house.desk().get(f"/api/v1/dispatch/changes?after={before}").json["couriers"]
    before = house.desk().get(f"/api/v1/dispatch/changes?after={before}").json["position"]
    house.phone().sends("message.read", entity, {})
    assert house.desk().get(f"/api/v1/dispatch/changes?after={before}").json["couriers"]
