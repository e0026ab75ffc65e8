"""What a basket holds, and what a coupon looks at in it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """What a line of a basket is: of an order, or of one that is only quoted."""

    GOODS = "goods", _("goods")
    PHONE_CREDIT = "phone_credit", _("phone credit")
    GAME_CREDIT = "game_credit", _("game credit")


# Gone within minutes, and cannot come back.
VIRTUAL_CATEGORIES = (Category.PHONE_CREDIT, Category.GAME_CREDIT)


class ScopeBy(models.TextChoices):
    """By what a line of a coupon type's scope names lines of a basket: a field of theirs."""

    CATEGORY = "category", _("category")
    PRODUCT_CATEGORY = "product_category", _("product category of the storefront")
    SKU = "sku", _("SKU")


class ScopeSide(models.TextChoices):
    INCLUDED = "included", _("take part")
    LEFT_OUT = "left_out", _("are left out")


class Stacks(models.TextChoices):
    """With which other coupons a coupon may pay for one order. Both sides must agree."""

    ANY = "any", _("with any other coupon")
    LISTED = "listed", _("only with those listed")
    ALONE = "alone", _("with no other coupon")


class Weekday(models.IntegerChoices):
    MONDAY = 1, _("Mon")
    TUESDAY = 2, _("Tue")
    WEDNESDAY = 3, _("Wed")
    THURSDAY = 4, _("Thu")
    FRIDAY = 5, _("Fri")
    SATURDAY = 6, _("Sat")
    SUNDAY = 7, _("Sun")


class CouponMisfit(models.TextChoices):
    """Why a coupon cannot pay for a basket: told to the storefront, which shows it to its customer."""

    UNKNOWN_COUPON = "unknown_coupon", _("this customer has no such coupon")
    NOT_USABLE = "not_usable", _("redeemed, voided or frozen")
    EXPIRED = "expired", _("expired")
    NAMED_TWICE = "named_twice", _("named twice")
    CURRENCIES_DIFFER = "currencies_differ", _("coupons of different currencies")
    NOT_FIRST_ORDER = "not_first_order", _("for a first order only")
    NOTHING_COVERED = "nothing_covered", _("nothing in the basket is covered")
    MINIMUM_NOT_MET = "minimum_not_met", _("the minimum spend is not met")
    DOES_NOT_STACK = "does_not_stack", _("does not go with another coupon")
    TAKES_NOTHING = "takes_nothing", _("would take nothing off")
