"""Every kind of conflict there is: how it comes up, what the inbox shows, what each decision does, and its undoing."""

from __future__ import annotations

from typing import Any

import pytest

from server.conflicts.policy import UNDO_MS
from sync.tables import CASE_KINDS
from tests.builders import draft
from tests.server.ops.house import WAYBILL, House, Phone
from tests.server.ops.threads import together
from tests.server.stories.money import Scene
from tests.server.stories.scenes import HOUR, SCENES

INBOX = "/api/v1/dispatch/conflicts"
STORIES = [(kind, at) for kind, scenes in SCENES.items() for at in range(len(scenes))]


def play(house: House, kind: str, at: int) -> Scene:
    scene = SCENES[kind][at](house)
    assert scene.look() == scene.stands
    return scene


def told(phone: Phone, case: str) -> list[tuple[str, str | None, str | None]]:
    """What a handheld has heard of a case: (kind, outcome, reason) of each notice, oldest first."""
    phone.pull()
    return [
        (one["kind"], one["outcome"], one["reason"]) for one in phone.notices() if one["conflict"] == case
    ]


def money_and_records(house: House, scene: Scene) -> dict[str, Any]:
    """Everything a decision could have moved."""
    names = [f"{kind}:{scene.task}" for kind in ("task", "obligation")] if scene.task else []
    return {name: house.record(name) for name in names} | {"look": scene.look()}


def shown(house: House, case: str) -> dict[str, Any]:
    """A case but for how often its task has moved."""
    found = house.case(case)
    summary = {k: v for k, v in (found["summary"] or {}).items() if k not in ("rev", "updated_at")}
    return found | {"summary": summary}


def undo(house: House, case: str, decision: str, **over: Any) -> dict[str, Any]:
    return house.tell("conflict.undone", f"conflict:{case}", {"decision": decision}, **over)


def test_every_kind_of_case_has_a_story() -> None:
    assert set(SCENES) == set(CASE_KINDS), "tell a story in tests/server/stories/scenes.py for each kind"


@pytest.mark.parametrize(("kind", "at"), STORIES)
def test_p22_the_inbox_shows_both_versions_with_evidence_clocks_owner_and_deadline(
    house: House, kind: str, at: int
) -> None:
    scene = play(house, kind, at)
    [row] = [one for one in house.desk().get(INBOX).json["conflicts"] if one["id"] == scene.case]
    shown = house.desk().get(f"{INBOX}/{scene.case}").json
    assert {**shown, "raw": None, "sides": None} == {**row, "raw": None, "sides": None}
    assert (shown["kind"], shown["status"], shown["task"]) == (kind, "open", scene.task)
    assert (shown["mine_author_name"], shown["theirs_author_name"]) == (
        scene.mine_author,
        scene.theirs_author,
    )
    assert scene.mine.items() <= shown["mine"].items() and scene.theirs.items() <= shown["theirs"].items()
    assert (shown["suggested"], shown["outcomes"]) == (scene.suggested, list(CASE_KINDS[kind]["outcomes"]))
    assert shown["owner_name"] == scene.owner
    assert shown["due_at"] - shown["opened_at"] == scene.hours * HOUR
    assert shown["waybill"] == (WAYBILL if scene.task else None)
    assert shown["decision"] is None and shown["undo_until"] is None
    mine, theirs = shown["sides"]["mine"], shown["sides"]["theirs"]
    assert len(shown["evidence"]) == scene.evidence
    if kind != "device_lost":
        assert mine["clocks"]["received_at"] is not None
        assert len(mine["evidence"]) == scene.evidence
    assert (theirs is not None) == (scene.theirs_author is not None)
    for side in (mine, theirs):
        if side is not None and side["device"] and side["type"]:
            assert side["clocks"]["corrected_at"] == side["clocks"]["at"] + side["clocks"]["skew_ms"]
    assert (shown["raw"] is not None) == (kind == "quarantined")


