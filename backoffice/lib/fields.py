"""Input as the API takes it: the type that is asked for and no other, nothing unknown, nothing longer than its column.

DRF's own fields turn numbers into texts and texts into booleans; these refuse. Their messages never repeat the value. What a field
takes that its class does not tell the schema stands in `documented`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

REF_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:@~+=-]{0,63}$"
AMOUNT_PATTERN = r"^([1-9][0-9]{0,9}(\.[0-9]{1,2})?|0\.(0[1-9]|[1-9][0-9]?))$"
MOMENT_PATTERN = (
    r"^(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)
NO_NUL_PATTERN = r"^[^\u0000]*$"
MOST_UNKNOWN_SHOWN = 20


class StrictSerializer(serializers.Serializer):
    """An object with these fields and no others."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, Mapping) else []
        if unknown:
            message = serializers.ErrorDetail(str(_("There is no such field.")), code="unknown_field")
            raise serializers.ValidationError({name: [message] for name in unknown[:MOST_UNKNOWN_SHOWN]})
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """A text, exactly as it was sent. NUL characters and half surrogate pairs are refused by DRF's own validators."""

    documented: dict[str, Any] = {"pattern": NO_NUL_PATTERN}

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class RefField(TextField):
    """The storefront's name for something of its own, such as an order: it can stand in an address as it is."""

    documented = {"pattern": REF_PATTERN}
    default_error_messages = {"pattern": _("1 to 64 letters, digits or . _ : @ ~ + = - and first a letter or digit.")}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not re.fullmatch(REF_PATTERN, text):
            self.fail("pattern")
        return text


class FlagField(serializers.BooleanField):
    """true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class ChoiceField(serializers.ChoiceField):
    """One of the texts of an enumeration."""

    default_error_messages = {"invalid_choice": _("Not one of: {choices}.")}

    def __init__(self, choices: type[models.TextChoices], **options: Any) -> None:
        self.texts = frozenset(str(value) for value in choices.values)
        super().__init__(choices=choices.choices, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.texts:
            self.fail("invalid_choice", choices=", ".join(sorted(self.texts)))
        return data


class AddressField(serializers.IPAddressField):
    """An IPv4 or IPv6 address."""

    documented = {"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class CountField(serializers.IntegerField):
    """A whole number as a number: no text, no fraction, no true."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


@extend_schema_field({"type": "string", "pattern": AMOUNT_PATTERN, "example": "100.00"})
class AmountField(serializers.Field):
    """Money above zero as a decimal text with at most 12 digits, 2 of them after the point."""

    default_error_messages = {
        "invalid": _('An amount is above zero, as a text such as "99.90": at most 10 digits and 2 after the point, no exponent.')
    }

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not re.fullmatch(AMOUNT_PATTERN, data):
            self.fail("invalid")
        return Decimal(data)

    def to_representation(self, value: Decimal) -> str:
        return f"{value:.2f}"


@extend_schema_field({"type": "string", "format": "date-time", "pattern": MOMENT_PATTERN})
class MomentField(serializers.Field):
    """A time with its offset (RFC 3339), from 1970 to 2999. Gives it in UTC."""

    default_error_messages = {
        "invalid": _('A time is a text with its offset, such as "2019-01-20T01:00:00+08:00", from 1970 to 2999.')
    }

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str) or not re.fullmatch(MOMENT_PATTERN, data):
            self.fail("invalid")
        try:
            return datetime.fromisoformat(data).astimezone(UTC)
        except ValueError:
            self.fail("invalid")

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class TextsField(serializers.ListField):
    """A list of texts, none of them twice. Its length is checked before its items are looked at."""

    documented = {"uniqueItems": True}
    default_error_messages = {"twice": _("Each of them once.")}

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        texts = super().to_internal_value(data)
        if len(set(texts)) < len(texts):
            self.fail("twice")
        return list(texts)
