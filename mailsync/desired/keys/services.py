"""``services``: who handles the domain's mail; see `mailsync.desired.services`."""

from __future__ import annotations

from mailsync.desired.faults import Faults
from mailsync.desired.registry import Key
from mailsync.desired.shape import Schema, Shape
from mailsync.desired.tree import Node


class Services(Shape):
    """What services ask for stands in the catalogue: it is checked, and described, from there."""

    def checked(self, node: Node, faults: Faults) -> Node:  # noqa: ARG002  # told when written out
        """Leave it to `services.expansion`, which knows what each service takes."""
        return node

    def schema(self) -> Schema:
        """Describe every service of the catalogue; those of the user's own are open."""
        from mailsync.desired.services.schema import items

        return items()


KEY = Key(
    "services",
    "The services that handle the domain's mail, from the catalogue, from services/ beside zones/, "
    "or from a Domain Connect template: each with what only you know of it. They fill the other "
    "keys; what stands there wins.",
    read=None,
    shape=Services(),
    example="[microsoft365: {mx: example-com.mail.protection.outlook.com}]",
)
