"""A mapping to begin with, for columns nobody has seen before: by their names, then by what stands in them.

A suggestion is shown to a person who checks it; it never imports anything by itself.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from server.intake.cells import ISO_FORMATS
from server.intake.fields import FIELDS


def _words(*lines: str) -> tuple[str, ...]:
    return tuple(word for line in lines for word in line.split())


# What merchants call a field, most telling first. Compared without case, spaces, marks and what stands in brackets.
_NAMES: dict[str, tuple[str, ...]] = {
    "waybill": _words(
        "waybill waybillno trackingnumber trackingno awb",
        "运单号 运单编号 快递单号 物流单号 面单号",
    ),
    "reference": _words(
        "reference orderno orderid ordernumber order",
        "订单号 订单编号 客户单号 商家单号 单号 编号",
    ),
    "merchant": _words(
        "merchant shop store seller",
        "商家 店铺 客户名称 货主",
    ),
    "kind": _words(
        "kind type tasktype",
        "类型 业务类型 派揽 任务类型",
    ),
    "name": _words(
        "name recipient consignee contact receiver",
        "收件人 收货人 联系人 姓名 收件人姓名",
    ),
    "phone": _words(
        "phone mobile telephone tel phonenumber",
        "电话 手机 手机号 联系电话 收件人电话 收件电话",
    ),
    "community": _words(
        "community estate",
        "小区 楼盘",
    ),
    "building": _words(
        "building block",
        "楼栋 栋 楼号",
    ),
    "unit": _words(
        "unit entrance",
        "单元",
    ),
    "room": _words(
        "room flat apartment",
        "门牌 门牌号 房号 室",
    ),
    "address": _words(
        "address fulladdress deliveryaddress",
        "地址 收件地址 收货地址 详细地址 收件人地址",
    ),
    "longitude": _words(
        "longitude lng lon",
        "经度",
    ),
    "latitude": _words(
        "latitude lat",
        "纬度",
    ),
    "window_start": _words(
        "windowstart timewindowstart from starttime earliest",
        "时间窗开始 开始时间 最早送达 预约开始",
    ),
    "window_end": _words(
        "windowend timewindowend until to endtime latest deadline",
        "时间窗结束 结束时间 最晚送达 预约结束",
    ),
    "cod": _words(
        "cod codamount cashondelivery amountdue",
        "代收货款 代收金额 代收 货款 到付金额",
    ),
    "weight": _words(
        "weight",
        "重量 毛重",
    ),
    "pieces": _words(
        "pieces quantity qty pcs",
        "件数 数量 箱数",
    ),
    "goods": _words(
        "goods product item content description",
        "物品 商品 品名 货物名称 内件",
    ),
    "requests": _words(
        "requests request remarks remark notes note comment",
        "客户要求 特殊要求 备注 留言 要求",
    ),
    "courier": _words(
        "courier driver",
        "快递员 配送员 派件员",
    ),
    "sequence": _words(
        "sequence seq stop",
        "顺序 派送顺序",
    ),
    "pin_required": _words(
        "pinrequired pin otp codeonly",
        "凭码签收 取件码 验证码签收",
    ),
}
_TIMES = (
    *ISO_FORMATS[:2],
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y年%m月%d日 %H:%M",
    "%Y.%m.%d %H:%M",
    "%Y%m%d%H%M",
    "%Y%m%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%m-%d %H:%M:%S",
    "%m-%d %H:%M",
    "%m/%d %H:%M",
    "%m月%d日 %H:%M",
    "%d.%m.%Y %H:%M",
)
_KINDS = {
    "派送": "delivery", "派件": "delivery", "配送": "delivery", "送货": "delivery", "送": "delivery",
    "揽收": "pickup", "取件": "pickup", "揽件": "pickup", "上门取件": "pickup", "取": "pickup",
}  # fmt: skip
_MOBILE = re.compile(r"(\+?86[ -]?)?1[0-9]{2}[ -]?[0-9]{4}[ -]?[0-9]{4}")
_MOST = 0.8


def suggest(header: Sequence[str], rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """A mapping document (`mapping.read_mapping`) as far as it can be guessed; fields may be missing.

    Args:
        header: names of the columns.
        rows: some rows, texts by column name.
    """
    columns = _by_name(header)
    taken = set(columns.values())
    for name, column in _by_content([one for one in header if one not in taken], rows):
        if name not in columns:
            columns[name] = column
    fields = {name: _rule(name, columns[name], rows) for name in FIELDS if name in columns}
    if "kind" not in fields:
        fields["kind"] = {"constant": "delivery"}
    if "reference" in fields and "waybill" not in fields:
        fields["waybill"] = {"column": fields["reference"]["column"]}
    elif "waybill" in fields and "reference" not in fields:
        fields["reference"] = {"column": fields["waybill"]["column"]}
    return {"format": 1, "name": "suggested", "fields": fields}


def plain(name: str) -> str:
    """A column's name without case, marks, units and spaces."""
    bare = re.sub(r"[(（\[【].*?[)）\]】]", "", name.casefold())
    return re.sub(r"[\W_]+|(kg|公斤|千克|yuan|元)$", "", bare)


