"""The migrations: up, in agreement with the models, down, and up again, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, inspect, text

from server.app import create_app
from server.auth import handhelds, service
from server.conflicts import queries as conflicts
from server.core import migrations
from server.core.clock import now_ms
from server.core.config import Settings
from server.core.db import Json, db
from server.crm import queries as crm
from server.tasks import queries as tasks
from sync.canonical import derive
from sync.digest import digest
from sync.schemas.records import RECORDS
from tests.conftest import SECRET, new_postgres_database


@pytest.fixture(params=["sqlite", "postgres"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application on a database without any table."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'bare.db'}"
    else:
        url = new_postgres_database(request.getfixturevalue("postgres_url"), "doorstep_bare")
    app = create_app(Settings(url, tmp_path, SECRET, env="test", log_level="error"))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def test_up_in_agreement_down_and_up_again(bare: Flask) -> None:
    client = bare.test_client()
    assert client.get("/readyz").json == {"status": "unavailable", "reason": "migrations"}
    migrations.upgrade()
    assert {table.name for table in db.metadata.sorted_tables} <= tables()
    migrations.check()
    assert client.get("/readyz").json == {"status": "ok", "database": db.engine.dialect.name}
    migrations.downgrade(revision="base")
    assert tables() == {"alembic_version"}
    migrations.upgrade()
    migrations.check()


def test_the_newest_revisions_read_from_the_files_are_alembics_own() -> None:
    assert migrations.newest() == set(ScriptDirectory(str(migrations.FOLDER)).get_heads())


def test_upgrading_twice_changes_nothing(bare: Flask) -> None:
    migrations.upgrade()
    before = tables()
    migrations.upgrade()
    assert tables() == before


def test_a_model_nobody_migrated_is_noticed(bare: Flask) -> None:
    migrations.upgrade()
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE station DROP COLUMN currency"))
    with pytest.raises(SystemExit):
        migrations.check()


def test_a_failed_change_of_tables_leaves_nothing_half_made(bare: Flask) -> None:
    with pytest.raises(ZeroDivisionError), db.engine.begin() as connection:
        create_half(connection)
    assert tables() == set()


def create_half(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE half (a INTEGER)"))
    raise ZeroDivisionError


def test_foreign_keys_are_on_again_after_a_migration(bare: Flask) -> None:
    migrations.upgrade()
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


FIRST = "d710fe48e7d1"
STATION, CUSTOMER, TASK, PARCEL, CASE = (
    derive("old", name) for name in ("station", "customer", "task", "parcel", "case")
)


def test_what_the_first_house_kept_is_found_again_in_the_next(bare: Flask) -> None:
    """A customer, his task and a decided case as the first version wrote them, through the second's migration."""
    migrations.upgrade(revision=FIRST)
    with db.engine.begin() as connection:
        _live_in_the_first_house(connection)
    migrations.upgrade()
    [customer] = crm.by_ids([CUSTOMER]).values()
    assert (customer["tier"], customer["kind"], customer["contacts"]) == ("casual", "person", [])
    [set_by_hand, ordered] = customer["requests"]
    assert (set_by_hand["source"], ordered["source"]) == ("csr", "order")
    assert RECORDS["customer"]().validate(customer) == {}
    [row], total = tasks.listing(
        STATION, 0, tasks.Filter(text="王小明"), tasks.ordering("sequence", down=False), 10, 0
    )
    assert (total, row.id) == (1, TASK)
    [case], _ = conflicts.listing(STATION, conflicts.CaseFilter(status="decided"), 10)
    assert case["id"] == CASE


FOUR_SIDES, EPOCHS = "44a7f21621a9", "b7d03c9e5f12"


def test_p30_p31_a_database_from_before_gets_its_digests_and_keeps_its_epoch(bare: Flask) -> None:
    migrations.upgrade(revision=FOUR_SIDES)
    with db.engine.begin() as connection:
        _pulled_by_a_handheld(connection)
    migrations.upgrade(revision=EPOCHS)
    with db.engine.connect() as connection:
        scopes = {row.id: row for row in connection.execute(text("SELECT * FROM scopes"))}
        held = digest([("task:one", 4), ("task:two", 1)])
        found = scopes["courier:a"]
        assert (found.digest_count, found.digest_sum, found.floor) == (held.count, held.sum, 0)
        assert (scopes["courier:b"].digest_count, scopes["courier:b"].digest_sum) == (0, 0)
        gone = "SELECT entity, gone_at FROM scope_entities WHERE gone_at IS NOT NULL"
        [(entity, since)] = connection.execute(text(gone)).all()
        assert entity == "task:three" and since > 1_700_000_000_000
        [(epoch, number)] = connection.execute(text("SELECT id, number FROM epochs")).all()
        assert (epoch, number) == ("1", 1)
        heads = dict(connection.execute(text("SELECT incarnation, chain_hash FROM device_heads")).all())
        assert heads == {"i1": "h2", "i2": None}
    migrations.downgrade(revision=FOUR_SIDES)
    migrations.upgrade(revision=EPOCHS)


def test_p31_a_database_no_handheld_has_spoken_to_begins_its_first_epoch_later(bare: Flask) -> None:
    migrations.upgrade(revision=EPOCHS)
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM epochs")).scalar_one() == 0


