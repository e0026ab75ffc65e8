"""How a file of orders is read: which column is what, and what its cells mean. Pure: knows no database."""

import re
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.errors import InvalidInput
from backoffice.lib.sentences import gettext_noop

# What a file can say of a row, and by which names files call it: compared in lower case, without blanks and signs.
FIELDS: Mapping[str, Any] = {
    "order": gettext_lazy("order number"),
    "placed_at": gettext_lazy("placed at"),
    "customer": gettext_lazy("customer"),
    "sku": gettext_lazy("SKU"),
    "description": gettext_lazy("description"),
    "product_category": gettext_lazy("product category"),
    "quantity": gettext_lazy("quantity"),
    "unit_price": gettext_lazy("price of one"),
    "amount": gettext_lazy("amount of the line"),
}
KNOWN_AS = {
    "order": "invoiceno invoice orderno ordernumber orderid orderref order 订单号 订单编号",
    "placed_at": "invoicedate orderdate placedat ordertime orderedat createdat date time 下单时间 订单时间 日期",
    "customer": "customerid customer customerref userid user buyer buyerid 客户 客户编号 用户 买家",
    "sku": "stockcode sku productid productcode itemid item product 商品编码 货号 商品编号",
    "description": "description productname name title 商品名称 描述 名称",
    "product_category": "productcategory category 类目 分类",
    "quantity": "quantity qty pieces count 数量",
    "unit_price": "unitprice price priceeach 单价 价格",
    "amount": "amount lineamount linetotal total 金额 小计",
}
NEEDED = ("order", "placed_at", "sku", "quantity")
DATE_ORDERS: Mapping[str, Any] = {
    "ymd": gettext_lazy("year, month, day"),
    "dmy": gettext_lazy("day, month, year"),
    "mdy": gettext_lazy("month, day, year"),
}
DECIMAL_MARKS: Mapping[str, Any] = {".": gettext_lazy("point: 1,234.56"), ",": gettext_lazy("comma: 1.234,56")}
# What settings are called where they are read as they are kept, in a history: `backoffice.lib.aloud.word` asks for these.
CALLED = (
    gettext_noop("unit price"),
    gettext_noop("date order"),
    gettext_noop("decimal mark"),
    gettext_noop("order prefix"),
    gettext_noop("customer prefix"),
    gettext_noop("cancellation mark"),
    gettext_noop("adjustment mark"),
    gettext_noop("nobody"),
    gettext_noop("leaves out wrong"),
)
SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@~+=-]{0,63}")
PREFIX = re.compile(r"[A-Za-z0-9._:@~+=-]{0,16}")
CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class ImportSettings:
    """`columns` says by field which of the file's columns holds it.

    `source` names where the orders come from: the same number of one source is the same order. Prefixes are put before what the
    file says. A number that begins with `cancellation_mark` or `adjustment_mark` is no sale; without a mark for cancellations
    whatever is below zero is one. `nobody` is the customer of rows that name none; empty, such a row is wrong. With
    `leaves_out_wrong` orders with a wrong row are left out, else the file is not loaded while a row is wrong. Times without a zone
    are in `time_zone`.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    currency: str = "CNY"
    time_zone: str = "Asia/Shanghai"
    date_order: str = "ymd"
    decimal_mark: str = "."
    order_prefix: str = ""
    customer_prefix: str = ""
    cancellation_mark: str = ""
    adjustment_mark: str = ""
    nobody: str = ""
    leaves_out_wrong: bool = False

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "ImportSettings":
        """From what `data` made; names that nobody knows any more are left alone."""
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})

    def data(self) -> dict[str, Any]:
        return asdict(self)

    def fitted(self, names: Sequence[str]) -> "ImportSettings":
        """The same for a file with these columns: what it lacks is not assigned."""
        return replace(self, columns={key: name for key, name in self.columns.items() if name in names})


def guessed_columns(names: Sequence[str]) -> dict[str, str]:
    """By field, the column that is probably meant; each column once."""
    plain = {re.sub(r"[\W_]+", "", name).lower(): name for name in reversed(names)}
    found: dict[str, str] = {}
    for key, known in KNOWN_AS.items():
        match = next((plain[name] for name in known.split() if name in plain and plain[name] not in found.values()), None)
        if match:
            found[key] = match
    return found


def checked_settings(settings: ImportSettings, names: Sequence[str]) -> ImportSettings:
    """Raises InvalidInput, with every problem in a line of its own, for what no file could be read by."""
    problems = [*_problems_of_columns(settings.columns, names), *_problems_of_values(settings)]
    if problems:
        raise InvalidInput("\n".join(problems))
    return settings


def _problems_of_columns(columns: Mapping[str, str], names: Sequence[str]) -> list[str]:
    found = [_("Say which column is: %s.") % FIELDS[key] for key in NEEDED if not columns.get(key)]
    if not columns.get("unit_price") and not columns.get("amount"):
        found.append(_("Say which column is the price of one, or the amount of the line."))
    if columns.get("unit_price") and columns.get("amount"):
        found.append(_("Choose the price of one or the amount of the line, not both: they may disagree."))
    found += [_("The file has no column “%s”.") % name for name in columns.values() if name and name not in names]
    chosen = [name for name in columns.values() if name]
    found += [_("The column “%s” is chosen twice.") % name for name in sorted({name for name in chosen if chosen.count(name) > 1})]
    return found + [_("“%s” is nothing a column can be.") % key for key in columns if key not in FIELDS]


def _problems_of_values(settings: ImportSettings) -> list[str]:
    marks = (settings.order_prefix, settings.customer_prefix, settings.cancellation_mark, settings.adjustment_mark)
    wrong = {
        _("A source is called by 1 to 32 small letters, digits, - or _, for example “shop-2011”."): SOURCE.fullmatch(
            settings.source
        ),
        _("A currency has three capital letters, for example CNY."): CURRENCY.fullmatch(settings.currency),
        _("There is no time zone “%s”.") % settings.time_zone: settings.time_zone in zoneinfo.available_timezones(),
        _("Choose in which order a date is written."): settings.date_order in DATE_ORDERS,
        _("Choose how decimals are written."): settings.decimal_mark in DECIMAL_MARKS,
        _("Prefixes and marks have at most 16 letters, digits or . _ : @ ~ + = -"): all(PREFIX.fullmatch(mark) for mark in marks),
        _("The customer of rows that name none: 1 to 64 letters, digits or . _ : @ ~ + = -"): (
            not settings.nobody or REFERENCE.fullmatch(settings.nobody)
        ),
        _("Cancellations and adjustments need different marks."): (
            not settings.adjustment_mark or settings.adjustment_mark != settings.cancellation_mark
        ),
    }
    return [text for text, is_right in wrong.items() if not is_right]
