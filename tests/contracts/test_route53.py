"""The contract, kept by octodns-route53 at moto's Route 53."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from moto.server import ThreadedMotoServer
from octodns_route53 import Route53Provider  # type: ignore[import-untyped]

from mailsync.dns.rrset import Key, RRset
from mailsync.hosts.loading import load_host
from mailsync.plan.model import Change
from tests.contracts.host_contract import ZONE, HostContract, Laboratory
from tests.contracts.sample import EVERY_TYPE, Sample, Traits, plain_text, text_with

KEY = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "route53-5ecret"}


class Route53:
    """One hosted zone, as somebody with an account of their own sees it."""

    def __init__(self, url: str) -> None:
        self.client: Any = boto3.client("route53", endpoint_url=url, region_name="us-east-1", **KEY)
        made = self.client.create_hosted_zone(Name=f"{ZONE}.", CallerReference="contract")
        self.id = made["HostedZone"]["Id"]

    def rrsets(self) -> dict[Key, dict[str, Any]]:
        """All RRsets but the SOA."""
        found = self.client.list_resource_record_sets(HostedZoneId=self.id)["ResourceRecordSets"]
        return {
            (one["Name"].replace("\\052", "*"), one["Type"]): one
            for one in found
            if one["Type"] != "SOA"
        }

    def change(self, action: str, rrset: dict[str, Any]) -> None:
        """Create, replace or delete one RRset."""
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": rrset}]}
        self.client.change_resource_record_sets(HostedZoneId=self.id, ChangeBatch=batch)

    def publish(self, rrset: RRset) -> None:
        """Replace an RRset."""
        records = [{"Value": value} for value in rrset.values]
        about = {"Name": rrset.name, "Type": rrset.type, "TTL": rrset.ttl}
        self.change("UPSERT", {**about, "ResourceRecords": records})


@pytest.fixture(scope="module")
def route53() -> Iterator[Route53]:
    """A server for all tests of this file; each leaves the zone as it found it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        # moto leaves IsTruncated, which the API's reference requires, out of its health checks.
        patch.setattr(Route53Provider, "health_checks", {})
        patch.setenv("AWS_ENDPOINT_URL_ROUTE_53", f"http://{host}:{port}")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield Route53(os.environ["AWS_ENDPOINT_URL_ROUTE_53"])
    server.stop()


class TestRoute53(HostContract):
    @pytest.fixture
    def lab(self, route53: Route53) -> Laboratory:
        names = ("ns-2048.awsdns-64.com.", "ns-2049.awsdns-65.net.")
        own = RRset(f"{ZONE}.", "NS", 172800, names)
        sample = Sample(Traits(types=EVERY_TYPE - {"TLSA"}, own_ns=own, text=plain_text))
        settings = {
            "class": "octodns_route53.Route53Provider",
            "access_key_id": KEY["aws_access_key_id"],
            "secret_access_key": KEY["aws_secret_access_key"],
            "get_zones_by_name": True,
        }
        self._restore(route53, sample)
        return Laboratory(
            load_host("route53", settings, Path()),
            route53.publish,
            route53.rrsets,
            sample,
            lambda keys: {k: v for k, v in route53.rrsets().items() if k not in keys},
        )

    def test_a_text_with_quotation_marks(self, route53: Route53, lab: Laboratory) -> None:
        """Beside one nothing is changed: the adapter would write it back as no text at all."""
        odd = lab.sample.rrset("@", "TXT", 3600, r'"say \"hi\""', lab.sample.spf)
        route53.publish(odd)
        live = lab.host.read(lab.zone)[odd.key]
        changed = text_with(live, lab.sample.spf, '"v=spf1 -all"')
        lab.refuses(Change(live, changed, "SPF"), why="would write back wrongly")

    def test_a_text_with_backslashes(self, route53: Route53, lab: Laboratory) -> None:
        """A foreign one is shown with twice as many, and stays as it is when its RRset changes."""
        odd = lab.sample.rrset("@", "TXT", 3600, r'"a\\b"', lab.sample.spf)
        route53.publish(odd)
        live = lab.host.read(lab.zone)[odd.key]
        changed = text_with(live, lab.sample.spf, '"v=spf1 -all"')
        lab.write(Change(live, changed, "SPF"))
        held = route53.rrsets()[odd.key]["ResourceRecords"]
        assert {"Value": r'"a\\b"'} in held

    def _restore(self, route53: Route53, sample: Sample) -> None:
        there = route53.rrsets()
        for key in there.keys() - sample.listed.keys():
            route53.change("DELETE", there[key])
        for key, rrset in sample.listed.items():
            records = {value["Value"] for value in there.get(key, {}).get("ResourceRecords", ())}
            if records != set(rrset.values) or there[key]["TTL"] != rrset.ttl:
                route53.publish(rrset)
