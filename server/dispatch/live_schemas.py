"""Shapes of what the desk keeps up with: changes, the map, saved filters."""

from marshmallow import RAISE, Schema, fields, validate

from server.dispatch.schemas import CourierPosition, TaskFilter, word
from sync.schemas.fields import (
    STATUSES,
    TASK_KINDS,
    array,
    boolean,
    identity,
    integer,
    line,
    moment,
    nested,
    one_of,
)


class ChangesQuery(Schema):
    """The place in the log the desk has seen."""

    after = fields.Integer(required=True, validate=validate.Range(min=0, max=2**53 - 1))


class Look(Schema):
    """What to look at again: tasks by id (null: all of them), the couriers, the cases; and how far the log reaches."""

    position = integer(0)
    tasks = fields.List(identity(), required=True, allow_none=True)
    couriers = boolean()
    cases = boolean()
    at = moment()


class MapCourier(Schema):
    """A courier on the map; off shift he is nowhere."""

    id = identity()
    name = word()
    position = nested(CourierPosition, nullable=True)
    last_heard = moment(nullable=True)
    left = integer(0)
    done = integer(0)


class MapStop(Schema):
    """A task with a place."""

    task = identity()
    lat_e7 = integer()
    lng_e7 = integer()
    status = one_of(STATUSES)
    kind = one_of(TASK_KINDS)
    courier = identity(nullable=True)
    sequence = integer(nullable=True)


class MapTiles(Schema):
    """Where the map's ground comes from; null without the setting DOORSTEP_TILES."""

    url = word(nullable=True)
    attribution = word(nullable=True)


class Map(Schema):
    """Couriers, stops and ground."""

    couriers = array(nested(MapCourier))
    stops = array(nested(MapStop))
    tiles = nested(MapTiles)
    as_of = moment()


class FilterQuery(TaskFilter):
    """The keys of a task filter, as they are kept: only those that narrow."""

    class Meta:
        unknown = RAISE


class NewFilter(Schema):
    """A filter to keep."""

    class Meta:
        unknown = RAISE

    name = line(60)
    query = nested(FilterQuery)
    shared = boolean()


class SavedFilter(Schema):
    """A filter with a name; `mine` may be deleted by the caller."""

    id = identity()
    name = word()
    query = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)
    shared = boolean()
    mine = boolean()


class SavedFilters(Schema):
    """The caller's own filters and those of his station."""

    filters = array(nested(SavedFilter))
