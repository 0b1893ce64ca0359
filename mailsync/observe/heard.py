"""What each name server and each resolver answers for one RRset right now, as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from mailsync.dns.rrset import Key, RRset
from mailsync.observe.authoritative import AuthoritativeObserver
from mailsync.observe.delegation import LookupFailed, NotDelegated
from mailsync.observe.interface import Heard
from mailsync.observe.question import Patience, Reply, Server, Silence, answered
from mailsync.observe.resolving import resolved_by


def by_servers(observer: AuthoritativeObserver, zone: str, key: Key) -> Iterator[Heard]:
    """Ask every authoritative server; where they are not known, that is what there is to say."""
    try:
        replies = observer.each(zone, key)
    except (LookupFailed, NotDelegated) as error:
        yield Heard("the zone's name servers", "server", key, None, f"not known: {error}")
        return
    for server, reply in replies:
        yield _heard(server, reply, key, zone)


def _heard(server: Server, reply: Reply, key: Key, zone: str) -> Heard:
    if isinstance(reply, Silence):
        return Heard(str(server), "server", key, None, reply.reason)
    found = [version for about, version in answered(reply, key, zone) if about == key]
    if not found:
        return Heard(str(server), "server", key, None, "answers without authority")
    return Heard(str(server), "server", key, found[0])


def not_asked(resolvers: Sequence[Server], key: Key) -> Iterator[Heard]:
    """Say that resolvers were left alone: what is not there yet they would remember as missing."""
    why = "was not asked: what is not there yet it would remember as missing"
    return (Heard(str(resolver), "resolver", key, None, why) for resolver in resolvers)


def is_there(heard: Sequence[Heard]) -> bool:
    """Tell whether every server that answers has the RRset, and one does (RFC 2308)."""
    answers = [one.what for one in heard if not one.fault]
    return bool(answers) and None not in answers


def by_resolvers(resolvers: Sequence[Server], key: Key, patience: Patience) -> Iterator[Heard]:
    """Ask resolvers; the TTL is what each will still keep its answer for."""
    if not resolvers:
        return
    with ThreadPoolExecutor(len(resolvers)) as pool:
        found = pool.map(lambda each: resolved_by(each, *key, patience), resolvers)
    for resolver, one in zip(resolvers, found, strict=True):
        if one.answer.state == "found":
            rrset = RRset(*key, one.ttl, one.answer.values)
            yield Heard(str(resolver), "resolver", key, rrset)
        elif one.answer.state == "void":
            yield Heard(str(resolver), "resolver", key, None)
        else:
            yield Heard(str(resolver), "resolver", key, None, one.answer.reason)
