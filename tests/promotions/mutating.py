"""Mutations of good claim tokens, of every kind, from a seed."""

import base64
import string
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from promotions.services.tokens import make_token_batch, token_text
from promotions.tokens import TokenContent, write_token
from tests.promotions.factories import NOON, a_restricted_type, an_entry, the_asker

ALPHABET = string.ascii_letters + string.digits + "-_"
OUR_KEY_ID = "k1"
KEYS = {OUR_KEY_ID: b"the key that signs in these tests", "k0": b"an older key, that still verifies"}
STRANGER = b"a key that was never one of ours!"
LOOK_ALIKES = str.maketrans("AEHKMOPTXacepx", "АЕНКМОРТХасерх")
WIDE = str.maketrans({c: chr(ord(c) + 0xFEE0) for c in string.ascii_letters + string.digits + ".-_"})

Mutation = Callable[[str, TokenContent, Random], str]


def flip_a_bit(text: str, _content: TokenContent, random: Random) -> str:
    raw = bytearray(text.encode())
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    return raw.decode("latin-1")


def flip_a_bit_of_a_part(text: str, _content: TokenContent, random: Random) -> str:
    parts = text.split(".")
    part = random.choice([2, 3])
    raw = bytearray(base64.urlsafe_b64decode(parts[part] + "=" * (-len(parts[part]) % 4)))
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    parts[part] = base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
    return ".".join(parts)


def change_a_letter(text: str, _content: TokenContent, random: Random) -> str:
    place = random.randrange(len(text))
    return text[:place] + random.choice([c for c in ALPHABET if c != text[place]]) + text[place + 1 :]


def cut(text: str, _content: TokenContent, random: Random) -> str:
    begin, end = sorted(random.sample(range(len(text) + 1), 2))
    return random.choice([text[:begin], text[end:], text[:begin] + text[end:]])


def add(text: str, _content: TokenContent, random: Random) -> str:
    place = random.randrange(len(text) + 1)
    return text[:place] + random.choice([*ALPHABET, *".=+/ \n\t\r", "\u200b", "\ufeff", "\u0301"]) + text[place:]


def spell_in_unicode(text: str, _content: TokenContent, random: Random) -> str:
    place = random.randrange(len(text))
    other = text[place].translate(LOOK_ALIKES)
    other = other if other != text[place] else text[place].translate(WIDE)
    return random.choice([text[:place] + other + text[place + 1 :], text.translate(WIDE), text.translate(LOOK_ALIKES)])


def spell_base64_otherwise(text: str, _content: TokenContent, random: Random) -> str:
    """Padding, the other alphabet, unused bits at the end, other encodings of the whole."""
    head, key_id, payload, mac = text.split(".")
    last = random.choice([c for c in ALPHABET if c != mac[-1]])
    spellings = [
        f"{text}=",
        f"{head}.{key_id}.{payload}=.{mac}",
        f"{head}.{key_id}.{payload}.{mac[:-1]}{last}",
        base64.b64encode(text.encode()).decode(),
        text.encode().hex(),
        text.swapcase(),
        text.replace(".", "%2E"),
        f"{head.lower()}.{key_id}.{payload}.{mac}",
        text.replace("-", "+").replace("_", "/") if set(text) & {"-", "_"} else f"{text}==",
    ]
    return random.choice(spellings)


def sign_otherwise(_text: str, content: TokenContent, random: Random) -> str:
    """Somebody else's key under our id, another of our keys, or our own key for what we never made: it leaked."""
    other = random.choice(
        [
            replace(content, entry_id=content.entry_id + random.randrange(1, 9)),
            replace(content, batch_id=content.batch_id + random.randrange(1, 9)),
            replace(content, number=content.number + random.randrange(1, 2**31)),
            replace(content, expires_at=content.expires_at + timedelta(seconds=random.randrange(1, 10**6))),
            replace(content, expires_at=NOON - timedelta(days=1)),
            replace(content, nonce=random.randbytes(12)),
        ]
    )
    written = [
        write_token(content, key_id=OUR_KEY_ID, key=STRANGER),
        write_token(content, key_id="k0", key=KEYS["k0"]),
        write_token(content, key_id="k0", key=KEYS[OUR_KEY_ID]),
        write_token(other, key_id=OUR_KEY_ID, key=KEYS[OUR_KEY_ID]),
    ]
    return random.choice(written)


def swap_parts(text: str, _content: TokenContent, random: Random) -> str:
    parts = text.split(".")
    while ".".join(parts) == text:
        random.shuffle(parts)
    return ".".join(parts)


KINDS: tuple[Mutation, ...] = (
    flip_a_bit,
    flip_a_bit_of_a_part,
    change_a_letter,
    cut,
    add,
    spell_in_unicode,
    spell_base64_otherwise,
    sign_otherwise,
    swap_parts,
)


def good_tokens(count: int) -> dict[str, TokenContent]:
    """Tokens of one new batch, with what they say. The keys in use must be KEYS."""
    entry = an_entry(coupon_type=a_restricted_type())
    batch = make_token_batch(entry=entry, code="B", count=count, uses=5, expires_at=None, by=the_asker(), at=NOON)
    return {
        token_text(token): TokenContent(entry.pk, batch.pk, token.number, batch.expires_at, bytes(token.nonce))
        for token in batch.tokens.select_related("batch").order_by("number")
    }


def mutations(good: dict[str, TokenContent], count: int, seed: int) -> Iterator[tuple[str, str]]:
    """So many texts that are none of the good ones, of every kind in turn, with the kind's name."""
    random, texts, made = Random(seed), list(good), 0
    while made < count:
        kind, text = KINDS[made % len(KINDS)], texts[made % len(texts)]
        if (mutated := kind(text, good[text], random)) not in good:
            made += 1
            yield kind.__name__, mutated
