"""One person in two spellings is one person; a value that everybody has is nobody's."""

import re
from string import ascii_letters

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promotions.identities import Phone, keyed_hash, network_of, person_of, phone_of, plain_identity, recipient_of, region_of

KEY = b"a key of the tests, 32 bytes long"

ONE_NUMBER = [
    "13800138000",
    "+8613800138000",
    "+86 138 0013 8000",
    "86 13800138000",
    "8613800138000",
    "008613800138000",
    "0086-138-0013-8000",
    "013800138000",
    "(+86)138-0013-8000",
    "138.0013.8000",
    " 138 0013 8000 ",
    "tel:+86-138-0013-8000",
    "TEL:+8613800138000",
    "１３８００１３８０００",
    "＋８６ １３８ ００１３ ８０００",
    "١٣٨٠٠١٣٨٠٠٠",
    "138\u00a00013\u30008000",
    "\u200b13800138000",
]


@pytest.mark.parametrize("spelling", ONE_NUMBER)
def test_all_spellings_of_a_number_compare_equal(spelling):
    assert phone_of(spelling, key=KEY) == phone_of("13800138000", key=KEY)


@pytest.mark.parametrize("other", ["13800138001", "+8523800138000", "+1 380 013 8000", "1380013800", "+886138001380"])
def test_another_number_is_another_number(other):
    assert phone_of(other, key=KEY) != phone_of("13800138000", key=KEY)


def test_of_a_number_only_its_hash_its_segment_and_its_last_four_digits_are_kept():
    phone = phone_of("13812345678", key=KEY)
    assert (phone.segment, phone.last_four) == ("1381", "5678")
    assert phone.hash == keyed_hash("+8613812345678", key=KEY)
    assert "12345678" not in repr(phone)


def test_a_number_of_a_new_segment_counts_although_the_library_does_not_know_it():
    assert phone_of("16500001111", key=KEY).segment == "1650"


@given(st.from_regex(r"(\+86)?1[0-9]{10}", fullmatch=True))
def test_a_plain_mobile_number_is_read_as_the_library_reads_it(number: str):
    parsed = phonenumbers.parse(number, "CN")
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    phone = phone_of(number, key=KEY)
    assert phone is not None
    assert phone == Phone(keyed_hash(e164, key=KEY), str(parsed.national_number)[:4], str(parsed.national_number)[-4:])


def test_under_another_key_the_same_number_cannot_be_recognised():
    assert phone_of("13800138000", key=KEY).hash != phone_of("13800138000", key=b"another key").hash


@pytest.mark.parametrize(
    "text", ["", " ", "abc", "12", "+", "+86", "1" * 30, "13800138000,13900139000", "1" * 1000, "\ud800", "😀", "-13800138000-" * 9]
)
def test_what_is_no_number_is_nobodys_phone(text):
    assert phone_of(text, key=KEY) is None


@pytest.mark.parametrize(
    "name",
    ["steam13800138000", "13800138000qq", "1380013800O", "1-800-FLOWERS", "13800abc138", "微信13800138000", "138 0013 8000 ext 5"],
)
def test_a_name_with_letters_is_no_number_however_many_digits_it_has(name):
    assert phone_of(name, key=KEY) is None
    assert recipient_of(name, key=KEY)[0] not in (recipient_of("13800138000", key=KEY)[0], "")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_no_text_makes_reading_a_number_fail(text):
    phone = phone_of(text, key=KEY)
    assert phone is None or re.fullmatch(r"[0-9a-f]{64}", phone.hash)


def test_a_top_up_of_ones_own_number_is_recognised():
    assert recipient_of("+86 138 0013 8000", key=KEY) == (phone_of("13800138000", key=KEY).hash, "8000")


def test_a_game_account_compares_equal_in_every_spelling_of_its_letters():
    assert recipient_of("Player_One", key=KEY) == recipient_of(" ｐｌａｙｅｒ＿ｏｎｅ ", key=KEY)
    assert recipient_of("Player_One", key=KEY) != recipient_of("Player_Two", key=KEY)


