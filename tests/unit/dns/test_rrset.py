import re

import pytest

from mailsync.dns.rrset import BadValue, RRset, canonical, txt_text, txt_value


class TestCanonical:
    @pytest.mark.parametrize(
        ("rdtype", "text", "expected"),
        [
            ("MX", "10   MX1.Example.COM.", "10 mx1.example.com."),
            ("MX", "0 .", "0 ."),
            ("MX", "10 mx1", "10 mx1."),
            ("CNAME", "Host.Example.", "host.example."),
            ("DNAME", "Host.Example.", "host.example."),
            ("SRV", "0 1 993 IMAP.example.", "0 1 993 imap.example."),
            ("A", "192.0.2.1", "192.0.2.1"),
            ("A", r"\# 4 c0000201", "192.0.2.1"),
            ("AAAA", "2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("TLSA", f"3 1 1 {'AB' * 16} {'cd' * 16}", f"3 1 1 {'ab' * 16}{'cd' * 16}"),
            ("CAA", '0 ISSUE "CA.example"', '0 ISSUE "CA.example"'),
            ("TXT", "bare", '"bare"'),
            ("TXT", '"two" "strings"', '"twostrings"'),
            ("TXT", '""', '""'),
            ("TXT", r'"a\;b"', '"a;b"'),
            ("TXT", r'"\097\"\\\000"', r'"a\"\\\000"'),
            ("TXT", '"' + "a" * 200 + '" "' + "a" * 56 + '"', f'"{"a" * 255}" "a"'),
            ("SPF", '"v=spf1" " -all"', '"v=spf1 -all"'),
            ("ALIAS", "anything At All.", "anything At All."),
        ],
    )
    def test_one_way_of_writing(self, rdtype: str, text: str, expected: str) -> None:
        """Ways to write the same data become one, and that one stays as it is."""
        assert canonical(rdtype, text) == expected
        assert canonical(rdtype, expected) == expected

    @pytest.mark.parametrize(
        ("rdtype", "text"),
        [
            ("MX", "mx.example."),
            ("MX", "70000 mx.example."),
            ("MX", "10 mx..example."),
            ("A", "192.0.2.256"),
            ("A", ""),
            ("TXT", ""),
            ("TXT", '"open'),
            ("TXT", '"' + "a" * 256 + '"'),
            ("TXT", r'"\999"'),
            ("TLSA", "3 1 1 xyz"),
            ("TYPE70000", r"\# 0"),
            ("MX", "10 a. trailing"),
        ],
    )
    def test_no_value(self, rdtype: str, text: str) -> None:
        """What is no value of the type is an error that shows the text and says why."""
        with pytest.raises(BadValue) as caught:
            canonical(rdtype, text)
        assert re.match(r"(?s).*is no \S+ value: .", str(caught.value))


class TestText:
    def test_octets(self) -> None:
        """Every octet comes back, at every length around the limit of a string."""
        octets = bytes(range(256))
        assert txt_text(txt_value(octets)).encode("latin-1") == octets
        for length in (0, 1, 254, 255, 256, 510, 511, 4000):
            assert txt_text(txt_value("x" * length)) == "x" * length

    def test_characters_are_octets(self) -> None:
        """Text is taken octet for character: whoever means UTF-8 encodes it first."""
        assert txt_value("\xe9") == r'"\233"'
        assert txt_value("é".encode()) == r'"\195\169"'

    def test_no_text(self) -> None:
        """What is no TXT value has no text."""
        with pytest.raises(BadValue, match="is no TXT value"):
            txt_text('"open')


class TestRRset:
    def test_values_are_a_set(self) -> None:
        """Order and repetition of values mean nothing."""
        assert RRset("a.", "A", 60, ("192.0.2.2", "192.0.2.1", "192.0.2.2")) == RRset(
            "a.", "A", 60, ("192.0.2.1", "192.0.2.2")
        )

    def test_absence_is_no_rrset(self) -> None:
        """There is no RRset without a value."""
        with pytest.raises(BadValue, match=r"a\. A: an RRset without a value"):
            RRset("a.", "A", 60, ())

    def test_versions(self) -> None:
        """Another TTL is another version of the same RRset."""
        live = RRset("a.", "A", 3600, ("192.0.2.1",))
        assert live.with_ttl(60) == RRset("a.", "A", 60, ("192.0.2.1",))
        assert live.with_ttl(60) != live
        assert live.with_ttl(60).key == live.key == ("a.", "A")
