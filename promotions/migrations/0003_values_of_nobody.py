"""Values that strangers share, as far as they are known by name. Data only."""

from django.db import migrations
from django.utils import timezone

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
    replaces = [("promotions", "0008_coupon_guard_nobody_ignores")]
    dependencies = [("promotions", "0002_guards")]

    operations = [migrations.RunPython(list_known, migrations.RunPython.noop)]
