"""The key ``services`` written out: the ordinary keys of a zone file, filled by its services."""

from __future__ import annotations

from dataclasses import replace

from mailsync.desired import reading
from mailsync.desired.faults import Faults
from mailsync.desired.model import Place, Task, Use
from mailsync.desired.services import arrangement, inputs, merging, placeholders, template
from mailsync.desired.services.catalogue import Catalogue
from mailsync.desired.services.demand import Demand, Entry
from mailsync.desired.services.model import BEHIND, Asked, Given, Service
from mailsync.desired.services.written import Expansion
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.names import shown

_WHAT = "a service, such as 'fastmail' or 'microsoft365: {mx: …}'"
_TEMPLATE = "template"


def expand(
    said: Mapping, domain: str, zone: str, catalogue: Catalogue, faults: Faults
) -> Expansion:
    """Write out the services of a domain; ``said`` are all keys that hold for it.

    What a service brings stands at the line that names it. Where the file says something itself,
    the file wins: see docs/services.md, *What wins*. Tells ``faults``, never raises; the result is
    of use only when nothing was told.
    """
    node = said.get("services")
    if node is None:
        return Expansion(said)
    before = faults.count()
    if "mail" in said:
        message = "services stand beside 'mail: none': drop one of them"
        faults.add(said.key("services").place, message)
    demands = [
        one
        for item in reading.items(node, faults, _WHAT)
        if (one := _demand(item, domain, zone, catalogue, faults)) is not None
    ]
    if faults.count() == before:
        arrangement.check(demands, faults)
    if faults.count() != before:
        return Expansion(said)
    merged = merging.merged(said, demands, domain, faults)
    hosts = merging.exchanges(merged.get("mx"), domain)
    uses = tuple(_use(one, hosts, domain) for one in demands)
    tasks = tuple(
        sorted(
            replace(task, hosts=_entrance(one, demands, uses, hosts))
            for one in demands
            for task in one.tasks
        )
    )
    return Expansion(merged, uses, tasks)


def demand(
    service: Service, given: Given, place: Place, domain: str, behind: Place | None = None
) -> Demand:
    """Give what a service asks for with these inputs; ``domain`` is absolute.

    ``behind``: where the file says what stands in front.
    """
    entries = tuple(
        Entry(record.key, placeholders.filled_in(record.node, values, place))
        for record in service.records
        if record.when.holds(given)
        for values in _each(record, given, domain)
    )
    keys = {entry.key for entry in entries}
    takes = BEHIND in given or "mx" in keys or service.sends_as is None
    values = _values(given, domain)
    tasks = tuple(
        Task(
            f"{service.id}-{step.id}",
            step.stage,
            placeholders.filled(step.text, {BEHIND: "the service in front", **values}),
            place,
            step.blocks,
        )
        for step in service.steps
        if step.when.holds(given)
    )
    return Demand(
        service=service.id,
        layer=service.layer if takes or service.sends_as is None else service.sends_as,
        place=place,
        entries=entries,
        behind=next(iter(given.get(BEHIND, ())), None),
        behind_place=behind,
        constraints=service.constraints,
        strictest=service.strictest,
        tasks=tasks,
    )


def _demand(
    item: Node, domain: str, zone: str, catalogue: Catalogue, faults: Faults
) -> Demand | None:
    """Read one item: ``ID``, ``{ID: {INPUT: VALUE}}``, or ``{template: FILE, VARIABLE: VALUE}``."""
    if isinstance(item, Mapping) and _TEMPLATE in item:
        return template.demand(item, domain, zone, faults)
    fields: Mapping | None = None
    if isinstance(item, Mapping):
        if len(item.entries) != 1:
            message = f"each item of services is one service: write {_WHAT}"
            faults.add(item.place, message)
            return None
        ((key, node),) = item.entries
        if not (isinstance(node, Scalar) and node.is_null):
            if not isinstance(node, Mapping):
                message = f"the inputs of {key.text[:60]} are a mapping, such as {{mx: mgf}}"
                faults.add(node.place, message)
                return None
            fields = node
    elif isinstance(item, Scalar) and not item.is_null:
        key = item
    else:
        faults.add(item.place, f"{_WHAT} is expected here")
        return None
    service = catalogue.find(key.text, key.place, faults)
    if service is None:
        return None
    before = faults.count()
    given = inputs.read(service, fields, key.place, domain, faults)
    if faults.count() != before:
        return None
    behind = fields.key(BEHIND).place if fields is not None and BEHIND in fields else None
    return demand(service, given, key.place, domain, behind)


def _values(given: Given, domain: str) -> dict[str, str]:
    single = {name: values[0] for name, values in given.items() if len(values) == 1}
    return {**single, placeholders.DOMAIN: shown(domain)}


def _each(record: Asked, given: Given, domain: str) -> list[dict[str, str]]:
    """Give the values of placeholders, for every record that is made of this one."""
    values = _values(given, domain)
    if record.each is not None:
        return [{**values, record.each: value} for value in given.get(record.each, ())]
    used = {
        name for text in placeholders.scalars(record.node) for name in placeholders.named(text.text)
    }
    # An input that is given as none has no value: there is no such record.
    return [values] if used <= values.keys() else []


def _entrance(
    demand: Demand, demands: list[Demand], uses: tuple[Use, ...], hosts: frozenset[str]
) -> tuple[str, ...]:
    """Give the MX by which a service's mail comes: those of whatever stands in front of all.

    Where the file names the MX itself they are all of the domain's.
    """
    if not demand.takes_mail:
        return ()
    by_name = {one.service: one for one in demands}
    first = demand
    while first.behind is not None:
        first = by_name[first.behind]
    own = next(use.mx for use in uses if use.service == first.service)
    return own or tuple(sorted(hosts))


def _use(demand: Demand, hosts: frozenset[str], domain: str) -> Use:
    own = {
        host
        for entry in demand.entries
        if entry.key == "mx"
        for host in merging.exchanges(entry.node, domain)
    }
    mx = tuple(sorted(own & hosts))
    demanded = demand.constraints
    return Use(
        demand.service,
        demand.layer,
        demand.place,
        mx,
        demanded.exclusive_mx,
        demand.behind,
        demanded.lowest_preference,
        demanded.dns_host,
        demanded.name_servers,
    )
