"""Reference data of a station, put into its scope whenever it differs from what was published (P24)."""

from sqlalchemy import select

from server.auth import queries as auth_queries
from server.auth.policy import StationView
from server.core import jsontext
from server.core.db import db, read, transaction
from server.ops import scopes
from server.ops.models import Projection
from server.ops.scopes import Move
from sync.tables import REASONS_VERSION


def publish_all() -> None:
    """Brings the reference row of every station up to date; a job of the worker."""
    with read():
        stale = [station for station in auth_queries.stations() if _published(station) != _body(station)]
    for station in stale:
        with transaction():
            entity = f"station:{station.id}"
            revs = scopes.project({entity: _body(station)})
            scopes.move([Move(scopes.reference_scope(station.id), entity, True)], revs)


def _published(station: StationView) -> dict[str, str] | None:
    query = select(Projection.body).where(Projection.entity == f"station:{station.id}")
    text = db.session.scalars(query).first()
    return None if text is None else jsontext.read(text)


def _body(station: StationView) -> dict[str, str]:
    return {
        "id": station.id,
        "code": station.code,
        "name": station.name,
        "timezone": station.timezone,
        "currency": station.currency,
        "reasons_version": REASONS_VERSION,
    }
