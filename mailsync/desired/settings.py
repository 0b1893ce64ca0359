"""The shape of mailsync.yaml; `mailsync.config` reads what has it."""

from __future__ import annotations

from mailsync.desired.model import LEVELS
from mailsync.desired.rule_ids import RULE
from mailsync.desired.shape import Duration, Flag, Integer, Text, Word
from mailsync.desired.structure import ANYTHING, Either, Field, Fields, Items, Named, Ref

FILE = "mailsync.yaml"

PROVIDER = "the name of a provider"
PROVIDERS = "a name and the settings of a DNS host, with its class"
TARGETS = "a zone (or a glob, such as '*') and its DNS hosts"
PROFILES = "the name of a profile and its keys"
CAPABILITIES = "the name of a provider and what it can do"
RESOLVERS = "a list of resolvers' addresses, such as 192.0.2.53"
MAILBOXES = "an address, such as info@example.com"
NOTIFY = "a webhook or an e-mail address"
KINDS = ("ran", "waits", "failed")
SEVERITIES = "the id of a rule and its severity, such as {spf-helo: off}"
WRITES = ("atomic", "in-place", "per-value", "whole-zone", "delete-then-create")
TTL_SCOPES = ("rrset", "record", "zone", "none")
TXT_LONGEST = 65535
SERVERS = "auto, none, or a list of servers such as 192.0.2.53:5300"

_PROVIDER = Text(PROVIDER)
_SERVERS = Either(
    Word("value", ("auto", "none"), only=True),
    Items(
        Text(SERVERS, r"\S+", no=f"server: write {SERVERS}", examples=("192.0.2.53:5300",)), SERVERS
    ),
)
_GIT_NAME = Text("a name", "[A-Za-z0-9_][A-Za-z0-9_./-]{0,99}", no="name of a branch or a remote")
_MAILBOX = Text(
    MAILBOXES,
    "[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}",
    no=f"mailbox: write {MAILBOXES}",
)

_EMAIL = Fields(
    "a mail server and addresses",
    {
        "to": Field(Items(_MAILBOX, MAILBOXES), "The recipients.", missing="write an address"),
        "from": Field(_MAILBOX, "The sender.", missing="write an address"),
        "server": Field(
            Text("a server", r"[A-Za-z0-9.-]+(?::\d{1,5})?", examples=("smtp.example.com:587",)),
            "Name and port of the mail server; localhost if missing.",
        ),
        "security": Field(
            Word("security", ("starttls", "tls", "none")),
            "How it is reached; starttls if missing. The port follows: 587, 465, 25.",
        ),
        "user": Field(Text("a name"), "With a password: who logs in."),
        "password": Field(Text("a password", examples=("env/SMTP_PASSWORD",)), "Write env/NAME."),
    },
)