def _by_name(header: Sequence[str]) -> dict[str, str]:
    """Field -> column: whole names before parts of names, so that 订单号 goes before 号."""
    found: dict[str, str] = {}
    plains = {column: plain(column) for column in header}
    for fits in (lambda word, name: word == name, lambda word, name: len(word) > 2 and word in name):
        for field, words in _NAMES.items():
            for word in words if field not in found else ():
                column = next(
                    (one for one, bare in plains.items() if one not in found.values() and fits(word, bare)),
                    None,
                )
                if column is not None:
                    found[field] = column
                    break
    return found


def _by_content(columns: Iterable[str], rows: Sequence[Mapping[str, str]]) -> Iterable[tuple[str, str]]:
    for column in columns:
        texts = [row[column] for row in rows if row.get(column)]
        if not texts:
            continue
        if _share(texts, lambda text: bool(_MOBILE.fullmatch(text))) >= _MOST:
            yield "phone", column
        elif _share(texts, _is_degrees(70, 140)) >= _MOST:
            yield "longitude", column
        elif _share(texts, _is_degrees(15, 55)) >= _MOST and all("." in text for text in texts):
            yield "latitude", column
        elif _share(texts, lambda text: bool(re.search(r"[路街巷弄道村].*\d", text))) >= _MOST:
            yield "address", column


def _share(texts: Sequence[str], fits: Any) -> float:
    return sum(1 for text in texts if fits(text)) / len(texts)


def _is_degrees(low: int, high: int) -> Any:
    return lambda text: bool(re.fullmatch(r"[0-9]{2,3}\.[0-9]{3,}", text)) and low <= float(text) <= high


def _rule(name: str, column: str, rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    texts = [row[column] for row in rows if row.get(column)]
    rule: dict[str, Any] = {"column": column}
    if FIELDS[name].kind == "time":
        rule["formats"] = [form for form in _TIMES if any(_fits(text, form) for text in texts)][:4]
    elif name == "kind":
        rule["words"] = {text: _KINDS[text] for text in dict.fromkeys(texts) if text in _KINDS}
    elif name == "weight":
        rule["unit"] = "g" if re.search(r"[(（_ ](g|克)[)）]?$", column.casefold()) else "kg"
    elif name == "cod":
        rule["unit"] = "fen" if re.search(r"[(（_ ](fen|分|minor)[)）]?$", column.casefold()) else "yuan"
    return rule


def _fits(text: str, form: str) -> bool:
    whole, shape = (text, form) if "%Y" in form else (f"2000 {text}", f"%Y {form}")
    try:
        datetime.strptime(whole, shape)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True