@pytest.mark.parametrize("account", ["", "  ", "000", "0"])
def test_a_recipient_that_is_nobody_stays_empty(account):
    assert recipient_of(account, key=KEY) == ("", "")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ABC-123", "abc-123"),
        (" d1\t", "d1"),
        ("ＡＢＣ１２３", "abc123"),
        ("ﬁ-device", "fi-device"),
        ("AA-BB-CC-DD-EE-0F", "aa:bb:cc:dd:ee:0f"),
        ("aabb.ccdd.ee0f", "aa:bb:cc:dd:ee:0f"),
        ("{3F2504E0-4F89-11D3-9A0C-0305E82C3301}", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
        ("xy" * 100, "xy" * 100 + "z"),
    ],
)
def test_a_device_compares_equal_in_every_spelling(first, second):
    assert plain_identity(first) == plain_identity(second) != ""


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "   ",
        "0",
        "-",
        "00:00:00:00:00:00",
        "00-00-00-00-00-00",
        "00000000-0000-0000-0000-000000000000",
        "000000000000000",
        "０００",
        "111111111111111",
        "eeeeeeeeeeeeeeee",
        "eeeeeeee-eeee-eeee-eeee-eeeeeeeeeeee",
    ],
)
def test_a_device_id_of_nothing_but_zeros_or_one_character_identifies_nobody(value):
    assert plain_identity(value) == ""


@pytest.mark.parametrize(
    "value", ["unknown-7", "a", "0a", "00:00:00:00:00:01", "02:00:00:00:00:01", "testphone", "1111111", "88888888"]
)
def test_what_only_resembles_a_default_id_still_identifies(value):
    assert plain_identity(value) == value


def test_an_ipv4_address_is_compared_whole():
    assert network_of(" 203.0.113.7 ") == "203.0.113.7" != network_of("203.0.113.8")


@pytest.mark.parametrize(
    "spelling",
    ["2001:db8:1:2::1", "2001:DB8:1:2:ffff::9", "2001:0db8:0001:0002:0000::", "2001:db8:1:2:a:b:c:d", "2001:db8:1:2::1%eth0"],
)
def test_an_ipv6_address_counts_as_the_network_of_its_household(spelling):
    assert network_of(spelling) == "2001:db8:1:2::/64" != network_of("2001:db8:1:3::1")


@pytest.mark.parametrize(
    "spelling",
    ["::ffff:203.0.113.7", "::FFFF:203.0.113.7", "::ffff:cb00:7107", "2002:cb00:7107::1", "2001:0:4136:e378:8000:63bf:34ff:8ef8"],
)
def test_an_ipv4_address_written_as_ipv6_is_the_same_address(spelling):
    assert network_of(spelling) == network_of("203.0.113.7")


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "localhost",
        "0.0.0.0",
        "127.0.0.1",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:0.0.0.0",
        "169.254.1.1",
        "fe80::1%eth0",
        "224.0.0.1",
        "203.0.113.07",
        "203.0.113.7:80",
        "[2001:db8::1]",
        "999.1.1.1",
        "２０３.0.113.7",
    ],
)
def test_what_is_no_address_of_somebody_is_empty(value):
    assert network_of(value) == ""


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=ascii_letters + "0123456789:.%/[] \x00", max_size=60))
def test_no_text_makes_reading_an_address_fail_and_none_outgrows_its_column(text):
    assert len(network_of(text)) <= 45


def test_a_verified_person_is_a_keyed_hash_that_is_nobodys_phone():
    person = person_of(" 13800138000 ", key=KEY)
    assert re.fullmatch(r"[0-9a-f]{64}", person)
    assert person not in (phone_of("13800138000", key=KEY).hash, keyed_hash("13800138000", key=KEY))
    assert person == person_of("１３８００１３８０００", key=KEY) != person_of("13800138000", key=b"another key")


@pytest.mark.parametrize("nobody", [None, "", "  ", "000-000", "x" * 20])
def test_a_reference_of_nobody_is_no_person(nobody):
    assert person_of(nobody, key=KEY) == ""


def test_a_region_is_compared_in_one_spelling():
    assert region_of(" cn-31 ") == region_of("ＣＮ-31") == "CN-31"
