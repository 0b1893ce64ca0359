"""`mailsync status` on real servers: who answers what, now."""

from pathlib import Path

from .company import APEX, DOMAIN, NEW_MX, OLD_MX, Checkout, mail_on, zone_file
from .servers import Bind, KnotSecondary, Unbound

IN_DAYS = "{ttl: 5m, soak: 5d, window: always}"


def test_each_server_and_resolver_is_named_with_its_answer(tmp_path: Path) -> None:
    """The primary has moved on, the secondary lags, the resolver remembers: each is told apart."""
    with (
        Bind({DOMAIN: zone_file(3600)}) as primary,
        KnotSecondary(primary) as secondary,
        Unbound({DOMAIN: [primary]}) as resolver,
    ):
        resolver.wait_for(DOMAIN, "MX", OLD_MX)
        checkout = Checkout.of_servers(
            tmp_path / "mail", primary, cutover=IN_DAYS, asked=[primary, secondary]
        )
        config = checkout.directory / "mailsync.yaml"
        text = config.read_text()
        asked = f'timeout: 4s, resolvers: ["{resolver.address}:{resolver.port}"]'
        config.write_text(text.replace("timeout: 20s", asked))
        checkout.wish(mail_on("old", 3600))
        secondary.hold()
        primary.replace(f"new.{DOMAIN}", "A", 300, "192.0.2.2")
        primary.replace(DOMAIN, "MX", 300, NEW_MX)
        heard = {one["who"]: one for one in checkout.status()["heard"]}
        secondary.release()
        secondary.stop()
        late = {one["who"]: one for one in checkout.status()["heard"]}

    def of(found: dict[str, dict[str, object]], port: int) -> dict[str, object]:
        (one,) = [each for who, each in found.items() if str(port) in who]
        return one

    assert of(heard, primary.port)["answer"] == {"ttl": 300, "values": [NEW_MX]}
    assert of(heard, secondary.port)["answer"] == {"ttl": 3600, "values": [OLD_MX]}
    kept = of(heard, resolver.port)
    assert (kept["role"], kept["name"], kept["fault"]) == ("resolver", APEX, "")
    answer = kept["answer"]
    assert isinstance(answer, dict)
    assert answer["values"] == [OLD_MX]
    assert 3500 < answer["ttl"] <= 3600
    silent = of(late, secondary.port)
    assert silent["answer"] is None
    assert silent["fault"] != ""
