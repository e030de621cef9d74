"""What operations say of a task at its door: outcomes, calls, hand-overs."""

from marshmallow import fields

from sync.schemas.fields import (
    CALL_CHANNELS,
    CALL_RESULTS,
    CODE,
    CONSENT_BASES,
    PACKAGING,
    PROXIES,
    RECIPIENTS,
    SCAN_SOURCES,
    TASK_KINDS,
    Strict,
    array,
    identity,
    integer,
    line,
    matching,
    nested,
    one_of,
    sha256,
    text,
)

PHOTOS = 12


def reason_code(*, nullable: bool = False, required: bool = True) -> fields.String:
    """A code of sync/tables/reasons.json; the list is data and grows without a new schema."""
    return matching("[A-Z][A-Z0-9_]*", longest=CODE, nullable=nullable, required=required)


def _photos() -> fields.List[str]:
    return array(sha256(), PHOTOS)


class NothingToAdd(Strict):
    """That it happened is all there is to say."""


class ConsentNamed(Strict):
    """What a courier went by when somebody else took the parcel.

    `crm` and `asked` name the customer's own word by its id and version, `request` a special request by its id; `told`
    is what the courier was told at the door or by phone, in `note`; `none` that there was nothing.
    """

    kind = one_of(RECIPIENTS)
    source = one_of(CONSENT_BASES)
    ref = identity(nullable=True)
    v = integer(1, nullable=True)
    note = text(nullable=True)


class PiecesLeft(Strict):
    """Why not all pieces were handed over."""

    reason = reason_code()
    note = text(shortest=0, nullable=True)


class TaskDelivered(Strict):
    """Who took it and what proves it; `consent` says by which consent someone else did.

    `pin` is the code as typed. `pieces` says how many were handed over where it was not all of them, `rest` what became
    of the others. Deliveries that were signed for `together` share an id and the signature.
    """

    recipient = one_of(RECIPIENTS)
    recipient_name = line(shortest=0, nullable=True)
    signature = sha256(nullable=True)
    photos = _photos()
    consent = nested(ConsentNamed, nullable=True)
    pin = line(CODE, nullable=True, required=False)
    pieces = integer(1, required=False)
    rest = nested(PiecesLeft, required=False)
    together = identity(nullable=True, required=False)


class TaskPickedUp(Strict):
    """What was taken; `waybill` when a label was put on at the door, `label` how it was read."""

    pieces = integer(1)
    weight_g = integer(0, nullable=True)
    photos = _photos()
    waybill = line(CODE, nullable=True)
    packaging = one_of(PACKAGING, nullable=True, required=False)
    label = one_of(SCAN_SOURCES, nullable=True, required=False)


class TaskExcepted(Strict):
    """Why not, from the reason list."""

    reason = reason_code()
    note = text(shortest=0, nullable=True)
    photos = _photos()


class TaskNoted(Strict):
    """A remark for whoever comes next."""

    text = text()


class TaskCalled(Strict):
    """A call or message to the customer; never to which number."""

    channel = one_of(CALL_CHANNELS)
    result = one_of(CALL_RESULTS)


class TaskConsentAsked(Strict):
    """With whom the courier would leave the parcel, if the customer agrees."""

    kind = one_of(PROXIES)


class TaskHandedOver(Strict):
    """To whom the courier gave the parcel on the road."""

    to = identity()


class TaskTakenOver(Strict):
    """From whom the courier took it; kind and waybill are what his handheld was shown of a task it does not know."""

    giver = identity(key="from")
    kind = one_of(TASK_KINDS)
    waybill = line(CODE, nullable=True)
