"""Brings rows of before to what is asked of them from now on, before the database asks it. Data only.

Values that strangers share are listed, as far as they are known by name. Restricted types get a cap on the uses of a token: their
quantity, since no token could give more, or what a batch of theirs allows already. Built-in lines get their names, and types that are
live the new ones, as `promotions/services/built_in_lines.py` had them when this was written. Coupons learn which slice they came
from: the first one of their type, and what had been issued from the other slices moves there, with the room it had taken.
"""

from datetime import timedelta

from django.db import migrations
from django.utils import timezone

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
# As they are compared: lower case, without blanks and : . - _
KNOWN = {
    "text": {
        "a placeholder for nothing": [
            "unknown", "null", "(null)", "<null>", "nil", "nan", "none", "undefined", "n/a", "na", "default", "empty", "anonymous",
        ],
        "a placeholder of testers": ["test", "123456", "12345678", "123456789", "1234567890", "0123456789", "0123456789abcdef"],
    },
    "device": {
        "what a phone calls itself where it has no id": ["android", "iphone", "ios", "unknownunknown", "serialnumber"],
        "MAC address that Android 6 and iOS 7 and later give to every app": ["020000000000"],
        "broadcast MAC address": ["ffffffffffff"],
        "default MAC address of Broadcom wireless chips": ["00904cc51238", "00904c112233"],
        "default MAC address of Qualcomm wireless chips": ["000af58989ff", "000af5898980"],
        "default MAC address of Realtek chips": ["00e04c680001", "00e04c871200"],
        "default MAC address of QEMU, and of Android's emulator on it": ["525400123456", "525400123457", "0215b2000000"],
        "ANDROID_ID that Android 2.2 gave to every phone": ["9774d56d682e549c"],
        "ANDROID_ID of Android's emulator": ["dead00beef"],
        "made-up IMEI of emulators and of copied phones": [
            "012345678912345", "123456789012345", "004999010640000", "358240051111110", "358673013795895", "490154203237518",
        ],
        "Android's emulator": ["emulator*", "googlesdk*", "sdkgphone*", "goldfish*", "ranchu*", "genymotion*", "vbox86*"],
    },
    "address": {
        "private network: the same in every house": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
    },
}  # fmt: skip

CAP = """
UPDATE promotions_coupontype t
   SET uses_per_token = greatest(t.quantity, (
       SELECT max(b.uses) FROM promotions_tokenbatch b JOIN promotions_entry e ON e.id = b.entry_id WHERE e.coupon_type_id = t.id), 1)
 WHERE t.audience = 'restricted' AND t.uses_per_token IS NULL
"""

# The coupon's rows are read-only but for the status; this setting of pgtrigger lets this one transaction through.
FILL_COUPONS = """
SELECT set_config('pgtrigger.ignore', '{pgtrigger_coupon_stays_what_was_issued_b894d}', true);
UPDATE promotions_coupon c
   SET coupon_type_slice_id = (SELECT s.id FROM promotions_coupontypeslice s
                                WHERE s.coupon_type_id = c.coupon_type_id ORDER BY s.number LIMIT 1),
       entry_slice_id = (SELECT s.id FROM promotions_claim k JOIN promotions_entryslice s ON s.entry_id = k.entry_id
                          WHERE k.id = c.claim_id ORDER BY s.number LIMIT 1);
SELECT set_config('pgtrigger.ignore', '{}', true);
"""

MOVE_ENTRIES = """
UPDATE promotions_entryslice s
   SET issued = CASE WHEN s.number = t.first THEN t.issued ELSE 0 END,
       cap = s.cap - s.issued + CASE WHEN s.number = t.first THEN t.issued ELSE 0 END
  FROM (SELECT entry_id, min(number) AS first, sum(issued) AS issued FROM promotions_entryslice GROUP BY entry_id) t
 WHERE t.entry_id = s.entry_id AND t.issued > 0;
"""

MOVE_TYPES = """
WITH money AS (
    SELECT c.coupon_type_slice_id AS id,
           coalesce(sum(c.face_value) FILTER (WHERE c.status IN ('issued', 'frozen')), 0) AS reserved,
           coalesce(sum(r.amount), 0) AS spent
      FROM promotions_coupon c
      LEFT JOIN promotions_redemption r ON r.coupon_id = c.id AND r.returned_at IS NULL
     GROUP BY c.coupon_type_slice_id
)
UPDATE promotions_coupontypeslice s
   SET issued = CASE WHEN s.number = t.first THEN t.issued ELSE 0 END,
       issued_amount = CASE WHEN s.number = t.first THEN t.issued_amount ELSE 0 END,
       quantity = s.quantity - s.issued + CASE WHEN s.number = t.first THEN t.issued ELSE 0 END,
       reserved = coalesce((SELECT reserved FROM money WHERE money.id = s.id), 0),
       spent = coalesce((SELECT spent FROM money WHERE money.id = s.id), 0)
  FROM (SELECT coupon_type_id, min(number) AS first, sum(issued) AS issued, sum(issued_amount) AS issued_amount
          FROM promotions_coupontypeslice GROUP BY coupon_type_id) t
 WHERE t.coupon_type_id = s.coupon_type_id AND t.issued > 0;
"""


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


def list_known(apps, schema_editor):
    values = apps.get_model("promotions", "NobodyValue")
    now = timezone.now()
    rows = [
        values(kind=kind, value=value, shown=value, note=note, created_at=now)
        for kind, notes in KNOWN.items()
        for note, listed in notes.items()
        for value in listed
    ]
    values.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("promotions", "0002_budgets_rules_grants_and_lines")]

    operations = [
        migrations.RunPython(list_known, migrations.RunPython.noop),
        migrations.RunSQL([CAP, FILL_COUPONS, MOVE_ENTRIES, MOVE_TYPES], migrations.RunSQL.noop),
        migrations.RunPython(draw, migrations.RunPython.noop),
        migrations.RunSQL("ALTER TABLE promotions_grantitem SET (fillfactor = 45)", "ALTER TABLE promotions_grantitem RESET (fillfactor)"),
    ]