SHAPE = Fields(
    FILE,
    {
        "zones": Field(
            Text("a directory", examples=("./zones",)),
            "The directory of the zone files, relative to this file; 'zones' if missing.",
        ),
        "providers": Field(
            Named(
                PROVIDERS,
                _PROVIDER,
                Fields(
                    PROVIDERS,
                    {
                        "class": Field(
                            Text(
                                "a class",
                                examples=(
                                    "mailsync_providers.zonefile.ZoneFileProvider",
                                    "mailsync_providers.rfc2136.Rfc2136Provider",
                                    "octodns_cloudflare.CloudflareProvider",
                                ),
                            ),
                            "octoDNS' class path of the provider.",
                            missing="write octoDNS' class path",
                        )
                    },
                    rest=ANYTHING,
                ),
            ),
            "DNS hosts by name, each with octoDNS' settings of its class; secrets as env/NAME.",
            missing=f"write {PROVIDERS}",
        ),
        "targets": Field(
            Named(TARGETS, Text("a zone"), Items(_PROVIDER, PROVIDER)),
            "Which DNS hosts serve which zone: names or globs; the first that matches wins.",
            missing=f"write {TARGETS}",
        ),
        "defaults": Field(
            Ref("defaults", "keys of a zone file"),
            "What holds where neither a zone file nor its profile says anything.",
        ),
        "profiles": Field(
            Named(PROFILES, Text("the name of a profile"), Ref("profile", "keys of a zone file")),
            "Named sets of keys, for the zone files that name one.",
        ),
        "journal": Field(
            Fields(
                "a journal",
                {
                    "store": Field(
                        Word("store", ("file", "git")),
                        "file: a directory; git: a branch of its own, for several machines.",
                        missing="write 'store: file' or 'store: git'",
                    ),
                    "directory": Field(
                        Text("a directory", examples=("./.mailsync",)),
                        "Of the files, or the checkout of the repository.",
                    ),
                    "branch": Field(
                        _GIT_NAME, "With git: the branch; mailsync-journal if missing."
                    ),
                    "remote": Field(_GIT_NAME, "With git: the remote; origin if missing."),
                },
            ),
            "Where it is kept what was published, and until when.",
        ),
        "observe": Field(
            Either(
                Fields(
                    "observe",
                    {
                        "nameservers": Field(
                            _SERVERS, "auto: those of the delegation; none; or these servers."
                        ),
                        "timeout": Field(
                            Duration("a timeout"),
                            "How long apply waits for all of them after a write; 60s if missing.",
                        ),
                        "resolvers": Field(
                            Items(
                                Text(RESOLVERS, r"\S+", no=f"server: write {RESOLVERS}"), RESOLVERS
                            ),
                            "The resolvers that check compares; some public ones if missing.",
                        ),
                        "mailboxes": Field(
                            Items(_MAILBOX, MAILBOXES),
                            "Addresses that exist, for check to ask mail servers for.",
                        ),
                    },
                ),
                _SERVERS,
            ),
            "Which authoritative servers are asked what they serve.",
        ),
        "capabilities": Field(
            Named(
                CAPABILITIES,
                _PROVIDER,
                Fields(
                    CAPABILITIES,
                    {
                        "ttl": Field(
                            Word("value", ("fixed", "settable")), "fixed: TTLs cannot be changed."
                        ),
                        "min_ttl": Field(Duration("a TTL"), "The smallest TTL that it takes."),
                        "max_ttl": Field(Duration("a TTL"), "The largest TTL that it takes."),
                        "ttl_scope": Field(
                            Word("value", TTL_SCOPES),
                            "What has a TTL of its own there.",
                        ),
                        "types": Field(
                            Items(Text("a type", "[A-Z0-9]{1,10}", no="type"), "a type"),
                            "Types of records that it can hold.",
                        ),
                        "txt_max": Field(
                            Integer("length", TXT_LONGEST),
                            "Octets of the longest text that it holds.",
                        ),
                        "null_mx": Field(Flag(), "Whether it takes a null MX (mail: none)."),
                        "mx_below": Field(Flag(), "Whether names below the zone may have MX."),
                        "ptr": Field(Flag(), "Whether it holds reverse zones."),
                        "write": Field(
                            Word("value", WRITES),
                            "How its adapter changes an RRset; delete-then-create is no way for an "
                            "MX.",
                        ),
                        "publish_delay": Field(
                            Duration("a delay"), "How long until its servers answer what is new."
                        ),
                        "clock": Field(
                            Flag(), "false: the time that its answers tell (HTTP's Date) is wrong."
                        ),
                    },
                ),
            ),
            "What a DNS host can do, where mailsync does not know or is wrong.",
        ),
        "lint": Field(
            Fields(
                "lint",
                {
                    "severity": Field(
                        Named(SEVERITIES, RULE, Word("severity", LEVELS)),
                        "What findings are to be, by the id of their rule.",
                    )
                },
            ),
            "What lint makes of its findings.",
        ),
        "notify": Field(
            Fields(
                NOTIFY,
                {
                    "webhook": Field(
                        Text("a URL", r"https?://\S+|env/\w+", no="URL: write env/NAME"),
                        "Where messages are posted as Slack takes them; write env/NAME.",
                    ),
                    "email": Field(_EMAIL, "A mail server, and to whom."),
                    "news": Field(
                        Items(Word("kind of news", KINDS), "a kind of news"),
                        "What is told: a stage ran, waits for a person, failed. All if missing.",
                    ),
                },
            ),
            "Who is told what came of `mailsync apply`.",
        ),
    },
    top=True,
)
