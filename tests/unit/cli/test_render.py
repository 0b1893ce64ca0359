"""`mailsync render mta-sts`: the policy that has to be served now, for any web server."""

from __future__ import annotations

import pytest

from .site import Site

POLICY = "mta_sts: {mode: enforce, max_age: 7d}\n"
TEXT = "version: STSv1\r\nmode: enforce\r\nmx: mx.old.example\r\nmax_age: 604800\r\n"
ZONE = """\
$ORIGIN {name}.
$TTL 1h
@  SOA  ns1.example.net. hostmaster 1 2h 15m 2w 1h
   NS   ns1.example.net.
   MX   10 mx.old.example.
"""


@pytest.fixture
def served(site: Site) -> Site:
    """Two domains with a policy, and one without."""
    for name in ("a.example", "b.example", "plain.example"):
        policy = "" if name == "plain.example" else POLICY
        site.write(f"zones/{name}.yaml", f"mx: 10 mx.old.example.\n{policy}")
        site.write(f"live/{name}.zone", ZONE.format(name=name))
    return site


def at(name: str) -> str:
    """Give where the policy of a domain is written."""
    return f"www/mta-sts.{name}/.well-known/mta-sts.txt"


def test_policies_are_written_for_any_web_server(served: Site) -> None:
    """One file per domain, with CRLF, for everybody to read; domains without a policy have none."""
    done = served.run("render", "mta-sts", "*.example", "--out", "www")
    assert done.code == 0
    path = served.directory / at("a.example")
    assert path.read_bytes() == TEXT.encode()
    assert path.stat().st_mode & 0o777 == 0o644
    assert (served.directory / at("b.example")).exists()
    assert not (served.directory / at("plain.example")).exists()
    assert "a.example: written: www/mta-sts.a.example/.well-known/mta-sts.txt (mode enf" in done.err
    assert done.out == ""


def test_a_file_that_is_right_is_not_touched(served: Site) -> None:
    """Whoever serves it sees no change where there is none."""
    served.run("render", "mta-sts", "a.example", "--out", "www")
    before = (served.directory / at("a.example")).stat()
    done = served.run("render", "mta-sts", "a.example", "--out", "www")
    assert "is as it should be" in done.err
    after = (served.directory / at("a.example")).stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_while_mail_moves_the_old_and_the_new_servers_are_permitted(served: Site) -> None:
    """What is to be served now is not what the file asks for in the end."""
    served.write("zones/a.example.yaml", f"mx: 10 mx.new.example.\n{POLICY}")
    done = served.run("render", "mta-sts", "a.example", "--stdout")
    assert done.code == 0
    assert "mx: mx.new.example\r\nmx: mx.old.example\r\n" in done.out
    assert done.err == ""


def test_a_domain_that_leaves_serves_a_policy_of_none(served: Site) -> None:
    """As long as it announces one; afterwards the file may go."""
    zone = served.directory / "live" / "a.example.zone"
    zone.write_text(zone.read_text() + '_mta-sts TXT "v=STSv1; id=1;"\n')
    served.write("zones/a.example.yaml", "mx: 10 mx.old.example.\nmta_sts: absent\n")
    served.run("render", "mta-sts", "a.example", "--out", "www")
    text = (served.directory / at("a.example")).read_text()
    assert text == "version: STSv1\nmode: none\nmax_age: 86400\n"
    zone.write_text(ZONE.format(name="a.example"))
    done = served.run("render", "mta-sts", "a.example", "--out", "www")
    assert "no policy has to be served: www/mta-sts.a.example" in done.err
    assert "may go" in done.err
    (served.directory / at("a.example")).unlink()
    done = served.run("render", "mta-sts", "a.example", "--out", "www")
    assert "may go" not in done.err
    assert served.run("render", "mta-sts", "a.example", "--stdout").out == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "say where to: --out DIR, or --stdout for one domain"),
        (("--out", "www", "--stdout"), "say where to"),
        (("*.example", "--stdout"), "--stdout prints one policy, and 2 domains have one"),
        (("plain.example", "--stdout"), "--stdout prints one policy, and 0 domains have one"),
    ],
)
def test_what_is_not_clear_is_refused(served: Site, words: tuple[str, ...], message: str) -> None:
    """In one line, and nothing is written."""
    done = served.run("render", "mta-sts", *words)
    assert done.code == 1
    assert message in done.err
    assert not (served.directory / "www").exists()


def test_a_directory_that_cannot_be_written_is_told(served: Site) -> None:
    """With the place, and what is wrong there."""
    served.write("www", "a file")
    done = served.run("render", "mta-sts", "a.example", "--out", "www")
    assert done.code == 1
    assert (
        "error: www/mta-sts.a.example/.well-known/mta-sts.txt: cannot write the policy" in done.err
    )


def test_one_domain_that_cannot_be_read_does_not_stop_the_others(served: Site) -> None:
    """Its error is told, the exit code tells, and the other policies are written."""
    (served.directory / "live" / "a.example.zone").write_text("$ORIGIN\n")
    done = served.run("render", "mta-sts", "*.example", "--out", "www")
    assert done.code == 1
    assert "error: " in done.err
    assert (served.directory / at("b.example")).exists()
    served.write("zones/b.example.yaml", "mx: 10 mx.old.example.\nmta_sts: {}\n")
    assert served.run("render", "mta-sts", "*.example", "--out", "www").code == 1


def test_help_shows_the_way(served: Site) -> None:
    """Of the group and of its command."""
    assert "mta-sts" in served.run("render", "--help").out
    text = " ".join(served.run("render", "mta-sts", "--help").out.split())
    assert "permits the old and the new servers" in text
