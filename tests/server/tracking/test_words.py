"""Both languages say the same things, and everything the page can need to say has a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server.tracking import policy
from server.tracking.words import LANGUAGES, STRINGS, Words, choose
from sync.schemas.fields import RECIPIENTS, REQUEST_KINDS, STATUSES
from sync.tables import REASONS
from tests.conftest import NINE_IN_HANGZHOU as NOW

FOLDER = Path(__file__).parents[3] / "server" / "tracking"
HOUR = 3_600_000
ZONE = "Asia/Shanghai"
zh, en = (Words(language, ZONE, NOW) for language in LANGUAGES)


def test_both_languages_have_the_same_sentences_with_the_same_gaps() -> None:
    chinese, english = (STRINGS[language] for language in LANGUAGES)
    assert set(chinese) == set(english)
    gaps = {key: [sorted(re.findall(r"{(\w+)}", str(s[key]))) for s in STRINGS.values()] for key in chinese}
    # Chinese names a date's month first, English its weekday: the same gaps in any order.
    assert [key for key, (one, other) in gaps.items() if one != other] == []


def test_every_sentence_the_code_names_exists() -> None:
    files = [*FOLDER.glob("*.py"), *(FOLDER / "templates" / "tracking").glob("*.html")]
    named = {
        key
        for file in files
        for key in re.findall(r"""say\(\s*["']([\w.]+)["']""", file.read_text(encoding="utf-8"))
        if not key.endswith(".")
    }
    assert len(named) > 30
    assert sorted(named - set(STRINGS["zh"])) == []


def test_every_sentence_composed_from_data_exists() -> None:
    wanted = {f"request.kind.{kind}" for kind in REQUEST_KINDS} | {f"by.{one}" for one in RECIPIENTS}
    wanted |= {f"event.delivered.{one}" for one in RECIPIENTS}
    wanted |= {f"say.delivery.delivered.{one}" for one in RECIPIENTS}
    wanted |= {f"consent.{kind}" for kind in policy.LEAVE_WITH} | {"notice.notices"}
    wanted |= {f"request.source.{one}" for one in policy.SHOWN_SOURCES if one != "customer"}
    not_of_pickups = {"out_for_delivery", "delivered", "held", "returned", "picked_up"}
    for status in STATUSES:
        wanted |= {f"say.delivery.{status}"} if status != "picked_up" else set()
        wanted |= {f"say.pickup.{status}"} if status not in not_of_pickups else {"say.pickup.picked_up"}
    for kind in ("delivery", "pickup"):
        wanted |= {f"step.{kind}.{name}" for name in policy.STEPS[kind]}
        wanted |= {f"say.{kind}.{s}.{how}" for s in ("created", "assigned") for how in ("when", "late")}
    wanted |= {"say.delivery.disputed", "say.delivery.disputed.due", "say.delivery.out_for_delivery.when"}
    assert sorted(wanted - set(STRINGS["zh"])) == []


@pytest.mark.parametrize("words", [zh, en], ids=LANGUAGES)
def test_every_reason_has_words_and_a_next_step(words: Words) -> None:
    for code in REASONS:
        assert words.reason(code)
        assert words.follows(code)
    assert words.reason("SOMETHING_NEW") == "SOMETHING_NEW"
    assert "photo" not in en.reason("OTHER")


def test_days_are_named_as_people_do() -> None:
    day = 24 * HOUR
    assert [zh.moment(NOW + shift) for shift in (0, day, -day, 3 * day)] == [
        "今天\xa009:00",
        "明天\xa009:00",
        "昨天\xa009:00",
        "5月7日 周四\xa009:00",
    ]
    assert en.moment(NOW + 3 * day) == "Thu 7 May\xa009:00"


def test_a_band_of_time() -> None:
    assert zh.when(NOW, NOW + HOUR) == "今天 09:00–10:00"
    assert en.when(NOW, NOW + HOUR) == "today, 09:00–10:00"
    assert en.when(None, NOW) == "today, by 09:00"
    assert en.when(NOW, None) == "today, from 09:00"
    assert en.when(NOW, NOW + 24 * HOUR) == "today\xa009:00–tomorrow\xa009:00"
    assert en.when(None, None) == ""


def test_money() -> None:
    assert en.money(128_005, "CNY") == "¥1,280.05"
    assert en.money(7, "SEK") == "SEK 0.07"


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "chosen"),
    [
        ("en", "zh", ["zh-CN"], "en"),
        (None, "en", ["zh-CN"], "en"),
        (None, None, ["fr", "en-GB", "zh"], "en"),
        (None, None, ["fr"], "zh"),
        ("fr", None, [], "zh"),
        ("<script>", "xx", ["EN_us"], "en"),
    ],
)
def test_which_language(asked: str | None, kept: str | None, accepted: list[str], chosen: str) -> None:
    assert choose(asked, kept, accepted) == chosen
