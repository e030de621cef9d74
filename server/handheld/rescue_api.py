"""The door for the log of a colleague's handheld, and the command for one that came in a file."""

from pathlib import Path
from typing import Any

import click
from marshmallow import Schema, fields, validate

from server.auth.guards import current_device, device_alone
from server.core.blueprint import Blueprint
from server.core.errors import Code, Problem
from server.handheld import rescue
from sync.protocol import UnreadableError

blp = Blueprint(
    "rescue", __name__, url_prefix="/api/v1", description="The log of a handheld that cannot send any more"
)


class SealedLog(Schema):
    """A log as its handheld wrote it: the text, and its seal on it."""

    body = fields.String(required=True)
    seal = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{64}\Z"))


class BroughtLog(Schema):
    """What became of it. `expected_seq` where something before it is missing: then nothing of it was taken."""

    device = fields.String(required=True)
    taken = fields.Integer(required=True)
    head_seq = fields.Integer(required=True)
    expected_seq = fields.Integer(required=True, allow_none=True)
    statuses = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


@blp.route("/rescue", methods=["POST"])
@device_alone
@blp.arguments(SealedLog)
@blp.response(200, BroughtLog)
def bring(sealed: dict[str, Any]) -> dict[str, Any]:
    """Hand in what a colleague's handheld recorded, at its own places and in its own name (P11)."""
    try:
        brought = rescue.bring(sealed["body"], sealed["seal"], station=current_device().device.station_id)
    except UnreadableError as error:
        raise Problem(Code.UNREADABLE, f"This is no log of a handheld ({error}).") from error
    except rescue.NotSealedError as error:
        raise Problem(Code.FORBIDDEN, "This log is not sealed by a handheld of this station.") from error
    return _told(brought)


def _told(brought: rescue.Brought) -> dict[str, Any]:
    statuses: dict[str, int] = {}
    for result in brought.results:
        statuses[result["status"]] = statuses.get(result["status"], 0) + 1
    return {
        "device": brought.device,
        "taken": len(brought.results),
        "head_seq": brought.head_seq,
        "expected_seq": brought.expected_seq,
        "statuses": statuses,
    }


@click.command("rescue")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """Take in FILE, saved by a handheld that could not send any more. A repeat changes nothing."""
    try:
        logs, proofs = rescue.packages(file.read_text(encoding="utf-8"))
        told = [rescue.bring(body, seal) for body, seal in logs]
    except (UnreadableError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file} cannot be read: {error}.") from error
    except rescue.NotSealedError as error:
        raise click.ClickException(
            f"{file} is not sealed by a handheld of this installation ({error})."
        ) from error
    kept = rescue.keep_proofs(proofs)
    for one in told:
        said = _told(one)
        outcome = (
            ", ".join(f"{count} {status}" for status, count in said["statuses"].items()) or "nothing new"
        )
        click.echo(f"{one.courier}, handheld {one.device[-8:]}: {said['taken']} operations ({outcome}).")
        if one.expected_seq is not None:
            click.echo(
                f"  operations before them are missing, from {one.expected_seq} on: nothing was taken."
            )
    click.echo(f"{kept} of {len(proofs)} signatures and photos kept.")
