"""DKIM key records (RFC 6376 §3.6.1, RFC 8301 on key sizes, RFC 8463 on Ed25519)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

RSA_BITS_MIN = 1024
"""Verifiers reject signatures made with shorter RSA keys (RFC 8301 §3.2)."""

_RSA_BITS_MAX = 16384
_ED25519_OCTETS = 32
_TAG = re.compile(r"([A-Za-z][A-Za-z0-9_]*)[ \t\r\n]*=[ \t\r\n]*([!-:<-~ \t\r\n]*)\Z")
_SPACE = re.compile(r"[ \t\r\n]+")


class BadDkim(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """No verifier can use the text as a key record; the message says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """One key record: its tags in order, values without the white space around them."""

    tags: tuple[tuple[str, str], ...]

    def get(self, tag: str, otherwise: str = "") -> str:
        """Give a tag's value; tags are case-sensitive (RFC 6376 §3.2)."""
        return dict(self.tags).get(tag, otherwise)

    @property
    def key_type(self) -> str:
        """The tag ``k``: ``rsa`` unless it says otherwise."""
        return self.get("k", "rsa")

    @property
    def key(self) -> bytes:
        """The octets of the public key; none when it is revoked."""
        return _octets(self.get("p"))


def parse(text: str) -> Record:
    """Read a record by the tag-list grammar of RFC 6376 §3.2. Raises `BadDkim`."""
    pieces = text.split(";")
    if len(pieces) > 1 and not pieces[-1].strip(" \t\r\n"):
        pieces.pop()
    tags = tuple(map(_tag, pieces))
    names = [name for name, _ in tags]
    for name in names:
        if names.count(name) > 1:
            raise BadDkim(f"the tag {name}= stands twice (RFC 6376 §3.2)")
    if "v" in names and tags[0] != ("v", "DKIM1"):
        raise BadDkim("v= is not the first tag, or not DKIM1 (RFC 6376 §3.6.1)")
    if "p" not in names:
        raise BadDkim("p=, the public key, is missing (RFC 6376 §3.6.1)")
    record = Record(tags)
    _octets(record.get("p"))
    return record


def format(record: Record) -> str:  # noqa: A001  # the inverse of parse, as in every module here
    """Write a record."""
    return "; ".join(f"{name}={value}" for name, value in record.tags)


def is_tombstone(record: Record) -> bool:
    """Tell whether the key is revoked: an empty ``p`` (RFC 6376 §3.6.1)."""
    return not record.key


def same_key(a: Record, b: Record) -> bool:
    """Tell whether two records hold the same public key, whatever their other tags say."""
    return (a.key_type, a.key) == (b.key_type, b.key)


def objections(record: Record) -> tuple[str, ...]:
    """Say why verifiers will not verify with this key; a revoked key has nothing to say."""
    found = []
    if record.get("v") != "DKIM1":
        found.append("v=DKIM1 is missing: write it first (RFC 6376 §3.6.1)")
    if (hashes := record.get("h")) and "sha256" not in _list(hashes):
        found.append(f"h={hashes} leaves out sha256, the only hash in use (RFC 8301 §3.1)")
    if (services := record.get("s")) and not {"*", "email"} & set(_list(services)):
        found.append(f"s={services} is not for mail: write s=email, or leave it out (RFC 6376)")
    if not is_tombstone(record):
        found += _key_objections(record)
    return tuple(found)


def rsa_bits(key: bytes) -> int:
    """Give the size of an RSA modulus, in bits.

    ``key`` is DER: a SubjectPublicKeyInfo (RFC 5280 §4.1), as tools write it, or a bare
    RSAPublicKey (RFC 8017 §A.1.1), as RFC 6376 has it. Raises `BadDkim`.
    """
    parts = list(_der(key))
    if len(parts) != 1 or parts[0][0] != _SEQUENCE:
        raise BadDkim("p= is no RSA public key")
    fields = list(_der(parts[0][1]))
    if [tag for tag, _ in fields] == [_SEQUENCE, _BIT_STRING]:
        return rsa_bits(fields[1][1].removeprefix(b"\0"))
    if [tag for tag, _ in fields] != [_INTEGER, _INTEGER]:
        raise BadDkim("p= is no RSA public key")
    return int.from_bytes(fields[0][1], "big").bit_length()


_INTEGER, _BIT_STRING, _SEQUENCE = 0x02, 0x03, 0x30


def _key_objections(record: Record) -> list[str]:
    if record.key_type == "ed25519":
        size = len(record.key)
        if size != _ED25519_OCTETS:
            return [f"an Ed25519 key has {_ED25519_OCTETS} octets, not {size} (RFC 8463 §4.2)"]
        return []
    if record.key_type != "rsa":
        return [f"k={record.key_type}: keys are rsa or ed25519 (RFC 8463 §4)"]
    try:
        bits = rsa_bits(record.key)
    except BadDkim as error:
        return [f"{error}: was it cut when it was copied?"]
    if not RSA_BITS_MIN <= bits <= _RSA_BITS_MAX:
        return [f"an RSA key of {bits} bits: verifiers want {RSA_BITS_MIN} or more (RFC 8301)"]
    return []


def _tag(piece: str) -> tuple[str, str]:
    match = _TAG.match(piece.strip(" \t\r\n"))
    if match is None:
        shown = piece if len(piece) <= 40 else f"{piece[:37]}..."
        hint = ": write the text without the quotes of a master file" if '"' in piece else ""
        raise BadDkim(f"{shown!r} is no tag=value (RFC 6376 §3.2){hint}")
    return match[1], match[2]


def _list(value: str) -> list[str]:
    return [item.strip() for item in value.split(":")]


def _octets(value: str) -> bytes:
    """Decode base64, with white space folded away (RFC 6376 §2.10)."""
    try:
        return base64.b64decode(_SPACE.sub("", value), validate=True)
    except binascii.Error:
        raise BadDkim("p= is no base64: was it cut, or split by hand?") from None


def _der(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Walk over the DER values that stand one after another (X.690 §8.1)."""
    start = 0
    while start < len(octets):
        head = octets[start : start + 2]
        if len(head) < 2:
            raise BadDkim("p= is no RSA public key")
        size, start = head[1], start + 2
        if size & 0x80:
            count = size & 0x7F
            size, start = int.from_bytes(octets[start : start + count], "big"), start + count
        if start + size > len(octets):
            raise BadDkim("p= is cut short")
        yield head[0], octets[start : start + size]
        start += size
