"""PTR records: the name at which an address's own name stands (RFC 1035 §3.5, RFC 3596 §2.5)."""

from __future__ import annotations

from ipaddress import ip_address


class BadReverse(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no address, or no name of one; the message says why."""


def reverse_name(address: str) -> str:
    """Give the name of an address in the reverse tree, absolute. Raises `BadReverse`."""
    try:
        return f"{ip_address(address).reverse_pointer}."
    except ValueError:
        raise BadReverse(f"{address[:60]!r} is no address") from None


def address_of(name: str) -> str:
    """Give the address whose name stands there; the inverse of `reverse_name`.

    Raises `BadReverse`.
    """
    labels = name.lower().removesuffix(".").split(".")
    if labels[-2:] == ["in-addr", "arpa"]:
        text = ".".join(reversed(labels[:-2]))
    elif labels[-2:] == ["ip6", "arpa"]:
        digits = "".join(reversed(labels[:-2]))
        text = ":".join(digits[start : start + 4] for start in range(0, len(digits), 4))
    else:
        text = ""
    try:
        return str(ip_address(text))
    except ValueError:
        raise BadReverse(f"{name[:80]!r} is no address's name in the reverse tree") from None
