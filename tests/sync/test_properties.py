"""What holds for every history, not only for those somebody thought of."""

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.canonical import MAX_INTEGER, canonical
from sync.conflict import opened
from sync.merge import decide, fold
from sync.pending import overlay
from sync.schemas import RECORDS
from sync.tables import OUTCOMES, PROGRESS, RANKS
from sync.validate import validate
from tests.sync.histories import ENTITIES, histories, play
from tests.sync.making.cast import CHEN, NINE, STATION, TASK, op, row

Plain = dict[str, Any]

KEY = f"task:{TASK}"
SCHEMAS = {kind: schema() for kind, schema in RECORDS.items()}
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
KEYS = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_p5_canonical_text_reads_back_as_the_same_value(value: Any) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(KEYS, VALUES, max_size=6), st.randoms(use_true_random=False))
def test_p5_the_order_of_keys_means_nothing(value: Plain, chance: Any) -> None:
    keys = list(value)
    chance.shuffle(keys)
    assert canonical({key: value[key] for key in keys}) == canonical(value)


@given(histories())
@settings(max_examples=300)
def test_p3_folding_a_log_gives_what_deciding_it_gave(log: list[Plain]) -> None:
    board, _ = play(log)
    for entity in ENTITIES:
        wanted = {name: record for name, record in board.items() if name.endswith(entity.partition(":")[2])}
        assert fold(entity, log, station=STATION) == wanted


@given(histories(), st.data())
def test_p3_folding_is_deterministic_and_changes_nothing_it_is_given(log: list[Plain], data: Any) -> None:
    ids = [given["op_id"] for given in log]
    void = data.draw(st.sets(st.sampled_from(ids)))
    force = data.draw(st.sets(st.sampled_from(ids)))
    before = copy.deepcopy(log)
    first = fold(KEY, log, void, force, station=STATION)
    assert fold(KEY, log, sorted(void), sorted(force), station=STATION) == first
    assert log == before


@given(histories(), st.data())
def test_p3_an_operation_left_out_leaves_no_trace(log: list[Plain], data: Any) -> None:
    void = data.draw(st.sets(st.sampled_from([given["op_id"] for given in log[1:]]))) if log[1:] else set()
    text = canonical(fold(KEY, log, void, station=STATION))
    assert not [op_id for op_id in void if op_id in text]


@given(histories())
@settings(max_examples=300)
def test_p19_a_fact_never_lowers_a_status(log: list[Plain]) -> None:
    board: dict[str, Plain] = {}
    for given_op in log:
        before = board.get(KEY)
        board |= decide(board, given_op, station=STATION).changes
        if given_op["type"] in OUTCOMES or given_op["type"] in PROGRESS:
            assert before is not None
            assert RANKS[board[KEY]["status"]] >= RANKS[before["status"]]


@given(histories())
@settings(max_examples=300)
def test_p19_a_fact_stands_or_is_put_before_a_person(log: list[Plain]) -> None:
    board: dict[str, Plain] = {}
    for given_op in log:
        decision = decide(board, given_op, station=STATION)
        board |= decision.changes
        if given_op["type"] in OUTCOMES:
            outcome = board[KEY]["outcome"]
            stands = outcome is not None and outcome["op_id"] == given_op["op_id"]
            assert stands or decision.cases
            assert decision.status in ("applied", "conflict")


@given(histories(), st.data())
def test_p1_operations_on_other_tasks_do_not_matter(log: list[Plain], data: Any) -> None:
    other = TASK.replace("0003-", "00ff-") if "0003-" in TASK else TASK[:-1] + "9"
    strangers = [
        {
            **given_op,
            "entity": given_op["entity"].replace(TASK, other),
            "op_id": given_op["op_id"][:-3] + "9" * 3,
        }
        for given_op in log
        if TASK in given_op["entity"]
    ]
    mixed = list(log)
    for stranger in strangers:
        mixed.insert(data.draw(st.integers(0, len(mixed))), stranger)
    alone, _ = play(log)
    together, _ = play(mixed)
    for entity in (KEY, f"obligation:{TASK}"):
        assert together.get(entity) == alone.get(entity)


@given(histories())
def test_p1_device_clocks_order_nothing(log: list[Plain]) -> None:
    board, decisions = play(log)
    moved = [{**given_op, "at": NINE - index} for index, given_op in enumerate(log)]
    shifted, again = play(moved)
    assert [decision.status for decision in decisions] == [decision.status for decision in again]
    ours, theirs = board.get(KEY), shifted.get(KEY)
    assert (ours is None) == (theirs is None)
    if ours is not None and theirs is not None:
        assert (ours["status"], ours["courier"]) == (theirs["status"], theirs["courier"])


@given(histories())
@settings(max_examples=200)
def test_records_and_cases_have_the_shapes_of_the_schemas(log: list[Plain]) -> None:
    _, decisions = play(log)
    for decision in decisions:
        for entity, record in decision.changes.items():
            assert SCHEMAS[entity.partition(":")[0]].validate(record) == {}
            canonical(record)
        for case in decision.cases:
            record = opened(case, station=STATION, owner=CHEN, due_at=NINE, opened_at=NINE)
            assert SCHEMAS["conflict"].validate(record) == {}
            canonical(record)


@given(histories())
def test_invented_operations_are_valid_but_for_the_fixed_ids(log: list[Plain]) -> None:
    for given_op in log:
        codes = {problem.code for problem in validate(given_op)}
        turned = {problem.field for problem in validate(given_op)} == {"payload.window_end"}
        assert codes <= {"wrong_entity"} or turned


@given(histories())
def test_p9_an_overlay_never_touches_the_rows_it_covers(log: list[Plain]) -> None:
    rows = {KEY: row()}
    before = copy.deepcopy(rows)
    view = overlay(rows, log, {}, {})
    assert rows == before
    assert SCHEMAS["task"].validate(view[KEY]["body"]["task"]) == {}


@given(histories())
def test_p28_a_removed_row_keeps_every_operation(log: list[Plain]) -> None:
    gone = {"rev": 9, "present": False, "reason": "reassigned", "body": None}
    view = overlay({KEY: gone}, log, {}, {})
    wanted = [given_op["op_id"] for given_op in log if TASK in given_op["entity"]]
    assert view[KEY]["pending"] == wanted
    assert view[KEY]["body"] is None


def test_a_decision_leaves_the_board_as_it_was() -> None:
    board = {KEY: row()["body"]["task"]}
    before = copy.deepcopy(board)
    decide(board, op("task.delivered"))
    assert board == before
