"""`mailsync init`: what it writes works as it stands, changes nobody's mail and no file."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailsync.cli import writing
from mailsync.cli.init_files import is_untouched, starter, zone_text
from mailsync.config import load
from mailsync.hosts.entries import entries
from mailsync.hosts.known import ZONE_FILES
from tests.unit.cli.site import Done, Site

ZONE = """\
$TTL 1h
@ SOA ns1.example.net. hostmaster 7 2h 15m 2w 1h
@ NS ns1.example.net.
@ MX 10 mail
mail A 192.0.2.25
"""
COMMIT = "0123456789abcdef0123456789abcdef01234567"
BY_FILE = sorted(name for name, one in entries().items() if one.class_path == ZONE_FILES)
BY_API = sorted(entries().keys() - set(BY_FILE))


@pytest.fixture
def empty(site: Site) -> Site:
    """A directory with nothing in it."""
    for path in site.directory.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return site


def written(done: Done) -> list[str]:
    """The files that a run says it wrote."""
    assert done.code == 0, done.err
    return re.findall(r"^written: (.+)$", done.out, re.MULTILINE)


def workflow(site: Site, command: str, directory: str = ".") -> dict[str, Any]:
    """A workflow that was written, every scalar as text."""
    path = site.directory / directory / ".github" / "workflows" / f"mailsync-{command}.yml"
    found = yaml.load(path.read_text(), yaml.BaseLoader)
    assert isinstance(found, dict)
    return found


def uses(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a workflow that run mailsync."""
    (job,) = found["jobs"].values()
    return [step for step in job["steps"] if "actions/checkout" not in step["uses"]]


def steps(done: Done) -> str:
    """What a run says comes next, without the numbers."""
    first, *rest = done.err.splitlines()
    assert first == "Next:"
    assert [line[:5] for line in rest] == [f"  {n}. " for n in range(1, len(rest) + 1)]
    return "".join(f"{line[5:]}\n" for line in rest)


def test_what_is_written_works_as_it_stands(empty: Site) -> None:
    """After `init`, without a word more: lint, plan and schema find nothing wrong."""
    done = empty.run("init")
    assert written(done) == [
        "mailsync.yaml",
        "zones/example.com.yaml",
        "live/example.com.zone",
        ".gitignore",
        ".github/workflows/mailsync-plan.yml",
    ]
    assert set(empty.files) == set(written(done))
    lint = empty.run("lint")
    assert (lint.code, lint.out[:25]) == (0, "1 domain: nothing found (")
    plan = empty.run("plan", "--format", "json", "--detailed-exitcode")
    assert (plan.code, plan.domain("example.com")["status"]) == (0, "converged")
    assert empty.run("schema", "--file", "config").code == 0
    assert empty.run("status").code == 0
    zone = (empty.directory / "live/example.com.zone").read_bytes()
    assert empty.run("apply", "--yes").code == 0
    assert (empty.directory / "live/example.com.zone").read_bytes() == zone


@pytest.mark.parametrize("name", ["example.com", "Example.ORG."])
def test_import_goes_on_where_init_ends(empty: Site, name: str) -> None:
    """A zone file that init wrote is import's to fill in; a plan right after it is empty."""
    domain = name.lower().rstrip(".")
    assert f"zones/{domain}.yaml" in written(empty.run("init", "--domain", name))
    assert not (empty.directory / "live").exists()
    assert empty.run("import", domain).code == 1
    (empty.directory / "live").mkdir()
    empty.write(f"live/{domain}.zone", ZONE)
    assert empty.run("import", domain).code == 0
    assert "mx: [10 mail]" in (empty.directory / f"zones/{domain}.yaml").read_text()
    assert empty.run("plan", "--detailed-exitcode").code == 0
    again = empty.run("import", domain)
    assert (again.code, "--force replaces it" in again.err) == (1, True)


def test_a_touched_zone_file_is_its_users(empty: Site) -> None:
    """One comment is enough: import does not write over it."""
    empty.run("init")
    path = empty.directory / "zones/example.com.yaml"
    assert is_untouched(path)
    mine = path.read_text() + "# mine\n"
    path.write_text(mine)
    assert not is_untouched(path)
    assert not is_untouched(path.with_name("nowhere.yaml"))
    assert empty.run("import", "example.com").code == 1
    assert path.read_text() == mine


