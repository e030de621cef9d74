"""What the pipeline tells the house."""

from dataclasses import dataclass

from server.ops.batch import Item


@dataclass(frozen=True)
class OperationDecided:
    """An operation was decided and its effect is on the board; nothing is written yet."""

    item: Item


@dataclass(frozen=True)
class EntitiesCreated:
    """Entities the log had not known before are on the board."""

    entities: tuple[str, ...]


@dataclass(frozen=True)
class PlanChanged:
    """Which parcels a station expects has changed: its manifest is out of date."""

    station_id: str


@dataclass(frozen=True)
class StatusChanged:
    """A task has come to a state its customer wants to hear of; `status` is one of the task's, `at` the deed's time."""

    op_id: str
    op_type: str
    task_id: str
    station_id: str
    customer_id: str
    status: str
    at: int


@dataclass(frozen=True)
class OutcomeWithdrawn:
    """An outcome that stood counts no longer: `by_op` (a correction or a decision) took operation `op_id` back."""

    op_id: str
    by_op: str
    task_id: str
    station_id: str
    customer_id: str


@dataclass(frozen=True)
class ConsentAsked:
    """The courier at the door asks whether somebody else (`kind`) may take the parcel."""

    op_id: str
    task_id: str
    station_id: str
    customer_id: str
    kind: str


@dataclass(frozen=True)
class MessageSent:
    """The station has told couriers something."""

    op_id: str
    message_id: str
    station_id: str
    courier_ids: tuple[str, ...]


@dataclass(frozen=True)
class ListChanged:
    """Somebody else has changed a courier's list; one event for each courier and change of a transaction.

    `change` is `new` (tasks he did not hold before), `changed` (cancelled, another window, another special request, an
    outcome that a desk reported in his name) or `removed`; `op_id` is one of the operations that did it, the same in
    every event of the transaction.
    """

    courier_id: str
    station_id: str
    change: str
    task_ids: tuple[str, ...]
    op_id: str