@pytest.mark.parametrize(("kind", "at"), STORIES)
def test_p22_each_decision_does_what_it_says_is_told_to_both_and_can_be_undone(
    house: House, kind: str, at: int
) -> None:
    scene = play(house, kind, at)
    before, open_before = money_and_records(house, scene), shown(house, scene.case)
    outcomes = CASE_KINDS[kind]["outcomes"]
    for turn, outcome in enumerate(outcomes):
        decision = decide(house, scene, outcome)
        too_late(house, scene, outcomes[-1])
        assert undo(house, scene.case, decision, by=house.cast.chen)["status"] == "applied"
        assert money_and_records(house, scene) == before
        assert shown(house, scene.case) == open_before
        for phone in scene.told:
            assert [one[0] for one in told(phone, scene.case)] == ["decided", "undone"] * (turn + 1)
        assert undo(house, scene.case, decision)["status"] == "merged"
    for phone in scene.untold:
        assert told(phone, scene.case) == []


def decide(house: House, scene: Scene, outcome: str) -> str:
    """Dora decides: the record says so, the case says so, and so do the handhelds; answers the decision's id."""
    assert house.decide(scene.case, outcome, "looked into")["status"] == "applied"
    assert scene.look() == scene.then.get(outcome, scene.stands)
    decided = house.case(scene.case)
    assert (decided["status"], decided["decided_by_name"]) == ("decided", "Dora")
    assert (decided["decision"]["outcome"], decided["decision"]["reason"]) == (outcome, "looked into")
    assert decided["undo_until"] is not None
    for phone in scene.told:
        assert told(phone, scene.case)[-1] == ("decided", outcome, "looked into")
    return str(decided["decision"]["op_id"])


def too_late(house: House, scene: Scene, outcome: str) -> None:
    """Somebody else decides the same case: nothing moves, and the case says whose word stands."""
    after = money_and_records(house, scene)
    late = house.decide(scene.case, outcome, "me too", by=house.cast.chen)
    assert (late["status"], late["code"]) == ("merged", None)
    assert money_and_records(house, scene) == after
    assert house.case(scene.case)["decided_by_name"] == "Dora"


@pytest.mark.parametrize("kind", ["cancelled", "second_payment", "disputed"])
def test_p22_two_dispatchers_at_the_same_moment_make_one_decision(house: House, kind: str) -> None:
    scene = play(house, kind, 0)
    desks = {"mine": house.desk(), "theirs": house.desk(house.cast.chen)}
    results = together(
        [
            lambda desk=desk, outcome=outcome: desk.submit(at_once(scene.case, outcome))[0]["status"]
            for outcome, desk in desks.items()
        ]
    )
    assert sorted(results) == ["applied", "merged"]
    winner = list(desks)[results.index("applied")]
    decided = house.case(scene.case)
    assert decided["decision"]["outcome"] == winner
    assert decided["decided_by_name"] == desks[winner].person.name
    assert scene.look() == scene.then.get(winner, scene.stands)
    for phone in scene.told:
        assert [one[:2] for one in told(phone, scene.case)] == [("decided", winner)]


def at_once(case: str, outcome: str) -> dict[str, Any]:
    return draft("conflict.decided", f"conflict:{case}", {"outcome": outcome, "reason": "at once"})


def test_p22_after_ten_minutes_a_decision_stands(house: House) -> None:
    scene = play(house, "cancelled", 0)
    house.decide(scene.case, "theirs")
    made = house.case(scene.case)["decision"]["op_id"]
    house.clock.advance(minutes=UNDO_MS // 60_000 + 1)
    result = undo(house, scene.case, made)
    assert (result["status"], result["code"]) == ("quarantined", "undo_expired")
    assert scene.look() == scene.then["theirs"]
    assert house.case(scene.case)["undo_until"] is None


def test_p22_a_case_changes_hands_and_nobody_takes_it_unseen(house: House) -> None:
    scene = play(house, "cancelled", 0)
    dora, chen, ada = house.cast.dora, house.cast.chen, house.cast.ada

    def give(to: str | None, saw: str | None, by: Any) -> str:
        base = {"owner": saw}
        result = house.tell("conflict.assigned", f"conflict:{scene.case}", {"owner": to}, base=base, by=by)
        return str(result["status"])

    assert give(chen.id, dora.id, dora) == "applied"
    assert give(ada.id, dora.id, ada) == "merged"
    assert house.case(scene.case)["owner_name"] == "陈晨"
    due = house.case(scene.case)["due_at"]
    assert give(None, chen.id, chen) == "applied"
    assert house.case(scene.case)["owner"] is None and house.case(scene.case)["due_at"] == due
    assert [one["id"] for one in house.desk().get(f"{INBOX}?owner=none").json["conflicts"]] == [scene.case]