def test_what_the_zone_file_shows_is_right(empty: Site) -> None:
    """Each commented line of a zone file, and all of them, are keys that mean something."""
    empty.run("init")
    text = (empty.directory / "zones/example.com.yaml").read_text()
    _, _, shown = text.partition("\n\n")
    keys = "".join(f"{line.removeprefix('# ')}\n" for line in shown.splitlines())
    services, _, rest = keys.partition("\n")
    for said in (services, rest, *rest.partition("cutover:")[0].splitlines()):
        empty.write("zones/example.com.yaml", f"{said}\n")
        done = empty.run("plan", "--format", "json")
        assert done.code == 0, done.out + done.err
        assert [
            f["id"] for f in done.domain("example.com")["findings"] if f["severity"] == "error"
        ] == []


def test_a_second_run_changes_nothing(empty: Site) -> None:
    """Every file that is there stays, and is named; that is no error."""
    empty.run("init", "--domain", "example.jp")
    for name in empty.files:
        if name not in {"mailsync.yaml", "zones/example.jp.yaml"}:
            empty.write(name, "mine\n")
    before = empty.files
    done = empty.run("init", "--domain", "example.jp")
    assert written(done) == []
    assert empty.files == before
    for name in before:
        assert f"left as it is: {name}\n" in done.out
    assert "see that .gitignore names the journal's directory\n" in steps(done)
    more = empty.run("init", "--domain", "example.jp", "--domain", "example.net")
    assert written(more) == ["zones/example.net.yaml"]


def test_a_link_that_leads_nowhere_stays(empty: Site) -> None:
    """Somebody put it there; what it will lead to is not init's to make."""
    link = empty.directory / ".gitignore"
    link.symlink_to("elsewhere")
    assert "left as it is: .gitignore\n" in empty.run("init").out
    assert link.is_symlink()
    assert not (empty.directory / "elsewhere").exists()


def test_another_directory_is_made(empty: Site) -> None:
    """Its files are named as from here, and the first step leads there."""
    done = empty.run("init", "a/b", "--host", "rfc2136", "--domain", "example.jp")
    assert written(done)[:2] == ["a/b/mailsync.yaml", "a/b/zones/example.jp.yaml"]
    assert steps(done) == (
        "cd a/b\n"
        "fill in mailsync.yaml: host, key_name\n"
        "set in the environment: TSIG_SECRET\n"
        "git init: the journal is kept on a branch of its own\n"
        "`mailsync import example.jp` writes down the mail as it is, for you to change\n"
        "`mailsync plan` shows what would change, and when that is safe\n"
        "on GitHub: write the action and its commit for OWNER/mailsync@COMMIT in"
        " .github/workflows\n"
        "on GitHub: secrets that only read, for the plan: PLAN_TSIG_SECRET\n"
        "on GitHub: the secrets of apply, in an environment `mailsync` that only main may use:"
        " TSIG_SECRET\n"
    )


def test_what_comes_next_is_what_is_missing(empty: Site) -> None:
    """A step that this directory does not need is not named."""
    assert steps(empty.run("init")) == (
        "put the zones as they are served today into live/DOMAIN.zone\n"
        "`mailsync import DOMAIN` writes down the mail as it is, for you to change\n"
        "`mailsync plan` shows what would change, and when that is safe\n"
        "delete what is there of example.com: it is an example\n"
        "on GitHub: write the action and its commit for OWNER/mailsync@COMMIT in"
        " .github/workflows\n"
    )
    (empty.directory / "there" / ".git").mkdir(parents=True)
    empty.patch.chdir(empty.directory / "there")
    action = f"acme/mailsync@{COMMIT}"
    done = empty.run("init", "--host", "onamae", "--domain", "example.jp", "--action", action)
    assert steps(done) == (
        "`mailsync import example.jp` writes down the mail as it is, for you to change\n"
        "`mailsync plan` shows what would change, and when that is safe\n"
    )


