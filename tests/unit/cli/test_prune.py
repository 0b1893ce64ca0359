"""`prune` on a scratch copy of the example."""

from __future__ import annotations

from tests.unit.cli.site import Site

ZONE = "example.net"


def test_many_pruned_records_ask_for_a_word(site: Site) -> None:
    """A profile that a whole fleet shares removes no more at once than anything else does."""
    site.only(ZONE)
    site.write(f"zones/{ZONE}.yaml", "prune: [dkim, srv]\n")
    with (site.directory / "live" / f"{ZONE}.zone").open("a") as file:
        for number in range(6):
            file.write(f'old{number}._domainkey 60 IN TXT "v=DKIM1; p="\n')
        file.write("_sip._tcp 60 IN SRV 0 0 5060 sip.example.\n")
    assert "settle waits until" in site.run("apply").err
    site.passes(days=12)
    done = site.run("apply")
    assert done.code == 3
    assert "would remove 6 records, more than 5: if that is meant, say --allow-removals" in done.err
    done = site.run("apply", "--allow-removals")
    assert done.code == 0, done.err
    assert "_domainkey" not in site.zone(ZONE)
    assert "_sip._tcp" in site.zone(ZONE)
    assert site.run("plan", "--detailed-exitcode").code == 0
