"""What can be wrong with an order file, in plain words, Chinese and English.

Two kinds: `UnusableFileError` is about the file as a whole (one sentence, nothing else is looked at), `RowProblem` is
about one row and column (all rows are looked at before anything is said).
"""

from dataclasses import dataclass, field
from typing import Literal

Lang = Literal["zh", "en"]

_SENTENCES: dict[str, tuple[str, str]] = {
    # whole files
    "unreadable": ("无法读取文件：{why}", "The file cannot be read: {why}"),
    "empty": ("文件是空的", "The file is empty"),
    "too_large": ("文件超过 {limit} MB", "The file is larger than {limit} MB"),
    "too_many_rows": (
        "超过 {limit} 行，请拆分成几个文件",
        "The file has more than {limit} rows: split it",
    ),
    "old_spreadsheet": (
        "这是旧版电子表格（xls），请另存为 xlsx 或 CSV",
        "This is an old spreadsheet (xls): save it as xlsx or CSV",
    ),
    "broken_sheet": ("电子表格已损坏，或不是 xlsx", "The spreadsheet is damaged, or no xlsx"),
    "locked_sheet": (
        "电子表格有密码保护，请去掉密码后再导入",
        "The spreadsheet is protected by a password: remove it and import again",
    ),
    "swollen": (
        "电子表格解压后过大（{what}），已拒绝",
        "The spreadsheet unpacks to far more than it should ({what}); it was refused",
    ),
    "too_slow": (
        "读取电子表格超过 {limit} 秒，已中止",
        "Reading the spreadsheet took more than {limit} seconds; it was stopped",
    ),
    "too_many_columns": ("超过 {limit} 列", "The file has more than {limit} columns"),
    "too_many_sheets": ("超过 {limit} 个工作表", "The spreadsheet has more than {limit} sheets"),
    "no_sheet": ("没有名为“{sheet}”的工作表", "There is no sheet called “{sheet}”"),
    "binary": (
        "这不是文本文件，请提供 CSV 或 xlsx",
        "This is no text file: a CSV or xlsx file is needed",
    ),
    "encoding": (
        "无法识别文件编码（第 {line} 行）：应为 UTF-8、UTF-16 或 GB18030",
        "The encoding cannot be told (line {line}): UTF-8, UTF-16 and GB18030 are understood",
    ),
    "broken_csv": ("CSV 格式错误：第 {line} 行（{why}）", "The CSV is broken at line {line}: {why}"),
    "no_table": (
        "这不是表格：第一行应是列名",
        "This is no table: the first line must be column names",
    ),
    "no_rows": ("文件只有表头，没有订单", "The file has a header and no orders"),
    "no_map": (
        "不认识这些列名；请用 --map 指定映射、在调度台上做一次映射，或用 doorstep orders template 打印模板",
        "No known mapping fits: give one with --map, make one at the desk, or see `doorstep orders template`",
    ),
    "columns_missing": ("表头缺少列：{columns}", "The header lacks: {columns}"),
    "no_merchant": ("请用 --merchant 指定商家", "Say whose orders these are with --merchant"),
    "bad_map": ("映射文件有误：{why}", "The mapping file is wrong: {why}"),
    # one cell
    "required": ("不能为空", "must not be empty"),
    "cells": ("有 {found} 个单元格，表头有 {wanted} 个", "has {found} cells where the header has {wanted}"),
    "whole_number": ("“{value}”不是整数", "“{value}” is not a whole number"),
    "number": ("“{value}”不是数字", "“{value}” is not a number"),
    "too_precise": ("“{value}”小数位太多", "“{value}” has more decimals than the unit has"),
    "range": ("“{value}”超出范围 {low} 到 {high}", "“{value}” is outside {low} to {high}"),
    "time": ("“{value}”不是形如 {example} 的时间", "“{value}” is not a time such as {example}"),
    "choice": ("“{value}”应为 {choices} 之一", "“{value}” should be one of {choices}"),
    "too_long": ("超过 {limit} 个字符", "is longer than {limit} characters"),
    "control": ("含有不可见的控制字符", "contains invisible control characters"),
    "phone": ("“{value}”不是电话号码", "“{value}” is not a telephone number"),
    "half_position": (
        "经度和纬度要么都填，要么都空",
        "longitude and latitude must both be given or both be empty",
    ),
    "half_window": ("时间窗要么都填，要么都空", "both ends of the time window must be given, or neither"),
    "pin_pickup": (
        "取件码只用于派件，揽收不能填“是”",
        "a code is asked for at a delivery: a pickup cannot have one",
    ),
    "window_order": ("时间窗结束早于开始", "the time window ends before it starts"),
    "repeated": ("与第 {row} 行重复：“{value}”", "“{value}” stands in row {row} already"),
    "waybill_taken": (
        "运单号“{value}”已属于另一订单（{owner}）",
        "waybill “{value}” already belongs to another order ({owner})",
    ),
    "already_there": (
        "“{value}”已导入过，内容不同；未更改",
        "“{value}” was imported before and says something else now; nothing was changed",
    ),
    "leaving": (
        "“{value}”所在的那次导入正在撤销；撤销完再导入",
        "“{value}” belongs to an import that is being undone; import it when that is finished",
    ),
    "digits": (
        "“{value}”位数太多，表格软件已改动末尾数字；请把该列设为文本格式",
        "“{value}” has more digits than a spreadsheet keeps in a number: format the column as text",
    ),
    "shape": ("格式不对：{why}", "{why}"),
    "rule": ("不符合规则：{why}", "breaks a rule: {why}"),
}


def sentence(code: str, lang: Lang, facts: dict[str, str | int]) -> str:
    """The sentence of a problem in one language, its facts filled in."""
    zh, en = _SENTENCES[code]
    return (zh if lang == "zh" else en).format(**facts)


class UnusableFileError(Exception):
    """The file, or the mapping for it, cannot be used at all; exit status 2."""

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(sentence(code, "en", facts))
        self.code = code
        self.facts = facts

    def say(self, lang: Lang) -> str:
        """One sentence for the person who gave the file."""
        return sentence(self.code, lang, self.facts)


@dataclass(frozen=True)
class RowProblem:
    """One thing wrong with one row. `row` counts as a spreadsheet does: the header is row 1."""

    row: int
    column: str
    code: str
    facts: dict[str, str | int] = field(default_factory=dict)

    def what(self, lang: Lang) -> str:
        """What it is, without where."""
        return sentence(self.code, lang, self.facts)

    def say(self, lang: Lang) -> str:
        """Where it is and what it is, one line."""
        what = self.what(lang)
        return (
            f"第 {self.row} 行，{self.column}：{what}"
            if lang == "zh"
            else f"row {self.row}, {self.column}: {what}"
        )

    def as_json(self) -> dict[str, object]:
        """The stored form: both languages, so that a later screen needs no table of codes."""
        return {
            "row": self.row,
            "column": self.column,
            "code": self.code,
            "zh": self.say("zh"),
            "en": self.say("en"),
        }
