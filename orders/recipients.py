"""How a recipient of top-ups is shown to staff. Pure."""


def masked_recipient(recipient_hash: str, last_four: str) -> str:
    """The last four digits, and the beginning of the keyed hash, by which two that end alike are told apart."""
    return f"••••{last_four} ({recipient_hash[:8]}…)"
