"""What can be held against itself: the digests against the rows, the chains of the handhelds' logs against the hashes.

A service finds nothing here for as long as all writing goes one way; whoever repairs a database by hand may.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from server.core.db import db
from server.ops.models import Operation, Projection, Scope, ScopeEntity
from sync.digest import EMPTY, Digest, digest


@dataclass(frozen=True)
class Finding:
    """One thing that does not add up: its kind, what it is about, and a sentence."""

    kind: str
    about: str
    said: str


def findings() -> Iterator[Finding]:
    """Everything that does not add up; the caller holds one snapshot."""
    yield from _digests()
    yield from _chains()


def _digests() -> Iterator[Finding]:
    """Scopes whose digest is not that of their rows, as they are pulled (P30)."""
    rows: dict[str, list[tuple[str, int]]] = defaultdict(list)
    pulled = select(ScopeEntity.scope, ScopeEntity.entity, Projection.rev)
    for row in db.session.execute(
        pulled.join(Projection, Projection.entity == ScopeEntity.entity).where(ScopeEntity.present)
    ):
        rows[row.scope].append((row.entity, row.rev))
    kept = {row.id: Digest(row.digest_count, row.digest_sum) for row in db.session.scalars(select(Scope))}
    for scope in sorted(kept.keys() | rows.keys()):
        said, found = kept.get(scope, EMPTY), digest(rows[scope])
        if said != found:
            told = f"{said.count} rows, sum {said.sum:012x}; there are {found.count}, sum {found.sum:012x}"
            yield Finding("digest", scope, told)


def _chains() -> Iterator[Finding]:
    """Handhelds' logs with operations that do not name the one before them (P4)."""
    place = (Operation.device_id, Operation.incarnation)
    broken = select(*place, func.count().label("breaks"), func.min(Operation.seq).label("first"))
    for row in db.session.execute(broken.where(Operation.breaks_chain.is_not(None)).group_by(*place)):
        said = f"{row.breaks} operations do not name the one before them, first seq {row.first}"
        yield Finding("chain", f"{row.device_id}/{row.incarnation}", said)
