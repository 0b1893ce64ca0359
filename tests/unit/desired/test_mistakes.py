"""Each mistake in a zone file is told in one line, with its place and what to write instead."""

from __future__ import annotations

import pytest

from tests.unit.desired.reads import errors

LONG = "x" * 300
ADDRESSES = [f"192.0.{n // 200}.{n % 200}" for n in range(400)]
SEVEN = "[" + ", ".join(f"i{n}.example" for n in range(7)) + "]"
MISTAKES = {
    # the file
    "- mx": "1:1: a zone file is a mapping of keys",
    "mxx: 10 mx1": "1:1: unknown key 'mxx': did you mean 'mx'?",
    f"{LONG}: 1": "1:1: unknown key 'xxxxxxxx",
    "services: []": "1:11: an empty list: write a service",
    "ttl: soon": "1:6: 'soon' is no duration",
    "ttl: 99999999999": "1:6: '99999999999' is no duration",
    "ttl: [1]": "1:6: a TTL is expected here, not a list",
    # mx
    "mx: absent": "1:5: the last MX is never just removed: write 'mail: none'",
    "mx: []": "1:5: an empty list",
    "mx:": "1:4: a preference and a host, such as '10 mx1' is expected here, not nothing",
    "mx: {}": "1:5: an empty mapping",
    "mx: [[10 mx1]]": "1:6: a preference and a host, such as '10 mx1' is expected here, not a list",
    "mx: mx1": "1:5: 'mx1' is no MX value",
    f"mx: {LONG}": "1:5: 'xxxx",
    "mx: 65536 mx1": "1:5: preference 65536 is over 65535",
    "mx: {preference: 65536, host: mx1}": "1:18: '65536' is no preference",
    "mx: {preference: 010, host: mx1}": "1:18: '010' is no preference",
    "mx: {preference: [], host: mx1}": "1:18: preference is expected here, not a list",
    "mx: {preference: 10, host: []}": "1:28: a host is expected here, not a list",
    "mx: {preference: 10}": "1:5: host is missing",
    "mx: {host: mx1}": "1:5: preference is missing",
    "mx: {host: mx1, preference: 10, prio: 1}": "1:33: unknown key 'prio'",
    "mx: {ttl: 5}": "1:5: values is missing",
    "mx: {value: 10 mx1, values: 10 mx1}": "1:6: unknown key 'value': did you mean 'values'?",
    "mx: 10 192.0.2.1": "1:5: '192.0.2.1' is an address",
    "mx: 10 192.0.2.1.": "1:5: '192.0.2.1.' is an address",
    "mx: '10 [2001:db8::1]'": "1:5: '[2001:db8::1]' is an address",
    "mx: 10 localhost.": "1:5: localhost is every machine itself",
    "mx: 10 mx_1": "1:5: mx_1.example.com is no host's name",
    "mx: 10 mx1.example.com": "1:5: 'mx1.example.com' without a final dot means "
    "'mx1.example.com.example.com': write 'mx1.example.com.'",
    "mx: 10 mx;1": "1:5: 'mx;1' holds a character",
    f"mx: 10 {LONG}": "1:5: 'xxx",
    "mx: [10 mx1, 20 MX1]": "1:14: mx1.example.com stands twice, first at line 1",
    "mx: [10 mx1, 0 .]": "1:14: the null MX '0 .' stands alone",
    "mx: 10 .": "1:5: a null MX has preference 0",
    # hosts
    "hosts: mx1": "1:8: a host and its addresses is expected here, not a text",
    "hosts: {mx1: 192.0.2.256}": "1:14: '192.0.2.256' is no address",
    "hosts: {mx1: 'fe80::1%eth0'}": "1:14: 'fe80::1%eth0' is no address",
    "hosts: {mx1: {}}": "1:14: an empty mapping",
    "hosts: {mx1: {ttl: 5}}": "1:14: addresses is missing",
    "hosts: {mx1: [[]]}": "1:15: an address is expected here, not a list",
    "hosts: {mx1: ['2001:db8::1', '2001:DB8:0::1']}": "1:30: 2001:db8::1 stands twice",
    "hosts: {mx_1: 192.0.2.1}": "1:9: mx_1.example.com is no host's name",
    "hosts: {mx1.example.net.: 192.0.2.1}": "1:9: mx1.example.net lies outside the zone",
    "hosts: {mx1.example.com: 192.0.2.1}": "1:9: 'mx1.example.com' without a final dot",
    "hosts: {m: 192.0.2.1, m.example.com.: 192.0.2.2}": "1:39: m.example.com A is asked for twice, "
    "first at z.yaml:1:12",
    # spf
    "spf: ' v=spf1 -all'": "1:6: ' v=spf1 -all' is no SPF record",
    "spf: v=spf1 ip4:x -all": "1:6: 'ip4:x': write ip4:ADDRESS",
    "spf: v=spf1 ip4=192.0.2.1 -all": "1:6: 'ip4=192.0.2.1' is skipped by receivers",
    "spf: v=spf1 +all": "1:6: '+all' lets everybody send",
    "spf: [v=spf1 -all]": "1:6: an SPF record is expected here, not a list",
    "spf: {}": "1:6: an empty mapping",
    "spf: {txt: v=spf1 -all, all: fail}": "1:25: all stands beside txt",
    "spf: {txt: v=spf1 all=fail}": "1:12: 'all=fail' is skipped",
    "spf: {mx: true}": "1:6: all is missing",
    "spf: {all: reject}": "1:12: unknown verdict (pass, neutral, softfail, fail) 'reject'",
    "spf: {all: pass}": "1:6: '+all' lets everybody send",
    "spf: {all: fail, redirect: r.example}": "1:28: redirect is skipped where all",
    "spf: {redirect: r}": "1:17: 'redirect=r': 'r' is no whole domain name",
    "spf: {ip4: [192.0.2.1, x], all: fail}": "1:24: 'ip4:x'",
    "spf: {ip4: 192.0.2.1 192.0.2.2, all: fail}": "1:12: '192.0.2.2' is no term",
    "spf: {include: a.example b=c, all: fail}": "1:16: 'a.example b=c' is more than one term",
    "spf: {include: [[]], all: fail}": "1:17: a text is expected here, not a list",
    "spf: {include: [], all: fail}": "1:16: an empty list",
    "spf: {include: [a.example, a.example.], all: fail}": "1:28: include:a.example stands twice",
    "spf: {includes: a.example, all: fail}": "1:7: unknown key 'includes': did you mean 'include'?",
    "spf: {all: fail, ttl: x}": "1:23: 'x' is no duration",
    f"spf: v=spf1 {'x' * 70000}": "1:6: an SPF record of 70007 characters: too long",
    "spf: {all: fail, split: 99}": "1:25: 99 octets are too few: write true, or 255",
    "spf: {all: fail, split: 451}": "1:25: '451' is no length of a record",
    "spf: {all: fail, split: maybe}": "1:25: 'maybe' is no length of a record",
    f"spf: {{ip4: [{', '.join(ADDRESSES)}], all: fail, split: true}}": "1:6: 400 addresses take",
    f"spf: {{ip4: [{', '.join(ADDRESSES[:50])}], include: {SEVEN}, all: fail, split: 255}}": (
        "1:6: with the records that its addresses go into: 11 terms ask the DNS"
    ),
    f"spf: {{ip4: [{', '.join(ADDRESSES[:10])}], include: {SEVEN}, all: fail, split: 150}}": (
        "1:6: without its addresses SPF has "
    ),
    # dkim
    "dkim: {s1: {}}": "1:12: an empty mapping",
    "dkim: {s1: p}": "1:12: 'p' is no tag=value",
    "dkim: {s1: v=DKIM1; p=AAAA}": "1:12: p= is no RSA public key: was it cut",
    "dkim: {s1: []}": "1:12: a key record is expected here, not a list",
    "dkim: {s1: {ttl: 5}}": "1:12: write one of txt, cname, pem, ns",
    "dkim: {s1: {txt: v=DKIM1; p=, cname: c}}": "1:12: write one of txt, cname, pem, ns",
    "dkim: {s1: {ns: []}}": "1:17: an empty list",
    "dkim: {s1: {ns: [a.example.net., a.example.net.]}}": "1:34: a.example.net stands twice",
    "dkim: {s1: {ns: a.s1._domainkey}}": "1:17: a.s1._domainkey.example.com is no host's name",
    "dkim: {s1: {ns: 192.0.2.1}}": "1:17: '192.0.2.1' is an address",
    "dkim: {_domainkey: v=DKIM1; p=}": "1:20: _domainkey takes {ns: [ns1.example.net.]} or absent",
    "dkim: {_domainkey: {cname: a}}": "1:20: _domainkey takes {ns: [ns1.example.net.]} or absent",
    "dkim: {_domainkey: {ns: a.example.net., pem: k}}": "1:20: _domainkey takes {ns: ",
    "dkim: {_domainkey: {ns: a.example.net.}, s1: {cname: b.example.net.}}": (
        "1:42: s1._domainkey.example.com CNAME lies in what is delegated at z.yaml:1:8"
    ),
    "records: {sub: {type: NS, value: a.example.net.}, a.sub: {type: A, value: 192.0.2.1}}": (
        "1:51: a.sub.example.com A lies in what is delegated at z.yaml:1:11"
    ),
    "dkim: {s1: {pem: /nowhere/key.pem}}": "1:18: '/nowhere/key.pem' cannot be read: no such file",
    "dkim: {s1: {pem: /dev/null}}": "1:18: '/dev/null': no regular file",
    "dkim: {s1: {pem: []}}": "1:18: a PEM file is expected here, not a list",
    "dkim: {s1: {pem: /dev}}": "1:18: '/dev' cannot be read",
    "records: {_domainkey: {type: NS, value: a.}}": "1:30: write it under 'dkim'",
    "dkim: {s1: {cname: []}}": "1:20: a name is expected here, not a list",
    "dkim: {s1: {cnme: c, cname: c}}": "1:13: unknown key 'cnme': did you mean 'cname'?",
    "dkim: {s 1: absent}": "1:8: 's 1' is no selector",
    "dkim: {s1.: absent}": "1:8: 's1.' is no selector",
    f"dkim: {{{'abcdefghi.' * 30}x: absent}}": "1:8: 'abcdefghi.abc",
    # dmarc
    "dmarc: p=none": "1:8: no DMARC record",
    "dmarc: v=DMARC1; p=rejekt": "1:8: p=rejekt: write one of none, quarantine, reject",
    "dmarc: []": "1:8: a DMARC record is expected here, not a list",
    "dmarc: {}": "1:8: an empty mapping",
    "dmarc: {sp: none}": "1:8: p is missing",
    "dmarc: {p: none, pct: 101}": "1:23: '101' is no percentage",
    "dmarc: {p: none, rf: iodef}": "1:22: unknown format (afrf) 'iodef'",
    "dmarc: {p: none, ri: -1}": "1:22: '-1' is no number of seconds",
    "dmarc: {p: none, rau: x}": "1:18: unknown key 'rau': did you mean",
    "dmarc: {p: rejekt}": "1:12: unknown policy (none, quarantine, reject) 'rejekt': did you mean",
    "dmarc: {p: none, sp: a;b}": "1:22: unknown policy (none, quarantine, reject) 'a;b'",
    "dmarc: {p: none, adkim: x}": "1:25: unknown alignment (r, s) 'x'",
    "dmarc: {p: none, fo: a;b}": "1:22: 'a;b' cannot be the value of fo",
    "dmarc: {p: none, rua: a@b.example}": "1:23: rua=a@b.example: write an address",
    "dmarc: {p: none, rua: []}": "1:23: an empty list",
    "dmarc: {p: none, rua: [[]]}": "1:24: rua is expected here, not a list",
    "dmarc: {p: none, txt: v=DMARC1;p=none}": "1:9: p stands beside txt",
    # verification
    "verification: []": "1:15: an empty list",
    "verification: absent": "1:15: name the tokens that are to go",
    "verification: [a, a]": "1:19: 'a' stands twice",
    "verification: [a, {a: absent}]": "1:20: 'a' stands twice",
    "verification: [{a: b}]": "1:20: a token stands alone, or with 'absent'",
    "verification: [v=spf1 -all]": "1:16: an SPF record is no token",
    "verification: [[]]": "1:16: a token, such as MS=ms12345678 is expected here, not a list",
    "verification: {ttl: 5}": "1:15: values is missing",
    "verification: {values: a, tll: 5}": "1:27: unknown key 'tll': did you mean 'ttl'?",
    # autodiscover
    "autodiscover: 192.0.2.1": "1:15: '192.0.2.1' is an address",
    "autodiscover: autodiscover": "1:15: autodiscover points to itself",
    "autodiscover: {}": "1:15: an empty mapping",
    "autodiscover: {ttl: 5}": "1:15: target is missing",
    "autodiscover: []": "1:15: a host is expected here, not a list",
    # autoconfig
    "autoconfig: autoconfig": "1:13: autoconfig points to itself",
    "autoconfig: localhost.": "1:13: localhost is every machine itself",
    "autoconfig: {}": "1:13: an empty mapping",
    "autoconfig: {ttl: 5}": "1:13: write either target or addresses",
    "autoconfig: {target: a, addresses: 192.0.2.1}": "1:13: write either target or addresses",
    "autoconfig: [192.0.2.1, 192.0.2.1]": "1:25: 192.0.2.1 stands twice",
    "autoconfig: [a.example.net.]": "1:14: 'a.example.net.' is no address",
    # bimi
    "bimi: {}": "1:7: an empty mapping",
    "bimi: https://a.example/l.svg": "1:7: a selector and a logo",
    f"bimi: {{{'abcdefghi.' * 30}x: absent}}": "1:8: 'abcdefghi.abc",
    "bimi: {a b: absent}": "1:8: 'a b' is no selector",
    "bimi: {default: {ttl: 5}}": "1:17: write a logo, such as",
    "bimi: {default: {logo: https://a.example/l.svg, txt: v=BIMI1}}": "1:17: write a logo, such as",
    "bimi: {default: {logo: http://a.example/l.svg}}": "1:24: 'http://a.example/l.svg' is no",
    "bimi: {default: {logo: https://a.example/l.png}}": "1:17: l=https://a.example/l.png: a logo",
    "bimi: {default: {authority: https://a.example/v.pem}}": "1:17: a= stands without l=",
    "bimi: {default: {logo: https://a/l.svg}}": "1:17: l=https://a/l.svg: the logo is fetched over",
    "bimi: {default: {avatar: mine}}": "1:26: unknown preference (brand, personal) 'mine'",
    "bimi: {default: v=BIMI2}": "1:17: no BIMI record: it begins 'v=BIMI1;'",
    "bimi: {default: v=BIMI1; l}": "1:17: 'l' is no tag=value",
    "bimi: {default: v=BIMI1; l=; l=}": "1:17: the tag l= stands twice",
    "bimi: {default: v=BIMI1; l=; avp=mine}": "1:17: avp=mine: write brand or personal",
    "bimi: {default: no}": "1:17: no BIMI record",
    # records
    "records: {www: x}": "1:16: a record, such as {type: A, value: 192.0.2.80} is expected",
    "records: {www: {value: x}}": "1:16: type is missing",
    "records: {'': {type: NS, value: ns.example.}}": "1:22: NS of the zone itself is the",
    "records: {'': {type: MX, value: {preference: 1, exchange: m.}}}": "1:22: write it under 'mx'",
    "records: {'': {type: TXT, value: v=spf1 -all}}": "1:15: an SPF record of the domain",
    "records: {_dmarc: {type: TXT, value: v=DMARC1}}": "1:26: write it under 'dmarc'",
    "records: {a._domainkey: {type: TXT, value: p=}}": "1:32: write it under 'dkim'",
    "records: {autodiscover: {type: CNAME, value: a.}}": "1:32: write it under 'autodiscover'",
    "records: {a b: {type: A, value: 192.0.2.1}}": "1:11: 'a b' holds a character",
    "records: {w: [{type: A, value: 192.0.2.1}, {type: A, value: 192.0.2.2}]}": (
        "1:11: w.example.com A is asked for twice, first at z.yaml:1:11"
    ),
    "records: {w: [{type: CNAME, value: a.example.}, {type: A, value: 192.0.2.2}]}": (
        "1:11: w.example.com A stands beside the CNAME at z.yaml:1:11"
    ),
    "verification: a\nrecords: {'': {type: TXT, value: b}}": (
        "2:11: example.com TXT is asked for twice, first at z.yaml:1:15"
    ),
    # prune
    "prune: []": "1:8: an empty list",
    "prune: [dkmi]": "1:9: unknown key to prune (autoconfig, autodiscover, bimi, dkim, dmarc, "
    "mta_sts, spf, srv, tls_rpt, tlsa) 'dkmi': did you mean 'dkim'?",
    "prune: mx": "1:8: mx cannot be pruned: 'mx' names all MX of the domain as it is",
    "prune: [dkim, dkim]": "1:15: dkim stands twice",
    "prune: [[]]": "1:9: key to prune is expected here, not a list",
    # mail
    "mail: off": "1:7: unknown value (none) 'off'",
    "mail: none\nmx: 10 mx1": "2:5: 'mx' stands beside 'mail: none' (line 1)",
    "mail: none\nhosts: {mx1: 192.0.2.1}": "2:14: 'hosts' stands beside 'mail: none'",
    "mail: none\ndkim: {s: {cname: c.example.}}": "2:8: 'dkim' stands beside 'mail: none'",
    "mail: none\nautodiscover: c.example.": "2:15: 'autodiscover' stands beside 'mail: none'",
    "mail: none\nspf: v=spf1 mx -all": "2:6: SPF lets something send, but example.com takes no ",
    "mx: 0 .\nspf: v=spf1 redirect=r.example": "2:6: SPF lets something send",
    # cutover
    "cutover: soon": "1:10: cutover is expected here, not a text",
    "cutover: {aat: x}": "1:11: unknown key 'aat': did you mean 'at'?",
    "cutover: {tasks: {a: yes}}": "1:22: unknown state",
    "cutover: {tasks: {a b: done}}": "1:19: 'a b' is no task",
    "cutover: {tasks: done}": "1:18: a task and 'done'",
    "mta_sts: testing": "1:10: a mapping such as {mode: testing",
    "mta_sts: {max_age: 7d}": "1:10: mode is missing",
    "mta_sts: {mode: strict, mx: [a.example]}": "1:17: unknown mode",
    "mta_sts: {mode: testing, max_age: 2000d, mx: [a.example]}": "1:26: max_age is at most a year",
    "mta_sts: {mode: testing, mx: ['*.*.example']}": "1:31: '*.*.example' is no host",
    "mta_sts: {mode: enforce}": "1:10: a policy names the hosts",
    "mx: [10 mx.example.net.]\nmta_sts: {mode: enforce, mx: [a.example]}": (
        "2:10: the policy's mx does not"
    ),
    "mta_sts: {mode: testing, max: 1d, mx: a.example}": "1:26: unknown key",
    "mta_sts: {mode: none, txt: v=STSv1}": "1:28: id= is needed once: 1 to 32 letters",
    "mta_sts: {mode: none, txt: id=1}": "1:28: no MTA-STS record: it begins 'v=STSv1;'",
    "mta_sts: {}": "1:10: an empty mapping",
    "tls_rpt: tls@example.com": "1:10: 'tls@example.com' is no address",
    "tls_rpt: {ttl: 1h}": "1:10: rua is missing",
    "tls_rpt: {rua: 'mailto:a@example.com', to: a}": "1:40: unknown key",
    "tls_rpt: {}": "1:10: an empty mapping",
    "tls_rpt: 'v=TLSRPTv1; x=y'": "1:10: rua= is needed once",
    "tls_rpt: [[]]": "1:11: an address",
    "tlsa: {mx1: {pem: /nowhere/key.pem}}": "1:19: '/nowhere/key.pem' cannot be read",
    "tlsa: {mx1: [{pem: /nowhere/key.pem}, auto]}": "1:20: '/nowhere/key.pem' cannot be read",
    "tlsa: {mx1: [{pm: a}]}": "1:15: unknown key 'pm': did you mean 'pem'?",
    "tlsa: {mx1: {pem: a, values: auto}}": "1:13: write either values or pem",
    "mail: none\ntlsa: {mx1: auto}": "2:8: 'tlsa' stands beside 'mail: none'",
    "tlsa: {mx1: 3 1 1 abc}": "1:13: the data is an even number",
    "tlsa: {mx1: 1 1 1 " + "ab" * 32 + "}": "1:13: usage 1 is not for mail",
    "tlsa: {mx.example.net.: 3 1 1 " + "ab" * 32 + "}": "1:8: mx.example.net lies outside the zone",
    "tlsa: {192.0.2.1: 3 1 1 " + "ab" * 32 + "}": "1:8: '192.0.2.1' is an address",
    "tlsa: {mx1: {ttl: 1h}}": "1:13: write either values or pem",
    "tlsa: {mx1: {}}": "1:13: an empty mapping",
    "tlsa: {mx1: [[]]}": "1:14: a record",
    "srv: {smtp: 0 1 25 mx1}": "1:7: unknown service",
    "dmarc: v=DMARC1; p": "1:8: ' p' is no tag=value",
    "tls_rpt: mailto:x": "1:10: 'mailto:x' is no address",
    "srv: {imaps: 0 1 99999 mx1}": "1:14: 99999 is over 65535",
    "srv: {imaps: 993 mx1}": "1:14: '993 mx1' is no SRV",
    "srv: {imaps: {ttl: 1h}}": "1:14: values is missing",
    "srv: {imaps: {}}": "1:14: an empty mapping",
    "srv: {imaps: [0 0 0 ., 0 1 993 mx1]}": "1:14: '.' says that the service is not offered",
    "srv: {imaps: 0 1 993 192.0.2.1}": "1:14: '192.0.2.1' is an address",
    "srv: {imaps: [[]]}": "1:15: priority",
    "ptr: {mx1: 192.0.2.1}": "1:7: 'mx1' is no address",
    "ptr: {192.0.2.1: {ttl: 1h}}": "1:18: host is missing",
    "ptr: {192.0.2.1: {host: a, name: a}}": "1:28: unknown key",
    "ptr: {192.0.2.1: 192.0.2.1}": "1:18: '192.0.2.1' is an address",
    "dmarc: {p: none, ramp: {none: 30d}}": "1:25: none is no stricter",
    "dmarc: {p: none, ramp: {strict: 30d}}": "1:25: unknown policy",
    "dmarc: {p: none, ramp: {reject: soon}}": "1:33: 'soon' is no date and no duration",
    "dmarc: {p: none, ramp: {reject: [1]}}": "1:33: a date or a duration",
    "dmarc: {p: none, ramp: 30d}": "1:24: a stricter policy",
    "dmarc: {p: none, ramp: {quarantine: 2027-02-01, reject: 2027-01-01}}": (
        "1:57: a rung comes after"
    ),
    "dmarc: {txt: v=DMARC1; p=none, ramp: {reject: 30d}}": "1:32: ramp stands beside txt",
    "cutover: {at: 2026-12-05}": "1:15: '2026-12-05' is no time",
    "cutover: {at: []}": "1:15: a time is expected here, not a list",
    "cutover: {at: 2026-13-05T00:00}": "1:15: '2026-13-05T00:00' is no time: month",
    "cutover: {at: '0001-01-01T00:00+01:00'}": "1:15: '0001-01-01T00:00+01:00' is too far",
    "cutover: {old_until: '0001-01-01', timezone: Asia/Tokyo}": "1:22: '0001-01-01' is too far",
    "cutover: {old_until: tomorrow}": "1:22: 'tomorrow' is no time",
    "cutover: {timezone: Asia/Tokio}": "1:21: unknown time zone 'Asia/Tokio': did you mean 'As",
    "cutover: {timezone: ../etc/passwd}": "1:21: unknown time zone",
    "cutover: {timezone: Asia}": "1:21: unknown time zone",
    "cutover: {timezone: []}": "1:21: a time zone is expected here",
    "cutover: {timezone: Europe/Berlin, at: 2026-03-29T02:30}": "1:40: '2026-03-29T02:30' does not",
    "cutover: {timezone: Europe/Berlin, at: 2026-10-25T02:30}": "1:40: '2026-10-25T02:30' comes",
    "cutover: {window: weekend}": "1:19: 'weekend' is no window",
    "cutover: {window: []}": "1:19: an empty list",
    "cutover: {window: [[]]}": "1:20: a window is expected here, not a list",
    "cutover: {window: Fry 00:00-24:00}": "1:19: 'fry' is no day of the week",
    "cutover: {window: '24:30-25:00'}": "1:19: '24:30' is no time of the day",
    "cutover: {window: '10:60-12:00'}": "1:19: '10:60' is no time of the day",
    "cutover: {window: '10:00-10:00'}": "1:19: '10:00-10:00' is never open",
    "cutover: {window: '24:00-10:00'}": "1:19: '24:00-10:00' is never open",
    "cutover: {window: [always, 'Sat 10:00-12:00']}": "1:19: 'always' stands alone",
    "cutover: {lead: long}": "1:17: 'long' is no duration",
}

