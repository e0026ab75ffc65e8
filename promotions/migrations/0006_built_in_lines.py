"""Names the built-in lines that are there, and draws the new ones for types that are live.

Data only. The figures are those of `promotions/services/built_in_lines.py` as they were when this was written.
"""

from datetime import timedelta

from django.db import migrations

TEN_MINUTES, SIX_HOURS = timedelta(minutes=10), timedelta(hours=6)
NAMES = {
    "token_refusals": "token_refusals",
    "customers_on_one_token": "customers_on_one_token",
    "young_accounts_on_shared_tokens": "young_accounts",
    "quick_cash_outs": "quick_cash_outs",
}
RESTRICTED = (
    ("customers_on_one_token_slowly", "customers_on_one_token", SIX_HOURS, 60, "alarm", "fixed"),
    ("young_accounts_slowly", "young_accounts_on_shared_tokens", SIX_HOURS, 20, "suspend", "fixed"),
    ("quick_cash_outs_slowly", "quick_cash_outs", SIX_HOURS, 20, "suspend", "fixed"),
    ("should_be_silent", "attempts", TEN_MINUTES, 10, "alarm", "silent"),
)
ONLINE = (("should_be_silent", "attempts", TEN_MINUTES, 100, "alarm", "silent"),)


def draw(apps, schema_editor):
    Threshold, CouponType = apps.get_model("promotions", "Threshold"), apps.get_model("promotions", "CouponType")
    for metric, name in NAMES.items():
        Threshold.objects.filter(is_built_in=True, built_in_name="", metric=metric).update(built_in_name=name)
    for coupon_type in CouponType.objects.filter(status__in=["live", "suspended"]).select_related("campaign__budget"):
        known = set(Threshold.objects.filter(coupon_type=coupon_type).values_list("built_in_name", flat=True))
        counts = [int(coupon_type.campaign.budget.amount / coupon_type.face_value)]
        counts += [coupon_type.quantity] if coupon_type.quantity is not None else []
        baseline = ("baseline", "issued_count", TEN_MINUTES, max(100, min(counts) // 2), "alarm", "baseline")
        for name, metric, window, limit, action, kind in (*(RESTRICTED if coupon_type.audience == "restricted" else ONLINE), baseline):
            if name not in known:
                Threshold.objects.create(
                    coupon_type=coupon_type, metric=metric, window=window, limit=limit, action=action, kind=kind,
                    is_built_in=True, built_in_name=name,
                )


class Migration(migrations.Migration):
    dependencies = [("promotions", "0005_thresholds_of_more_kinds")]
    operations = [migrations.RunPython(draw, migrations.RunPython.noop)]
