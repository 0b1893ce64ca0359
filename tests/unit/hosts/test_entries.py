"""The entries that `mailsync init` writes: the docs' own, and the adapters take them."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import yaml

import mailsync_providers.manual
from mailsync.hosts import entries as module
from mailsync.hosts.entries import Entry, entries, entry
from mailsync.hosts.known import ADAPTERS
from mailsync.hosts.loading import load_host
from tests.readme import page

ROOT = Path(__file__).parents[3]
LOCK = (ROOT / "requirements" / "dev.txt").read_text()


class _Everything(dict[str, str]):
    """An environment in which every variable is set."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return "c2VjcmV0c2VjcmV0"


def settings(one: Entry) -> dict[str, object]:
    """An entry as mailsync.yaml has it."""
    found = yaml.safe_load("\n".join([f"class: {one.class_path}", *one.lines]))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", sorted(entries().keys() - {"googlecloud"}))
def test_adapters_take_their_entries(name: str) -> None:
    """The class is there, and no setting is missing or unknown."""
    one = entries()[name]
    host = load_host(one.name, settings(one), Path(), environment=_Everything())
    assert host.name == one.name


def test_google_cloud_takes_its_entry() -> None:
    """Its class asks Google for credentials when it is made: only its settings are compared."""
    from octodns_googlecloud import GoogleCloudProvider  # type: ignore[import-untyped]

    said = settings(entries()["googlecloud"])
    assert said.pop("class") == "octodns_googlecloud.GoogleCloudProvider"
    assert said.keys() <= inspect.signature(GoogleCloudProvider).parameters.keys()


def test_entries_are_those_of_the_docs() -> None:
    """A page that shows a host's entry shows the one that is written."""
    ours = {(one.name, one.class_path): settings(one) for one in entries().values()}
    compared = set()
    pages = [ROOT / "docs" / "dns-hosts.md", *(ROOT / "docs" / "hosts").glob("*.md")]
    for path in pages:
        for block in page.blocks(path.read_text()):
            if block.language != "yaml" or block.lines[0] != "providers:":
                continue
            for name, said in yaml.safe_load("\n".join(block.lines))["providers"].items():
                if (name, said["class"]) in ours and name != "panel":
                    assert ours[name, said["class"]] == said, path.name
                    compared.add(said["class"])
    missing = {one.class_path for one in entries().values() if not one.package} - compared
    assert missing == set()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Zone files", "local"),
        ("ZONEFILE", "local"),
        ("RFC 2136", "primary"),
        ("octodns-bind", "primary"),
        ("octodns_cloudflare", "cloudflare"),
        ("Value-Domain", "valuedomain"),
        ("IIJ DPF", "dpf"),
        ("MyDNS.jp", "mydns"),
        ("Sakura Cloud", "sakura"),
        ("by hand", "panel"),
        ("synology ddns", "synology-ddns"),
    ],
)
def test_a_host_is_known_by_any_of_its_names(said: str, name: str) -> None:
    """Those of `mailsync providers`, of the docs, and of its package."""
    assert entry(said).name == name


def test_sakura_has_two_systems() -> None:
    """The panel and the cloud are told apart."""
    assert entry("sakura").class_path == "mailsync_providers.manual.ManualProvider"
    assert entry("sakura_cloud").class_path.endswith("SakuraCloudProvider")


def test_every_host_of_ours_has_an_entry() -> None:
    """Whatever `mailsync providers` names with its class can be chosen, or has a better one."""
    classes = {adapter.class_path for adapter in ADAPTERS.values() if adapter.class_path}
    written = {one.class_path for one in entries().values()}
    assert classes - written == {"octodns_bind.Rfc2136Provider"}


def test_every_panel_can_be_chosen() -> None:
    """The forms on the web are those that are described."""
    assert mailsync_providers.manual.HOSTS == module.PANELS


def test_packages_are_those_that_the_tests_run_with() -> None:
    """The versions are the lock's."""
    for package in module.PACKAGES.values():
        assert f"\n{package} \\\n" in LOCK


def test_what_only_the_user_knows_is_marked() -> None:
    """And nothing else."""
    assert entries()["rfc2136"].to_fill_in == ("host", "key_name")
    assert entries()["cloudflare"].to_fill_in == ()
