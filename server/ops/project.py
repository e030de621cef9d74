"""What handhelds will see of a batch: ready-made rows and the moves between scopes (P24, P28)."""

from collections import defaultdict
from typing import Any

from server.conflicts import queries as conflict_queries
from server.core import pins
from server.core.records import Record
from server.ops import scopes
from server.ops.batch import Batch, split, task_of
from server.ops.scopes import Move
from server.tasks import queries as task_queries
from sync.door import consents_here
from sync.requests import belongs

TERMINAL = ("delivered", "picked_up", "returned", "cancelled")


def affected_tasks(batch: Batch) -> list[str]:
    """Tasks of which any part moved: the task, its parcel, customer or obligation, or a case about it."""
    moved = batch.board.moved
    cases = {batch.board.records[entity]["task"] for entity in moved if split(entity)[0] == "conflict"}
    return sorted(
        task_id
        for task_id, task in batch.board.of_kind("task")
        if task_id in cases
        or moved
        & {
            f"task:{task_id}",
            f"parcel:{task['parcel']}",
            f"customer:{task['customer']}",
            f"obligation:{task_id}",
        }
    )


def task_rows(batch: Batch, task_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Entity -> body of each task row; call it after the records of the batch are written.

    A task nobody holds is on nobody's list; its row is made when somebody gets it.
    """
    records = batch.board.records
    held = [task_id for task_id in task_ids if _holders(batch, task_id)]
    open_cases = conflict_queries.open_of_tasks(held)
    return {f"task:{task_id}": _row(records, task_id, open_cases.get(task_id)) for task_id in held}


def _holders(batch: Batch, task_id: str) -> set[str]:
    """Who holds a task now, and who held it when the batch began."""
    loaded = batch.board.loaded.get(f"task:{task_id}")
    both = (batch.board.records[f"task:{task_id}"]["courier"], loaded.record["courier"] if loaded else None)
    return {courier for courier in both if courier}


def _row(records: dict[str, Record], task_id: str, case: str | None) -> dict[str, Any]:
    task = records[f"task:{task_id}"]
    customer = records[f"customer:{task['customer']}"]
    secured = task.get("pin_required") and task["status"] not in TERMINAL
    return {
        "task": task,
        "parcel": records[f"parcel:{task['parcel']}"],
        "customer": {
            "id": customer["id"],
            "name": customer["name"],
            "phone": customer["phone"],
            "language": customer["language"],
            "requests": [
                request for request in customer["requests"] if request["active"] and belongs(request, task)
            ],
            "consents": consents_here(customer, task),
        },
        "obligation": records.get(f"obligation:{task_id}"),
        "conflict": case,
        **({"pin": pins.digest_of_task(task_id)} if secured else {}),
    }


def task_moves(batch: Batch, task_ids: list[str]) -> list[Move]:
    """Where the rows go: out of the former holder's scope, into the present one's.

    A finished task that has left a list with its shift stays off it, whatever is decided about it later.
    """
    moves: list[Move] = []
    here: dict[str, list[str]] = defaultdict(list)
    for task_id in task_ids:
        entity = f"task:{task_id}"
        task = batch.board.records[entity]
        loaded = batch.board.loaded.get(entity)
        before = loaded.record["courier"] if loaded else None
        if before and before != task["courier"]:
            moves.append(Move(scopes.courier_scope(before), entity, False, _why_gone(task, before)))
        if task["courier"]:
            here[scopes.courier_scope(task["courier"])].append(entity)
    for scope, entities in here.items():
        over = {one for one in entities if batch.board.records[one]["status"] in TERMINAL}
        left = over - scopes.held(scope, over).keys()
        moves += [Move(scope, entity, True) for entity in entities if entity not in left]
    return moves + _cleared(batch)


def _why_gone(task: Record, before: str) -> str:
    """By a desk's plan, or given to a colleague on the road."""
    known = task.get("handover")
    on_the_road = known is not None and (known["giver"], known["taker"]) == (before, task["courier"])
    return "handed_over" if on_the_road else "reassigned"


def _cleared(batch: Batch) -> list[Move]:
    """A closed shift takes the finished tasks off the courier's list."""
    moves = []
    for courier in sorted(batch.closed_shifts):
        scope = scopes.courier_scope(courier)
        for entity in scopes.tasks_in(scope):
            record = batch.board.records.get(entity)
            if record is not None and record["status"] in TERMINAL and record["courier"] == courier:
                moves.append(Move(scope, entity, False, "shift_closed"))
    return moves


def listed_tasks(courier: str) -> list[str]:
    """Entities that closing a courier's shift concerns: his list, and hand-overs only one side has told of."""
    half = [f"task:{task_id}" for task_id in task_queries.half_handed_over(courier)]
    return [*scopes.tasks_in(scopes.courier_scope(courier)), *half]


def station_of(batch: Batch, op: dict[str, Any]) -> str:
    """The station an operation is filed under: that of its task, else of its writer."""
    task = batch.board.records.get(f"task:{task_of(op)}")
    return str(task["station"]) if task else batch.writer.station_id
