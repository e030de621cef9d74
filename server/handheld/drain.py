"""The end of a revoked handheld: it hands in what it holds, and only then forgets it (P34)."""

from server.auth import handhelds
from server.auth.policy import DeviceView
from server.core.db import read, transaction
from server.core.stores import blob_store
from server.handheld.messages import Request
from server.ops import queries as op_queries
from server.proofs import queries as proof_queries


def may_send(device: DeviceView, sha256: str) -> bool:
    """Whether a revoked handheld may still send these bytes: something it handed in names them."""
    with read():
        if sha256 in proof_queries.parked_by(device.id) | op_queries.proofs_that_wait(device.id):
            return True
        naming = op_queries.by_ids(proof_queries.naming(sha256))
        return any(one.device_id == device.id for one in naming.values())


def confirm(device: DeviceView, asked: Request, head_seq: int) -> tuple[bool, list[str]]:
    """Whether a revoked handheld has nothing left that is not here, and which evidence is still missing.

    It has when the log ends where the handheld says that its own does, and every proof its operations name is here or
    said to be lost. Both are looked at each time it asks: it may have recorded more since it was told.
    """
    if asked.last_seq is None or asked.last_seq > head_seq:
        _remember(device, drained=False)
        return False, []
    with read():
        named = _named_by(device.id)
    store = blob_store()
    missing = sorted(sha for sha in named - set(asked.lost_proofs) if not store.has(sha))
    _remember(device, drained=not missing)
    return not missing, missing


def _named_by(device_id: str) -> set[str]:
    accepted = proof_queries.named_by(op_queries.ids_of_device(device_id))
    return accepted | proof_queries.parked_by(device_id) | op_queries.proofs_that_wait(device_id)


def _remember(device: DeviceView, *, drained: bool) -> None:
    if drained == (device.state == "drained"):
        return
    with transaction():
        (handhelds.tell_to_wipe if drained else handhelds.more_to_drain)(device.id)
