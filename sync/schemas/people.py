"""What operations say of a customer: special requests, contact, consents."""

from sync.schemas.fields import (
    CODE,
    CONSENT_KINDS,
    CONSENT_SOURCES,
    CUSTOMER_KINDS,
    LANGUAGES,
    REQUEST_KINDS,
    REQUEST_SCOPES,
    REQUEST_SOURCES,
    REQUEST_STATES,
    TIERS,
    Strict,
    array,
    boolean,
    email,
    identity,
    line,
    moment,
    nested,
    one_of,
    text,
    weekdays,
)

CONTACTS = 20
TAGS = 20


class ContactPerson(Strict):
    """Somebody to ask for at a customer's."""

    id = identity()
    name = line(shortest=0)
    phone = line(CODE, shortest=0)
    email = email(nullable=True)
    role = line(shortest=0)


class CustomerRequestSet(Strict):
    """A special request, new or changed; an inactive one is kept and not shown.

    `address` is the address text and `task` the task that the scopes of these names are about; times in ms.
    """

    request = identity()
    kind = one_of(REQUEST_KINDS)
    active = boolean()
    scope = one_of(REQUEST_SCOPES)
    address = text(shortest=0, nullable=True)
    task = identity(nullable=True)
    weekdays = weekdays()
    source = one_of(REQUEST_SOURCES)
    state = one_of(REQUEST_STATES)
    valid_from = moment(nullable=True)
    valid_until = moment(nullable=True)
    # Last, since it takes the name of what makes it.
    text = text(shortest=0)


class CustomerProfileSet(Strict):
    """Who a customer is and how to speak with him."""

    kind = one_of(CUSTOMER_KINDS)
    name = line(shortest=0)
    phone = line(CODE, shortest=0)
    email = email(nullable=True)
    language = one_of(LANGUAGES, nullable=True)
    tier = one_of(TIERS)
    contacts = array(nested(ContactPerson), CONTACTS)
    tags = array(line(CODE), TAGS)


class CustomerConsentSet(Strict):
    """What a customer agreed to, or no longer does, and how that is known.

    `task` when it is for one parcel only, `answers` the courier's question when it answers one.
    """

    consent = identity()
    kind = one_of(CONSENT_KINDS)
    given = boolean()
    source = one_of(CONSENT_SOURCES)
    note = text(shortest=0, nullable=True)
    task = identity(nullable=True, required=False)
    answers = identity(nullable=True, required=False)
