"""A token is one of ours to the last bit, or it is forged."""

import base64
import hashlib
import hmac
import json
import string
import struct
from dataclasses import replace
from datetime import UTC, timedelta
from random import Random

import pytest

from promotions.tokens import MAX_LENGTH, TokenContent, TokenForged, fingerprint, read_token, write_token
from tests.promotions.factories import (
    DAY,
    NOON,
)

KEYS = {"2026a": b"the first key of these tests, 32", "2025z": b"an older key of these tests, 32."}


BASE64_URL = string.ascii_letters + string.digits + "-_"


def some_content(random: Random) -> TokenContent:
    return TokenContent(
        entry_id=random.randrange(1, 2**40),
        batch_id=random.randrange(1, 2**40),
        number=random.randrange(100_000),
        expires_at=NOON + timedelta(seconds=random.randrange(10**7)),
        nonce=random.randbytes(12),
    )


def a_text(random: Random | None = None, key_id: str = "2026a") -> str:
    return write_token(some_content(random or Random(7)), key_id=key_id, key=KEYS[key_id])


def is_accepted(text: str, keys=KEYS) -> bool:
    try:
        read_token(text, keys=keys)
    except TokenForged:
        return False
    return True


def resigned(payload: bytes, *, prefix="HF1", key_id="2026a", key=KEYS["2026a"], digest=hashlib.sha256) -> str:
    signed = f"{prefix}.{key_id}.{base64.urlsafe_b64encode(payload).rstrip(b'=').decode()}"
    mac = hmac.new(key, signed.encode(), digest).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def test_a_hundred_good_tokens_all_read_back():
    random = Random(1)
    for _ in range(100):
        content = some_content(random)
        assert read_token(write_token(content, key_id="2026a", key=KEYS["2026a"]), keys=KEYS) == content


def test_an_expiry_is_kept_to_the_second_in_utc():
    content = replace(some_content(Random(2)), expires_at=NOON.replace(microsecond=999_999))
    assert read_token(write_token(content, key_id="2026a", key=KEYS["2026a"]), keys=KEYS).expires_at == NOON
    assert read_token(a_text(), keys=KEYS).expires_at.tzinfo is UTC


def test_no_character_of_a_token_can_be_another_one():
    random, accepted = Random(3), []
    for _ in range(20):
        good = a_text(random)
        for place in range(len(good)):
            other = random.choice([c for c in BASE64_URL + ".=+/ " if c != good[place]])
            accepted += [text for text in [good[:place] + other + good[place + 1 :]] if is_accepted(text)]
    assert accepted == []


def test_no_bit_of_a_token_can_be_flipped():
    good = a_text().encode()
    flipped = [bytes(b ^ (1 << bit) * (i == place) for i, b in enumerate(good)) for place in range(len(good)) for bit in range(8)]
    assert len(flipped) > 800
    assert not [text for text in flipped if is_accepted(text.decode("latin-1"))]


def test_no_bit_of_payload_or_signature_can_be_flipped():
    prefix, key_id, payload, mac = a_text().split(".")
    for part in (payload, mac):
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        for bit in range(len(raw) * 8):
            changed = (int.from_bytes(raw, "big") ^ (1 << bit)).to_bytes(len(raw), "big")
            spelled = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
            assert not is_accepted(".".join([prefix, key_id, *([spelled, mac] if part is payload else [payload, spelled])]))


def test_no_cut_and_no_addition_is_accepted():
    good = a_text()
    cuts = [good[:end] for end in range(len(good))] + [good[start:] for start in range(1, len(good))]
    additions = [good + more for more in BASE64_URL + ".= \n\t\r\x00"] + [more + good for more in ". \n\ufeff"]
    assert not [text for text in cuts + additions if is_accepted(text)]


@pytest.mark.parametrize(
    "respell",
    [
        str.lower,
        str.upper,
        str.swapcase,
        lambda text: text + "=",
        lambda text: text.replace(".", "=.", 3),
        lambda text: text.replace(".", ".."),
        lambda text: text.replace(".", "\u3002"),
        lambda text: text.replace(".", "\uff0e"),
        lambda text: text.replace(".", "%2E"),
        lambda text: "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in text),
        lambda text: text.replace("H", "\u041d", 1),
        "\u200b".join,
        lambda text: text[:10] + "\n" + text[10:],
        lambda text: text + "\x00",
        lambda text: text[::-1],
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: text.encode().hex(),
        json.dumps,
        lambda text: f"{text}.{text}",
        " ".join,
        lambda text: text + "\ud800",
    ],
)
def test_a_token_has_one_spelling(respell):
    random = Random(4)
    assert not [good for good in (a_text(random) for _ in range(20)) if is_accepted(respell(good))]


