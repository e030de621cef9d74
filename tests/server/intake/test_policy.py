"""Rows become orders, or every error by row and column."""

from pathlib import Path
from typing import Any

import pytest

from server.intake.mapping import choose_mapping, load_mapping, shipped_mappings
from server.intake.policy import Intake, KnownOrder, Order, compare, read_orders
from server.intake.problems import RowProblem, UnusableFileError
from server.intake.table import Table
from sync.canonical import derive

STATION = "00000000-0000-7000-8000-000000000001"
BATCH = "00000000-0000-7000-8000-0000000000b1"
LIN = "00000000-0000-7000-8000-00000000c001"
ORDER = {
    "kind": "delivery",
    "reference": "A-1",
    "waybill": "ds 2026-001",
    "name": "王小明",
    "phone": "129 0000 0001",
    "address": "杭州市云溪路8号",
}
LADE = {
    "order_id": "4821650",
    "region_id": "1",
    "city": "Hangzhou",
    "courier_id": "201",
    "accept_time": "05-01 08:41:00",
    "time_window_start": "05-01 13:00:00",
    "time_window_end": "05-01 15:00:00",
    "lng": "120.0035",
    "lat": "30.32773",
    "aoi_id": "519",
    "aoi_type": "14",
    "pickup_time": "05-01 09:46:00",
}


def table(*rows: dict[str, str]) -> Table:
    return Table("f.csv", "0" * 64, tuple(rows[0]), dict(enumerate(rows, start=2)), [])


def read(
    *rows: dict[str, str], merchant: str | None = "shop", year: int = 2026
) -> tuple[list[Order], list[RowProblem]]:
    made = table(*rows)
    couriers = {"201": LIN}
    return read_orders(made, Intake(STATION, merchant, year, choose_mapping(made.header), couriers, BATCH))


def one(**changes: str) -> dict[str, Any]:
    orders, problems = read({**ORDER, **changes})
    assert problems == []
    return orders[0].payload


def faults(**changes: str) -> list[tuple[int, str, str]]:
    _, problems = read({**ORDER, **changes})
    return [(problem.row, problem.column, problem.code) for problem in problems]


def test_an_order_in_our_template() -> None:
    payload = one(
        pieces="2",
        weight_kg="1.25",
        cod_yuan="128.5",
        longitude="120.0035",
        latitude="30.32773",
        window_start="2026-05-01 09:00",
        window_end="2026-05-01 11:00",
        requests="call_first: 先打电话 | no_ring | 后门进",
    )
    assert (payload["waybill"], payload["pieces"], payload["weight_g"], payload["cod_minor"]) == (
        "DS2026001",
        2,
        1250,
        12850,
    )
    assert payload["customer"]["id"] == derive("customer", STATION, "12900000001")
    assert (payload["address"]["lng_e7"], payload["address"]["lat_e7"]) == (1_200_035_000, 303_277_300)
    assert payload["window_start"] == 1_777_597_200_000
    assert [(r["kind"], r["text"]) for r in payload["requests"]] == [
        ("call_first", "先打电话"),
        ("no_ring", ""),
        ("other", "后门进"),
    ]
    assert payload["import"] == BATCH


def test_the_chinese_template_reads_the_same() -> None:
    names = {rule.columns[0]: rule.columns[-1] for rule in shipped_mappings()[0].fields.values()}
    chinese = {names[column]: value for column, value in ORDER.items()} | {"类型": "派件"}
    assert read(chinese)[0][0].payload == one()


@pytest.mark.parametrize(
    ("cell", "secured"), [("yes", True), ("是", True), ("1", True), ("no", None), ("否", None), ("", None)]
)
def test_an_order_says_whether_it_goes_for_a_code_only(cell: str, secured: bool | None) -> None:
    assert one(pin_required=cell).get("pin_required") is secured


def test_a_code_that_cannot_be_meant_is_a_fault_of_its_row() -> None:
    assert faults(pin_required="maybe") == [(2, "pin_required", "choice")]
    assert faults(pin_required="yes", kind="pickup") == [(2, "pin_required", "pin_pickup")]
    assert faults(pin_required="no", kind="pickup") == []