@pytest.mark.parametrize("host", BY_API)
def test_every_host_gets_files_that_fit_it(empty: Site, host: str) -> None:
    """No secret's value is in them; each variable and package reaches both workflows."""
    action = f"acme/mailsync@{COMMIT}"
    done = empty.run("init", "--host", host, "--domain", "example.jp", "--action", action)
    assert len(written(done)) == 5
    chosen = entries()[host]
    config = load(empty.directory / "mailsync.yaml")
    ((name, settings),) = config.providers.items()
    assert (name, settings["class"]) == (chosen.name, chosen.class_path)
    variables = {
        str(value).removeprefix("env/"): key
        for key, value in settings.items()
        if str(value).startswith("env/")
    }
    for key in settings:
        if re.search("secret|token|password|key$", key):
            assert key in variables.values()
    (apply,), (own, fork) = uses(workflow(empty, "apply")), uses(workflow(empty, "plan"))
    assert {step["uses"] for step in (apply, own, fork)} == {action}
    assert apply.get("env", {}) == {v: "${{ secrets.%s }}" % v for v in variables}  # noqa: UP031  # braces
    assert own.get("env", {}) == {v: "${{ secrets.PLAN_%s }}" % v for v in variables}  # noqa: UP031
    assert "env" not in fork
    assert {step["with"].get("packages", "") for step in (apply, own)} == {chosen.package}
    text = (empty.directory / ".github/workflows/mailsync-plan.yml").read_text()
    assert ("tokens that only read" in text) is bool(variables)
    assert "# env" not in text
    assert "checkout" not in text.partition("\nname:")[0]
    lint = empty.run("lint")
    assert (lint.code, lint.err) == (0, "")


def test_zone_files_are_not_applied_by_a_runner(empty: Site) -> None:
    """It would count as published what nobody ever serves; the reason is told."""
    done = empty.run("init")
    assert BY_FILE == ["zonefile"]
    assert (
        "not written: .github/workflows/mailsync-apply.yml: a runner forgets the zone files that it"
        " writes: apply where yours are served from\n"
    ) in done.out
    assert all("env" not in step for step in uses(workflow(empty, "plan")))


_OWN = """\
zones: ./mail/zones
providers:
  cf: {class: octodns_cloudflare.CloudflareProvider, token: env/CF_TOKEN/none, retry_count: 0}
  ns1: {class: octodns_ns1.Ns1Provider, api_key: env/NS1_KEY, filters: [{x: env/NS1_X}]}
  mine: {class: acme_dns.Provider, key: env/NS1_KEY}
  bind: {class: octodns_bind.Rfc2136Provider, host: 192.0.2.1, key_secret: env/CF_TOKEN}
targets: {"*": [cf]}
notify: {webhook: env/SLACK}
"""


def test_the_workflows_follow_the_configuration_that_is_there(empty: Site) -> None:
    """Its DNS hosts, its variables, its directory; who is told is told by apply alone."""
    empty.write("mailsync.yaml", _OWN)
    done = empty.run("init", "--domain", "example.jp")
    assert written(done) == [
        "mail/zones/example.jp.yaml",
        ".gitignore",
        ".github/workflows/mailsync-plan.yml",
    ]
    assert (
        "mailsync-apply.yml: a runner forgets a journal in files: write `journal: {store: git}`"
        " into mailsync.yaml\n"
    ) in done.out
    assert "install octodns-ns1 beside mailsync\n" in steps(done)
    assert "apply" not in steps(done)
    empty.write("mailsync.yaml", f"{_OWN}journal: {{store: git}}\n")
    done = empty.run("init")
    assert written(done) == [".github/workflows/mailsync-apply.yml"]
    assert steps(done).endswith("that only main may use: CF_TOKEN, NS1_KEY, NS1_X, SLACK\n")
    assert "PLAN_" not in steps(done)
    (apply,), (own, _) = uses(workflow(empty, "apply")), uses(workflow(empty, "plan"))
    assert list(apply["env"]) == ["CF_TOKEN", "NS1_KEY", "NS1_X", "SLACK"]
    assert list(own["env"]) == ["CF_TOKEN", "NS1_KEY", "NS1_X"]
    assert own["with"]["packages"] == "octodns-cloudflare==1.2.0\noctodns-ns1\n"
    assert apply["with"]["packages"] == own["with"]["packages"]
    on = [workflow(empty, "plan")["on"]["pull_request"], workflow(empty, "apply")["on"]["push"]]
    assert [event["paths"] for event in on] == [["mail/zones/**", "mailsync.yaml"]] * 2


