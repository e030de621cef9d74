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
