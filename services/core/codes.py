"""Join codes: short, said aloud without confusion, and spelling no words (no vowels, no 0/O, 1/I/L)."""

import secrets

ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"
LENGTH = 8


def new_code() -> str:
    """Return a random code; there are 27⁸ (2.8 × 10¹¹)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def read_code(typed: str) -> str | None:
    """Return a code as it is stored, however it was typed; None if it can't be one."""
    code = typed.replace("-", "").replace(" ", "").upper()
    return code if len(code) == LENGTH and all(sign in ALPHABET for sign in code) else None
