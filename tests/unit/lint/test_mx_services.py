"""Whose servers an MX names."""

from __future__ import annotations

import pytest

from mailsync.desired.faults import Faults
from mailsync.desired.services.catalogue import Catalogue
from mailsync.desired.services.model import Service
from mailsync.mail import mx_services

HOSTS = [
    (service, glob) for service in Catalogue().all(Faults()) for glob in service.recognition.mx
]


@pytest.mark.parametrize(
    ("service", "glob"), HOSTS, ids=[f"{service.id}-{glob}" for service, glob in HOSTS]
)
def test_the_catalogue_says_the_same(service: Service, glob: str) -> None:
    """Every service that the catalogue knows by its MX is known here, and as exclusive as there."""
    known = mx_services.service_of(glob.replace("*", "x").replace("?", "f") + ".")
    assert known is not None
    assert service.name.startswith(known.name)
    assert known.exclusive == service.constraints.exclusive_mx


def test_other_hosts_are_nobodys() -> None:
    """A name that only ends alike is not the service's."""
    assert mx_services.service_of("mx.example.net.") is None
    assert mx_services.service_of("notsmtp.google.com.") is None
    assert mx_services.is_placeholder("ms12345678.msv1.invalid.")