RECORDS = {
    "A, absent: false": "absent is true, or it is left out",
    "A, absent: false, value: 192.0.2.1": "absent is true, or it is left out",
    "a, value: 192.0.2.1": "unknown type (A, AAAA",
    "B, value: x": "unknown type",
    "A": "write either value or values",
    "A, value: 192.0.2.1, values: [192.0.2.2]": "write either value or values",
    "A, value: [192.0.2.1]": "value takes one; write values",
    "A, value: 2001:db8::1": "2001:db8::1 is no IPv4 address",
    "A, ttl: x, value: 192.0.2.1": "'x' is no duration",
    "A, value: 192.0.2.1, octodns: {}": "octodns is not supported yet",
    "A, absent: yes": "unknown value (true, false) 'yes'",
    "A, absent: true, ttl: 5": "ttl stands beside absent",
    "CNAME, value: web.example.net": "'web.example.net' does not end",
    "CNAME, value: []": "value takes one",
    "CNAME, value: {}": "a name is expected here, not a mapping",
    "CNAME, values: [a.example., b.example.]": "CNAME has one value",
    "TXT, value: {}": "a text is expected here, not a mapping",
    "TXT, value: '\u00e9'": "a TXT value of other characters",
    "TXT, value: '\"x\"'": "a TXT value is written without the quotes",
    "MX, value: 10 mx1": "a mapping of preference, exchange is expected",
    "MX, value: {preference: 1, exchange: 192.0.2.1.}": "'192.0.2.1.' is",
    "MX, value: {preference: 1}": "exchange is missing: the value of MX is a mapping of preference",
    "SRV, value: {priority: 1, weight: 1, port: 1}": "target is missing",
    "SRV, value: {priority: 1, weight: 1, port: x, target: a.example.}": "'x' is no port",
    "CAA, value: {flags: 0, tag: a-b, value: x}": "'a-b' is no tag",
    "DS, value: {key_tag: 1, algorithm: 13, digest_type: 2, digest: abc}": "'1 13 2 abc' is no DS",
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.items(), ids=lambda text: text[:40])
def test_mistake_is_told(text: str, message: str) -> None:
    """One mistake is one line, that begins with its place."""
    (error,) = errors(text)
    assert error.startswith(f"z.yaml:{message}")
    assert "\n" not in error
    assert len(error) < 300


