"""A scratch copy of the example, in which somebody keeps octets that octoDNS cannot hold."""

from __future__ import annotations

from tests.unit.cli.site import Site


def test_octets_that_are_no_text_stay_through_a_cutover(site: Site) -> None:
    """A value at the apex that octoDNS cannot hold: SPF moves beside it, and it never changes."""
    site.only("example.co.jp")
    path = site.directory / "live" / "example.co.jp.zone"
    foreign = b'@\tIN\tTXT\t"caf\xe9" "\\233" ; from the old intranet\n'
    path.write_bytes(path.read_bytes().replace(b"@\tIN\tTXT", foreign + b"@\tIN\tTXT", 1))
    for _ in range(5):
        assert site.run("apply").code == 0
        assert foreign in path.read_bytes()
        site.passes(days=8)
    assert site.run("plan", "--detailed-exitcode").code == 0
    assert b"mgf.cybermail.jp" in path.read_bytes()
    assert b"spf.hosting.example" not in path.read_bytes()


def test_octets_that_are_no_text_are_not_written_over(site: Site) -> None:
    """Where nothing else is, the name looks free: refused, with the line, and nothing written."""
    site.only("example.co.jp")
    path = site.directory / "live" / "example.co.jp.zone"
    path.write_bytes(path.read_bytes() + b'_dmarc 60 TXT "\\233"\n')
    before = path.read_bytes()
    done = site.run("apply")
    assert done.code == 1
    assert "_dmarc.example.co.jp. TXT is there, and octoDNS can hold none of its values" in done.err
    assert "; nothing was written" in done.err
    assert "not known" not in done.err
    assert path.read_bytes() == before
