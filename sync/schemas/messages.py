"""Messages of a station to its couriers: what operations say, what they add up to, and the reader's row."""

from typing import Final

from sync.schemas.fields import TEXT, Strict, array, identity, line, moment, nested, text

# A station's couriers; more is no message but a mistake.
READERS: Final = 500


class MessageSent(Strict):
    """What is said to which couriers, about a task or not. To all is to each of them by name."""

    station = identity()
    to = array(identity(), READERS, shortest=1)
    task = identity(nullable=True)
    # Last, since it takes the name of what makes it.
    text = text()


class MessageReader(Strict):
    """One courier a message is for: since when his handheld has it, and since when he has read it."""

    courier = identity()
    received_at = moment(nullable=True)
    read_at = moment(nullable=True)


class MessageRecord(Strict):
    """A message and who has heard it."""

    id = identity()
    station = identity()
    author = identity()
    task = identity(nullable=True)
    at = moment()
    readers = array(nested(MessageReader))
    text = text()


class MessageRow(Strict):
    """A message as one of its readers pulls it; `message` is what his answers are about."""

    id = identity()
    message = identity()
    task = identity(nullable=True)
    waybill = line(TEXT, nullable=True)
    at = moment()
    by_name = line(nullable=True)
    received_at = moment(nullable=True)
    read_at = moment(nullable=True)
    text = text()