@pytest.mark.parametrize("part", [2, 3])
def test_unused_bits_at_the_end_of_a_part_are_no_second_spelling(part):
    random, respelled = Random(5), 0
    for _ in range(50):
        parts = a_text(random).split(".")
        raw = base64.urlsafe_b64decode(parts[part] + "=" * (-len(parts[part]) % 4))
        for last in BASE64_URL:
            spelled = parts[part][:-1] + last
            if spelled != parts[part] and base64.urlsafe_b64decode(spelled + "=" * (-len(spelled) % 4)) == raw:
                respelled += 1
                assert not is_accepted(".".join([*parts[:part], spelled, *parts[part + 1 :]]))
    assert respelled or len(raw) % 3 == 0


def test_standard_base64_is_not_url_safe_base64():
    random = Random(6)
    texts = [text for text in (a_text(random) for _ in range(60)) if set(text) & {"-", "_"}]
    assert len(texts) > 20
    assert not [text for text in texts if is_accepted(text.replace("-", "+").replace("_", "/"))]


@pytest.mark.parametrize(
    "signature",
    ["", "none", "null", "AAAA", "A" * 43, "*" * 43],
)
def test_there_is_no_token_without_a_signature(signature):
    unsigned = a_text().rpartition(".")[0]
    assert not is_accepted(f"{unsigned}.{signature}")
    assert not is_accepted(unsigned)


@pytest.mark.parametrize(
    "forge",
    [
        lambda payload: resigned(payload, key=b"a key that is none of ours, 32.."),
        lambda payload: resigned(payload, key=b""),
        lambda payload: resigned(payload, key=KEYS["2025z"]),
        lambda payload: resigned(payload, key_id="2025z"),
        lambda payload: resigned(payload, key_id="none"),
        lambda payload: resigned(payload, key_id=""),
        lambda payload: resigned(payload, key_id="2026A"),
        lambda payload: resigned(payload, prefix="HF2"),
        lambda payload: resigned(payload, prefix="hf1"),
        lambda payload: resigned(payload, prefix=""),
        lambda payload: resigned(payload, digest=hashlib.sha1),
        lambda payload: resigned(payload, digest=hashlib.sha512),
        lambda payload: resigned(payload[:-1]),
        lambda payload: resigned(payload + b"\x00"),
        lambda payload: resigned(b""),
    ],
)
def test_another_key_algorithm_version_or_shape_is_forged(forge):
    random = Random(8)
    assert not [payload for payload in (random.randbytes(40) for _ in range(20)) if is_accepted(forge(payload))]


def test_a_signature_does_not_fit_another_payload():
    random = Random(9)
    tokens = [a_text(random).split(".") for _ in range(30)]
    mixed = [".".join([*one[:3], other[3]]) for one in tokens for other in tokens if one is not other]
    assert len(mixed) == 870
    assert not [text for text in mixed if is_accepted(text)]


@pytest.mark.parametrize(
    "text", ["", ".", "...", "HF1...", "HF1.2026a..", " ", "\x00", "HF1", "' OR 1=1 --", "A" * 10**6, "😀" * 9, "." * 300]
)
def test_rubbish_is_forged_and_no_error(text):
    assert not is_accepted(text)


def test_a_genuine_text_is_never_longer_than_what_is_read():
    longest = TokenContent(2**63 - 1, 2**63 - 1, 2**32 - 1, NOON + 3000 * DAY, b"\xff" * 12)
    text = write_token(longest, key_id="k" * 16, key=KEYS["2026a"])
    assert len(text) <= MAX_LENGTH
    assert read_token(text, keys={"k" * 16: KEYS["2026a"]}) == longest


def test_an_old_key_still_verifies_until_it_is_taken_away():
    old = a_text(key_id="2025z")
    assert is_accepted(old)
    assert not is_accepted(old, keys={"2026a": KEYS["2026a"]})


def test_a_fingerprint_names_a_text_without_showing_it():
    text = a_text()
    assert fingerprint(text) == fingerprint(str(text)) != fingerprint(text + " ")
    assert len(fingerprint(text)) == 16
    assert fingerprint(text) not in text
    assert len(fingerprint("\ud800")) == 16


@pytest.mark.parametrize("expires", [2**63, 2**64 - 1, 10**12])
def test_a_time_that_no_calendar_has_is_forged_even_signed_by_our_key(expires):
    payload = struct.pack(">QQIQ12s", 1, 1, 1, expires, bytes(12))
    assert not is_accepted(resigned(payload))
