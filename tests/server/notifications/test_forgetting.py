"""Nothing about who was told what is kept for ever."""

from __future__ import annotations

from server.core.db import transaction
from server.links import service as links
from server.notifications import forgetting
from tests.server.notifications.scene import Scene
from tests.server.ops.house import House

DAY = 24


def forget(scene: Scene) -> None:
    with scene.app.app_context():
        forgetting.forget_old()


def test_a_month_later_nobody_knows_who_was_told(house: House, scene: Scene) -> None:
    task = house.assigned()
    scene.customer(task)
    _, courier = scene.handheld()
    phone = house.phone()
    phone.sends("task.out_for_delivery", f"task:{task}", {})
    scene.work()
    assert len(scene.messages()) == 2 and len(scene.subscriptions()) == 2

    house.clock.advance(hours=29 * DAY)
    forget(scene)
    assert len(scene.messages()) == 2 and len(scene.subscriptions()) == 2
    # Her link was renewed meanwhile: she can still be told of this parcel.
    record = house.record(f"task:{task}")
    assert record is not None
    with scene.app.app_context(), transaction():
        links.issue(task, record["station"], record["customer"])
    house.clock.advance(hours=2 * DAY)
    forget(scene)
    assert scene.messages() == [] and len(scene.subscriptions()) == 2
    house.clock.advance(hours=29 * DAY)
    forget(scene)
    assert [one.endpoint for one in scene.subscriptions()] == [courier.endpoint]


def test_only_old_browsers_of_links_that_are_over_are_forgotten(house: House, scene: Scene) -> None:
    withdrawn, living = house.assigned("SF1470392001"), house.assigned("SF1470392002")
    gone, kept = scene.customer(withdrawn), scene.customer(living)
    house.clock.advance(hours=31 * DAY)
    for task in (withdrawn, living):
        record = house.record(f"task:{task}")
        assert record is not None
        with scene.app.app_context(), transaction():
            links.issue(task, record["station"], record["customer"])
    forget(scene)
    assert len(scene.subscriptions()) == 2
    young = scene.customer(withdrawn)
    with scene.app.app_context(), transaction():
        assert links.withdraw(withdrawn)
    forget(scene)
    left = {one.endpoint for one in scene.subscriptions()}
    assert left == {kept.endpoint, young.endpoint} and gone.endpoint not in left
