"""`doorstep keys add | list | revoke`: API keys of merchants' systems."""

from datetime import UTC, datetime

import click

from server.auth import keys as store
from server.auth import queries
from server.auth.service import RefusedError
from server.core.db import read, transaction


@click.group()
def keys() -> None:
    """API keys of merchants' systems."""


@keys.command("add")
@click.option("--station", required=True, help="Code of the station the orders are for.")
@click.option("--merchant", required=True, help="Whose orders come in with it, 1 to 120 characters.")
@click.option("--label", help="What the key is for.")
def add(station: str, merchant: str, label: str | None) -> None:
    """Make a key and print it, this one time."""
    merchant = merchant.strip()
    if not 1 <= len(merchant) <= 120:
        raise RefusedError("A merchant's name has 1 to 120 characters.")
    with transaction():
        known = queries.station_by_code(station)
        if known is None:
            raise RefusedError(f"There is no station {station}.")
        made, text = store.make(known.id, merchant, label[:120] if label else None)
    click.echo(f"key {made.id}\n{text}")


@keys.command("list")
def list_keys() -> None:
    """List keys: id, beginning, station, merchant, last used, state."""
    with read():
        codes = {station.id: station.code for station in queries.stations()}
        rows = store.listing()
    for one in rows:
        state = "active" if one.revoked_at is None else "revoked"
        used = "never" if one.used_at is None else _utc(one.used_at)
        click.echo(f"{one.id}  {one.hint}…  {codes[one.station_id]}  {one.merchant}  {used}  {state}")


@keys.command("revoke")
@click.argument("key")
def revoke(key: str) -> None:
    """Revoke the key with this id: it is refused from now on."""
    with transaction():
        if not store.revoke(key):
            raise RefusedError(f"There is no key {key} in use.")
    click.echo(f"key {key} revoked")


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
