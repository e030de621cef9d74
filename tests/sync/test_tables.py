"""The tables agree with each other, with the schemas and with the vocabulary."""

from sync import tables
from sync.schemas import OPERATIONS, fields, records

NEXT_STEPS = {
    "reattempt",
    "crm",
    "return",
    "claim",
    "trace",
    "new_date",
    "hold",
    "transfer",
    "refuse",
    "close",
    "door",
    "carry_over",
    "quarantine",
    "triage",
}


def test_types_and_entities_are_those_of_the_schemas() -> None:
    assert list(tables.OPERATIONS) == list(OPERATIONS)
    for op_type, rule in tables.OPERATIONS.items():
        pattern = str(OPERATIONS[op_type]().fields["entity"].validators[0].regex.pattern)  # type: ignore[attr-defined]
        kinds = fields.ENTITY_KINDS if rule["entity"] == tables.KIND_OF_ENTITY_ANY else (rule["entity"],)
        assert f"(?:{'|'.join(kinds)}):" in pattern, op_type
        assert rule["roles"] and set(rule["roles"]) <= {"customer", "courier", "dispatcher", "csr", "admin"}
        assert rule["class"] in ("plan", "fact", "payment", "decision", "correction")


def test_statuses_are_closed() -> None:
    assert set(tables.RANKS) == set(fields.STATUSES)
    for kind, table in tables.STATES.items():
        assert kind in fields.TASK_KINDS
        for status, ways in table.items():
            assert status in fields.STATUSES
            for op_type, after in ways.items():
                assert op_type in tables.OPERATIONS
                assert after in table, f"{kind} {status} leads to {after}, which has no row"


def test_p19_a_fact_that_the_table_allows_never_lowers_the_rank() -> None:
    facts = {**tables.PROGRESS, **tables.OUTCOMES}
    for table in tables.STATES.values():
        for status, ways in table.items():
            for op_type, after in ways.items():
                if op_type in facts:
                    assert tables.RANKS[after] >= tables.RANKS[status]
                    assert after == facts[op_type]["status"]


def test_a_fact_leads_only_where_its_kind_of_task_goes() -> None:
    for op_type, rule in {**tables.PROGRESS, **tables.OUTCOMES}.items():
        for kind, table in tables.STATES.items():
            reachable = any(op_type in ways for ways in table.values())
            assert reachable == (kind in rule["for"])


def test_cases_are_those_of_the_schemas_and_speak_both_languages() -> None:
    assert tuple(tables.CASE_KINDS) == records.CASE_KINDS
    for kind, rule in tables.CASE_KINDS.items():
        assert rule["suggested"] in (*rule["outcomes"], "rank"), kind
        assert set(rule["outcomes"]) == set(rule["effects"]) <= set(fields.OUTCOMES)
        assert set(rule["effects"].values()) <= {"none", "void_mine", "void_theirs", "force_mine"}
        assert rule["en"] and rule["zh"]


def test_every_reason_says_what_comes_next() -> None:
    assert len(tables.REASONS) == 29
    for code, reason in tables.REASONS.items():
        assert reason["en"] and reason["zh"], code
        assert reason["next"] in NEXT_STEPS
        assert reason["for"] and set(reason["for"]) <= set(fields.TASK_KINDS)
        assert set(reason["must"]) <= set(reason["evidence"]) <= set(fields.EVIDENCE)
        assert all(need > 0 for need in reason["evidence"].values()), code
    assert {reason["next"] for reason in tables.REASONS.values()} == NEXT_STEPS