def test_a_real_pickup_row_is_recognised_by_its_header() -> None:
    orders, problems = read(LADE, merchant=None)
    payload = orders[0].payload
    assert problems == []
    assert (payload["kind"], payload["merchant"], payload["reference"], payload["waybill"]) == (
        "pickup",
        "lade",
        "4821650",
        "LP4821650",
    )
    assert payload["address"]["text"] == "Hangzhou · AOI 519"
    assert payload["customer"]["name"] == ""
    assert payload["window_start"] == 1_777_611_600_000  # 2026-05-01 13:00 in Shanghai
    assert payload["courier"] == LIN


def test_dates_without_a_year_take_the_one_given() -> None:
    assert read(LADE, year=2024)[0][0].payload["window_start"] == 1_714_539_600_000


def test_two_customers_without_a_name_are_two() -> None:
    orders, _ = read(LADE, {**LADE, "order_id": "2"})
    assert len({order.payload["customer"]["id"] for order in orders}) == 2


@pytest.mark.parametrize(
    ("degrees", "e7"),
    [
        ("0.1", 1_000_000),
        ("120.03548", 1_200_354_800),
        ("-0.00000005", 0),
        ("1.00000015", 10_000_002),
        ("179.9999999", 1_799_999_999),
    ],
)
def test_coordinates_are_decimal_and_never_pass_through_a_float(degrees: str, e7: int) -> None:
    assert one(longitude=degrees, latitude="0")["address"]["lng_e7"] == e7


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"reference": ""}, "reference", "required"),
        ({"name": ""}, "name", "required"),
        ({"kind": "teleport"}, "kind", "choice"),
        ({"pieces": "1.5"}, "pieces", "whole_number"),
        ({"pieces": "0"}, "pieces", "range"),
        ({"weight_kg": "heavy"}, "weight_kg", "number"),
        ({"weight_kg": "0.0001"}, "weight_kg", "too_precise"),
        ({"weight_kg": "1e3"}, "weight_kg", "number"),
        ({"cod_yuan": "-5"}, "cod_yuan", "range"),
        ({"cod_yuan": "1.005"}, "cod_yuan", "too_precise"),
        ({"longitude": "181", "latitude": "0"}, "longitude", "range"),
        ({"longitude": "120.1", "latitude": ""}, "longitude", "half_position"),
        ({"window_start": "01.05.2026", "window_end": ""}, "window_start", "time"),
        ({"window_start": "2026-05-01 09:00", "window_end": ""}, "window_end", "half_window"),
        (
            {"window_start": "2026-05-01 09:00", "window_end": "2026-05-01 08:00"},
            "window_end",
            "window_order",
        ),
        ({"phone": "call me"}, "phone", "phone"),
        ({"address": "x" * 301}, "address", "too_long"),
        ({"name": "a\u0007b"}, "name", "control"),
        ({"waybill": "--"}, "waybill", "rule"),
    ],
)
def test_what_is_wrong_is_said_by_row_and_column(changes: dict[str, str], column: str, code: str) -> None:
    assert faults(**changes) == [(2, column, code)]
    problem = read({**ORDER, **changes})[1][0]
    assert problem.say("en").startswith(f"row 2, {column}: ") and problem.say("zh").startswith("第 2 行")


def test_all_rows_and_all_cells_are_looked_at() -> None:
    cells = [("x", "y"), ("1", ""), ("z", "")]
    _, problems = read(*({**ORDER, "pieces": pieces, "phone": phone} for pieces, phone in cells))
    assert [(p.row, p.code) for p in problems] == [(2, "whole_number"), (2, "phone"), (4, "whole_number")]


def test_the_same_reference_or_waybill_twice_names_the_first_row() -> None:
    _, problems = read(ORDER, {**ORDER, "waybill": "DS2"}, {**ORDER, "reference": "A-2"})
    assert [(p.row, p.column, p.code, p.facts["row"]) for p in problems] == [
        (3, "reference", "repeated", 2),
        (4, "waybill", "repeated", 2),
    ]


