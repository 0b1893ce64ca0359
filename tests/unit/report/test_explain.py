from __future__ import annotations

from mailsync.desired.model import Place, Wish
from mailsync.desired.origins import Origin, Traced
from mailsync.dns.rrset import RRset
from mailsync.report.explain import Explanation, explain_json, explain_markdown, explain_text

HERE = Place("zones/a`|b.yaml", 3, 5)
EVIL = '"\\027[31mred | `x` \u202e"'
WISH = Wish("verification", "example.com.", "TXT", (EVIL,), 3600, HERE)
MX = RRset("example.com.", "MX", 60, ("10 a.b.",))


def explanation(*others: RRset) -> Explanation:
    """Give an explanation in which everything is hostile."""
    traced = (Traced(WISH, (Origin(EVIL, "verification", HERE, "evil\x1b`|"),)),)
    return Explanation(
        "example.com.", "example.com.", traced, {("example.com.", "TXT"): (EVIL,)}, others
    )


def test_nothing_foreign_steers_the_terminal() -> None:
    """Values, places and names are printable in every form, and stay inside a table's cell."""
    for text in (
        explain_text([explanation(MX)], colour=False, width=80),
        explain_markdown([explanation(MX)]),
        explain_json([explanation(MX)]),
    ):
        assert all(line.isprintable() for line in text.split("\n"))
    rows = [line for line in explain_markdown([explanation(MX)]).splitlines() if "TXT" in line]
    assert {row.replace("\\|", "").count("|") for row in rows} == {5}


def test_rest_is_counted_only_where_there_is_one() -> None:
    """What else is live and speaks of mail is shown, the rest is counted, nothing is not."""
    a = RRset("www.example.com.", "A", 60, ("192.0.2.1",))
    assert "beside" not in explain_text([explanation(MX)], colour=False, width=80)
    assert "1 RRset beside" in explain_text([explanation(a)], colour=False, width=80)
    assert "1 RRset beside" in explain_markdown([explanation(a)])