def test_zones_that_other_files_hold_stay_theirs(empty: Site) -> None:
    """No second file is made for them, which would be an error of both."""
    (empty.directory / "zones").mkdir()
    empty.write("zones/brands.yaml", "domains: [example.jp]\nmail: none\n")
    done = empty.run("init", "--domain", "example.jp")
    assert "left as it is: example.jp, which another zone file names\n" in done.out
    assert not (empty.directory / "zones/example.jp.yaml").exists()
    # Nor is an example made where there are zones.
    assert "example.com" not in empty.run("init").out


def test_below_the_top_of_a_repository_there_are_no_workflows(empty: Site) -> None:
    """GitHub would not see them there."""
    (empty.directory / ".git").mkdir()
    done = empty.run("init", "dns", "--host", "desec")
    assert "not written: .github/workflows: GitHub reads them at the top of" in done.out
    assert not (empty.directory / "dns" / ".github").exists()
    assert "GitHub" not in done.err
    assert "git init" not in done.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--host", "sakra"], "--host sakra: did you mean sakura? known are azure, cloudflare, "),
        (["--host", "zzz"], "--host zzz: known are azure, "),
        (["--host", "octodns-ovh"], "--host octodns-ovh: its settings are not known here: "),
        (["--domain", "a..b"], "--domain a..b: "),
        (["--domain", "../x"], "--domain ../x: '../x.' holds a character that no name here may"),
        (["--domain", "."], "--domain .: "),
        (["--domain", "*"], "--domain *: write a domain, such as example.com"),
        (["--action", "acme/mailsync@main"], "--action acme/mailsync@main: write OWNER/mailsync@"),
        (["--action", f"x: y@{COMMIT}"], "--action x: y@0123"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_written(
    words: list[str], says: str, empty: Site
) -> None:
    """One line, exit code 1, and no file."""
    done = empty.run("init", *words)
    assert (done.code, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert line.startswith(f"error: {says}")
    assert empty.files == {}


def test_a_host_is_chosen_for_a_new_configuration_alone(empty: Site) -> None:
    """What stands in mailsync.yaml is not changed, and not passed over in silence."""
    empty.run("init")
    before = empty.files
    done = empty.run("init", "--host", "desec")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: mailsync.yaml is there and stays as it is: leave --host out, and write the entry of"
        " desec into it yourself\n"
    )
    assert empty.files == before


def test_a_wrong_configuration_is_told_first(empty: Site) -> None:
    """With its place; and nothing is written beside it."""
    empty.write("mailsync.yaml", "zoned: x\n")
    done = empty.run("init")
    assert (done.code, done.out) == (1, "")
    assert "mailsync.yaml:1:1: unknown key 'zoned'" in done.err
    assert list(empty.files) == ["mailsync.yaml"]


def test_where_nothing_can_be_written(empty: Site) -> None:
    """The path, and the system's word; no traceback."""
    empty.write("zones", "a file\n")
    done = empty.run("init")
    assert done.code == 1
    assert done.err.startswith("error: zones")


def test_a_file_that_comes_in_between_stays(empty: Site) -> None:
    """Looking and writing are one: what somebody wrote meanwhile is not lost."""
    link = writing._link

    def late(path: Path, temporary: Path) -> None:
        path.write_text("theirs\n")
        link(path, temporary)

    empty.patch.setattr(writing, "_link", late)
    done = empty.run("init")
    assert (done.code, done.err) == (1, "error: mailsync.yaml: is there now: nothing was written\n")
    assert empty.files == {"mailsync.yaml": b"theirs\n"}


def test_the_text_is_one_for_all(empty: Site) -> None:
    """The starter files are what is written where nothing has to fit."""
    empty.run("init")
    assert empty.files["mailsync.yaml"].decode() == starter("mailsync.yaml")
    assert empty.files["zones/example.com.yaml"].decode() == starter("zone.yaml")
    assert "example.com" not in zone_text("example.jp")