def test_somebody_must_say_whose_orders_they_are() -> None:
    with pytest.raises(UnusableFileError) as caught:
        read(ORDER, merchant=None)
    assert caught.value.code == "no_merchant"
    orders, _ = read({**ORDER, "merchant": "teashop"}, merchant=None)
    assert orders[0].payload["merchant"] == "teashop"


def test_columns_that_are_missing_are_named() -> None:
    with pytest.raises(UnusableFileError, match="waybill, address"):
        read({key: ORDER[key] for key in ("kind", "reference", "name")})


def test_orders_are_compared_with_those_accepted_before() -> None:
    orders, _ = read(
        ORDER,
        {**ORDER, "reference": "A-2", "waybill": "DS2"},
        {**ORDER, "reference": "A-3", "waybill": "DS3"},
    )
    known = [
        KnownOrder("shop", "A-1", orders[0].task_id, orders[0].digest),
        KnownOrder("shop", "A-2", orders[1].task_id, "another"),
        KnownOrder("other", "X", orders[2].task_id, "another"),
    ]
    sifted = compare(orders, known, choose_mapping(tuple(ORDER)), tuple(ORDER))
    assert (sifted.new, sifted.unchanged) == ([], 1)
    assert [(p.row, p.code) for p in sifted.changed] == [(3, "already_there")]
    assert [(p.row, p.code) for p in sifted.taken] == [(4, "waybill_taken")]


MINE = """
format = 1
name = "mine"
zone = "Europe/Berlin"
merchant = "mine"
[fields.kind]
column = "Art"
words = { "Zustellung" = "delivery" }
[fields.reference]
column = ["Nr", "Nummer"]
[fields.waybill]
template = "B{Nr}"
[fields.name]
column = "Name"
[fields.address]
template = "{Strasse}, {Ort}"
[fields.window_start]
column = "Von"
formats = ["%d.%m. %H:%M"]
[fields.window_end]
column = "Bis"
formats = ["%d.%m. %H:%M"]
[fields.weight]
column = "Gramm"
unit = "g"
"""


def test_a_mapping_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(MINE, "utf-8")
    names = ("Art", "Nr", "Name", "Strasse", "Ort", "Von", "Bis", "Gramm")
    cells = ("Zustellung", "7", "Anna", "Weg 1", "Ulm", "01.05. 09:00", "01.05. 10:00", "250")
    row = dict(zip(names, cells, strict=True))
    orders, problems = read_orders(table(row), Intake(STATION, None, 2026, load_mapping(file), {}, BATCH))
    assert problems == []
    payload = orders[0].payload
    assert (payload["waybill"], payload["address"]["text"], payload["weight_g"]) == ("B7", "Weg 1, Ulm", 250)
    assert payload["window_start"] == 1_777_618_800_000  # 09:00 in Berlin, summer time


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("format = 2", "format must be 1"),
        ("format = ", "Invalid value"),
        ("format = 1", "no [fields]"),
        ("format = 1\ncolour = 'red'", "unknown keys: colour"),
        ("format = 1\n[fields.teleport]\ncolumn='a'", "no field teleport"),
        ("format = 1\n[fields.kind]\ncolumn='a'\nconstant='b'", "exactly one of"),
        ("format = 1\n[fields.kind]\ncolumn='a'\nunit='kg'", "cannot have the unit"),
        ("format = 1\n[fields.kind]\ntemplate='{a.b}'", "only name columns"),
        ("format = 1\n[fields.kind]\ntemplate='{a'", "template"),
        ("format = 1\nzone='Mars/North'\n[fields.kind]\ncolumn='a'", "no [fields.reference]"),
    ],
)
def test_a_broken_mapping_is_one_sentence(tmp_path: Path, broken: str, why: str) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(broken, "utf-8")
    with pytest.raises(UnusableFileError) as caught:
        load_mapping(file)
    assert caught.value.code == "bad_map" and why in caught.value.say("en")