@pytest.mark.parametrize(("record", "message"), RECORDS.items(), ids=lambda text: text[:40])
def test_mistake_in_a_record_is_told(record: str, message: str) -> None:
    """A value that its type does not take is told at the value."""
    (error,) = errors(f"records: {{www: {{type: {record}}}}}")
    assert f": {message}" in error
    assert error.startswith("z.yaml:1:")


def test_all_mistakes_are_told_at_once() -> None:
    """A user mends a file in one go: nothing hides behind the first error."""
    text = "mx: [10 192.0.2.1, x]\nspff: 1\nttl: soon\nhosts: {a: b}\nmx: 1\n"
    assert [error.split(": ")[0] for error in errors(text)] == [
        "z.yaml:1:6",
        "z.yaml:1:20",
        "z.yaml:2:1",
        "z.yaml:3:6",
        "z.yaml:4:12",
        "z.yaml:5:1",
    ]


def test_a_hostile_file_is_not_answered_in_full() -> None:
    """After a hundred errors the rest of a file's are counted."""
    told = errors("\n".join(f"key{number}: 1" for number in range(150)))
    assert len(told) == 101
    assert told[-1] == "z.yaml: and 50 more errors in this file"


def test_mistakes_in_defaults_are_told_where_they_stand() -> None:
    """What mailsync.yaml says for all zones is checked as a zone file is."""
    assert errors("", "{mx: x, foo: 1}") == [
        "mailsync.yaml:1:6: 'x' is no MX value: write a preference and a host, such as '10 mx1'",
        "mailsync.yaml:1:9: unknown key 'foo'",
    ]
    assert errors("cutover: 1", "cutover: {ttl: 5}") == [
        "z.yaml:1:10: cutover is expected here, not a text"
    ]
