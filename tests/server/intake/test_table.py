"""Files that are no order files get one clear sentence."""

from pathlib import Path

import pytest

from server.intake.mapping import choose_mapping
from server.intake.problems import UnusableFileError
from server.intake.table import LIMIT_ROWS, read_table

HEADER = "order_id,name\n"


def file_of(folder: Path, content: bytes) -> Path:
    file = folder / "orders.csv"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b" \n\r\n\t", "empty"),
        (HEADER.encode(), "no_rows"),
        (HEADER.encode() + b"\n , \n", "no_rows"),
        (b"PK\x03\x04rest of a spreadsheet", "broken_sheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more", "old_spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "locked_sheet"),
        (bytes(range(256)), "binary"),
        (b"a\x00b,c\n1,2\n", "binary"),
        ("訂單,姓名\n1,陳曉東\n2,劉德華\n".encode("big5"), "encoding"),
        ("注文,名前\n1,さくら・ツヅキ\n".encode("shift_jis"), "encoding"),
        ("Größe,Name\n1,Müller\n".encode("latin-1"), "encoding"),
        (b"just a sentence\nand another\n", "no_table"),
        (b"\n\na,b\n", "no_rows"),
        (b'a,b\n"1,2\n', "broken_csv"),
        (b'a,b\n"1"x,2\n', "broken_csv"),
        (b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n", "too_many_columns"),
        (b"a,b\n1,2\n" + b"," * 1_000_000 + b"1\n", "too_many_columns"),
        (b"a,b\n" + b"1,2\n" * (LIMIT_ROWS + 1), "too_many_rows"),
    ],
)
def test_a_file_that_is_no_table_is_one_sentence_in_both_languages(
    tmp_path: Path, content: bytes, code: str
) -> None:
    with pytest.raises(UnusableFileError) as caught:
        read_table(file_of(tmp_path, content))
    assert caught.value.code == code
    for lang in ("zh", "en"):
        told = caught.value.say(lang)
        assert told and "\n" not in told and "{" not in told


def test_a_missing_file_and_a_folder_are_sentences_too(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UnusableFileError) as caught:
            read_table(path)
        assert caught.value.code == "unreadable"


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_utf8_is_read_with_and_without_bom(tmp_path: Path, bom: bytes) -> None:
    table = read_table(file_of(tmp_path, bom + "订单,姓名\r\n1, 王 \r\n\r\n2,李\r\n".encode()))
    assert table.header == ("订单", "姓名")
    assert table.rows == {2: {"订单": "1", "姓名": "王"}, 4: {"订单": "2", "姓名": "李"}}


def test_a_row_with_too_many_or_too_few_cells_is_named(tmp_path: Path) -> None:
    table = read_table(file_of(tmp_path, b"a,b\n1,2\n1\n1,2,3\n"))
    assert [(p.row, p.code) for p in table.problems] == [(3, "cells"), (4, "cells")]
    assert table.problems[0].say("en") == "row 3, a: has 1 cells where the header has 2"
    assert table.problems[1].say("zh") == "第 4 行，a：有 3 个单元格，表头有 2 个"


def test_an_unknown_header_is_a_sentence() -> None:
    with pytest.raises(UnusableFileError) as caught:
        choose_mapping(("id", "who", "where"))
    assert caught.value.code == "no_map"