def test_p34_handhelds_in_use_stay_logged_in_and_revoked_ones_are_not(bare: Flask) -> None:
    migrations.upgrade(revision=EPOCHS)
    with db.engine.begin() as connection:
        _enrolled_before_there_were_logins(connection)
    migrations.upgrade()
    found = {one: handhelds.authenticate(f"credential of {one}", "") for one in ("used", "revoked")}
    used, revoked = found["used"], found["revoked"]
    assert used is not None and used[2] is not None and used[2].until > now_ms() + 29 * handhelds.DAY_MS
    assert revoked is not None and revoked[2] is None and revoked[0].state == "draining"
    assert list(handhelds.worked_on("revoked", [PARCEL])) == [PARCEL]
    db.session.rollback()
    migrations.downgrade(revision=EPOCHS)
    migrations.upgrade()


def _enrolled_before_there_were_logins(connection: Connection) -> None:
    _put(connection, "station", id=STATION, code="HZ01", name="x", timezone="Asia/Shanghai", currency="CNY")
    person = {"station_id": STATION, "username": "liang", "name": "阿良", "role": "courier", "lang": "zh"}
    _put(connection, "user_account", id=PARCEL, created_at=1, **person)
    for device, revoked_at in (("used", None), ("revoked", 5)):
        made = {"id": device, "station_id": STATION, "user_id": PARCEL, "enrolled_at": 1, "head_seq": 0}
        kept = service.hash_credential(f"credential of {device}")
        _put(connection, "device", credential_hash=kept, revoked_at=revoked_at, **made)


def _pulled_by_a_handheld(connection: Connection) -> None:
    """Two scopes with three rows and a handheld's log of two, as the version before this one wrote them."""
    for scope, ver in (("courier:a", 5), ("courier:b", 0)):
        _put(connection, "scopes", id=scope, ver=ver)
    for entity, ver, present, rev in (("one", 3, True, 4), ("two", 4, True, 1), ("three", 5, False, 2)):
        row = {"scope": "courier:a", "entity": f"task:{entity}", "ver": ver, "present": present, "rev": rev}
        _put(connection, "scope_entities", **row, reason=None if present else "reassigned")
        _put(connection, "projections", entity=f"task:{entity}", rev=rev, body={})
    times = {"first_heard": 1, "last_heard": 1, "lost_reported": 0}
    _put(connection, "device_heads", device_id="d", incarnation="i1", head_seq=2, known_seq=2, **times)
    _put(connection, "device_heads", device_id="d", incarnation="i2", head_seq=0, known_seq=0, **times)
    for seq in (1, 2):
        place = {
            "device_id": "d",
            "incarnation": "i1",
            "seq": seq,
            "op_id": f"op{seq}",
            "body_hash": f"h{seq}",
        }
        said = {
            "station_id": STATION,
            "type": "task.noted",
            "entity": "task:one",
            "author": "a",
            "status": "applied",
        }
        _put(
            connection,
            "operations",
            position=seq,
            at=1,
            received_at=1,
            envelope={},
            result={},
            **place,
            **said,
        )


def _put(connection: Connection, name: str, /, **values: object) -> None:
    kinds = {"body": Json, "envelope": Json, "result": Json, "present": sa.Boolean()}
    table = sa.table(name, *(sa.column(one, kinds.get(one)) for one in values))
    connection.execute(sa.insert(table).values(**values))


def _live_in_the_first_house(connection: Connection) -> None:
    touch = {"op_id": CASE, "author": STATION, "at": 1}
    request = {"kind": "no_ring", "text": "轻敲", "active": True}
    customer = {
        "id": CUSTOMER,
        "station": STATION,
        "name": "王小明",
        "phone": "13800000001",
        "requests": [{"id": PARCEL, **request}, {"id": TASK, **request}],
        "touched": {PARCEL: touch},
    }
    address = {
        "text": "文三路 1 号",
        **dict.fromkeys(("community", "building", "unit", "room", "lng_e7", "lat_e7")),
    }
    task = {
        "id": TASK,
        "station": STATION,
        "kind": "delivery",
        "parcel": PARCEL,
        "customer": CUSTOMER,
        "merchant": "茶铺",
        "reference": "R1",
        "address": address,
        "status": "assigned",
        "courier": None,
        "sequence": None,
        "window_start": None,
        "window_end": 2_000_000_000_000,
        "outcome": None,
        "cancelled": None,
        "attempts": 0,
        "notes": [],
        "touched": {},
    }
    case = {
        "owner": None,
        "mine_author": STATION,
        "theirs_author": None,
        "decision": {**touch, "outcome": "mine"},
    }
    parcel = {"id": PARCEL, "waybill": "SF1", "pieces": 1, "weight_g": None, "goods": None, "scans": 0}
    rows: dict[str, dict[str, object]] = {
        "customers": {"station_id": STATION, "name": "王小明", "phone": "13800000001", "record": customer},
        "tasks": {
            "station_id": STATION,
            "kind": "delivery",
            "status": "assigned",
            "parcel_id": PARCEL,
            "customer_id": CUSTOMER,
            "merchant": "茶铺",
            "reference": "R1",
            "window_end": 2_000_000_000_000,
            "record": task,
        },
        "parcels": {"waybill": "SF1", "record": parcel},
        "conflicts": {
            "station_id": STATION,
            "kind": "state",
            "status": "decided",
            "op_id": CASE,
            "opened_at": 1,
            "due_at": 2,
            "record": {"id": CASE, **case},
        },
    }
    ids = {"customers": CUSTOMER, "tasks": TASK, "parcels": PARCEL, "conflicts": CASE}
    for name, values in rows.items():
        made = {"id": ids[name], "rev": 1, **values}
        table = sa.table(name, *(sa.column(one, Json if one == "record" else None) for one in made))
        connection.execute(sa.insert(table).values(**made))
