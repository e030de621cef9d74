"""Dead letters: what the desk sees of them, and sending them again."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from server.cli import main
from tests.server.notifications.scene import Browser, Scene
from tests.server.notifications.strangers import say
from tests.server.ops.house import WAYBILL, House

PATH = "/api/v1/notices/dead"


def dead_one(house: House, scene: Scene) -> Browser:
    """A delivered parcel whose notice the push service refused for good."""
    browser = scene.customer(house.assigned())
    browser.then(say(413), say(201))
    house.phone().delivers()
    scene.work()
    return browser


def test_the_desk_sees_a_dead_letter_and_sends_it_again(house: House, scene: Scene) -> None:
    browser = dead_one(house, scene)
    answer = house.desk().get(PATH)
    assert answer.status_code == 200, answer.text
    (letter,) = answer.json["notices"]
    assert (letter["kind"], letter["to"], letter["reason"]) == ("delivered", "customer", "answer_413")
    assert (letter["waybill"], letter["attempts"], letter["courier"]) == (WAYBILL, 1, None)
    assert "王小明" not in answer.text and browser.endpoint not in answer.text
    assert house.desk(house.cast.far_dispatcher).get(PATH).json["notices"] == []
    path = f"{PATH}/{letter['id']}/replay"
    assert house.desk(house.cast.far_dispatcher).post(path).status_code == 404
    house.clock.advance(hours=30)
    assert house.desk(house.cast.ada).post(path).status_code == 200
    scene.work()
    assert [one["kind"] for one in browser.shown()] == ["delivered", "delivered"]
    assert house.desk().get(PATH).json["notices"] == []
    assert house.desk().post(path).status_code == 404, "it is sent"


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_a_dead_courier_notice_names_the_courier(house: House, scene: Scene) -> None:
    _, browser = scene.handheld()
    browser.then(say(400))
    house.assigned()
    scene.work(ms=4_000)
    (letter,) = house.desk().get(PATH).json["notices"]
    assert (letter["to"], letter["courier"]["name"], letter["kind"]) == ("courier", "阿良", "task_new")
    # What comes after a dead letter does not wait for it, and says it too.
    browser.then(say(201))
    house.assigned("SF2000000002")
    scene.work(ms=4_000)
    assert browser.shown()[-1]["title"] == "新任务 2 个"
    assert house.desk().get(PATH).json["notices"] == [], "there is nothing left in it to be told"


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_a_dead_letter_that_is_not_true_any_more_is_neither_shown_nor_sent(
    house: House, scene: Scene
) -> None:
    browser = scene.customer(house.assigned())
    browser.then(say(413), say(201))
    phone = house.phone()
    phone.delivers()
    scene.work()
    row = scene.push()
    op = phone.tape.envelopes[-1]
    payload = {"corrects": op["op_id"], "error": "did_not_occur", "note": "wrong"}
    assert phone.sends("operation.corrected", op["entity"], payload)["status"] == "applied"
    scene.work()
    assert house.desk().get(PATH).json["notices"] == []
    assert house.desk().post(f"{PATH}/{row.id}/replay").status_code == 200
    scene.work()
    assert scene.stranger.times(browser.path) == 1


@pytest.mark.parametrize("built", ["sqlite"], indirect=True, scope="session")
def test_the_command_lists_and_replays(house: House, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = dead_one(house, scene)
    settings = scene.app.extensions["doorstep_settings"]
    for name, value in (
        ("DATABASE_URL", settings.database_url),
        ("DOORSTEP_DATA", str(settings.data)),
        ("DOORSTEP_ENV", "test"),
    ):
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["outbox", *arguments])
        return done.exit_code, done.output

    code, said = run("dead")
    row = scene.push().id
    assert code == 0 and row in said and "answer_413" in said
    assert WAYBILL not in said and "王小明" not in said and browser.path not in said
    assert run("replay")[0] == 2
    assert run("replay", "nobody") == (
        1,
        "0 of 1 will be tried again\nError: not among the dead letters: nobody\n",
    )
    assert run("replay", row) == (0, "1 of 1 will be tried again\n")
    assert run("replay", "--all") == (0, "0 of 0 will be tried again\n")
    assert run("dead") == (0, "no dead letters\n")
    scene.work()
    assert scene.stranger.times(browser.path) == 2
