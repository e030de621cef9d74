"""Tasks as rows: one piece of work for one courier at one address."""

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.core.records import RecordMixin


class Task(RecordMixin, Model):
    """The record and what hangs together with it. Times are ms since the epoch, UTC."""

    __tablename__ = "tasks"

    station_id: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(24))
    courier_id: Mapped[str | None] = mapped_column(String(36), index=True)
    parcel_id: Mapped[str] = mapped_column(String(36), index=True)
    customer_id: Mapped[str] = mapped_column(String(36), index=True)
    merchant: Mapped[str] = mapped_column(String(120))
    reference: Mapped[str] = mapped_column(String(120))
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    window_start: Mapped[int | None] = mapped_column(BigInteger)
    window_end: Mapped[int | None] = mapped_column(BigInteger)
    import_id: Mapped[str | None] = mapped_column(String(36), index=True)


class BoardLine(Model):
    """What the board counts, filters, sorts and searches by: one narrow row per task, written with its record.

    A station's day is one range of `board_until`: the far future while a task is unfinished, afterwards the later of
    its window's end and its last change. The rows lie in that order, so that a day is read in one go; without the
    records, a kilobyte and more each, 50,000 of them are a glance. `search` holds waybill, reference, name, phone and
    address, folded, a line each.
    """

    __tablename__ = "board_lines"
    __table_args__ = (
        Index("ix_board_lines_id", "id", unique=True),
        Index("ix_board_lines_customer_id", "customer_id"),
        Index("ix_board_lines_import_id", "import_id"),
        {"sqlite_with_rowid": False},
    )

    station_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    board_until: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    rev: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(24))
    courier_id: Mapped[str | None] = mapped_column(String(36))
    parcel_id: Mapped[str] = mapped_column(String(36))
    customer_id: Mapped[str] = mapped_column(String(36))
    merchant: Mapped[str] = mapped_column(String(120))
    waybill: Mapped[str] = mapped_column(String(500))
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    window_end: Mapped[int | None] = mapped_column(BigInteger)
    lat_e7: Mapped[int | None] = mapped_column(BigInteger)
    lng_e7: Mapped[int | None] = mapped_column(BigInteger)
    requests: Mapped[int]
    updated_at: Mapped[int] = mapped_column(BigInteger)
    import_id: Mapped[str | None] = mapped_column(String(36))
    search: Mapped[str] = mapped_column(Text)


class HalfHandover(Model):
    """A task that changed hands on the road by the word of one courier, as long as the other has not told the same."""

    __tablename__ = "half_handovers"

    task_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    giver_id: Mapped[str] = mapped_column(String(36), index=True)
    taker_id: Mapped[str] = mapped_column(String(36), index=True)


class HiddenImport(Model):
    """An import that is still being applied: its tasks do not exist yet for anybody."""

    __tablename__ = "hidden_imports"

    import_id: Mapped[str] = mapped_column(String(36), primary_key=True)
