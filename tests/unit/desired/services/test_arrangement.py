from __future__ import annotations

from pathlib import Path

import pytest

from mailsync.desired.model import Use
from tests.unit.desired.services.samples import errors, good

M365 = "microsoft365: {mx: a.mail.protection.outlook.com}"
BEHIND = "microsoft365: {behind: mailgates}"
GATE = "mailgates: {mx: mgf}"


def uses(text: str) -> dict[str, Use]:
    """Give the services of a good file by name."""
    return {use.service: use for use in good(text).services}


@pytest.mark.parametrize(
    "services",
    [
        f"[{GATE}, {BEHIND}]",
        f"[{GATE}, {BEHIND}, lolipop: {{behind: microsoft365}}]",
        (
            f"[{GATE}, iij_securemx: {{mx: 10 a.b, spf: none, behind: mailgates}}, "
            "proton: {behind: iij_securemx}]"
        ),
        f"[{M365}, lolipop: {{behind: microsoft365}}]",
        f"[{M365}, hennge, sendgrid: {{subdomain: em1, target: u1.sendgrid.net}}]",
        f"[{M365}, mailgates: {{mx: none, spf: 'include:a.example'}}]",
        f"[{GATE}, cloudflare_email_routing: {{behind: mailgates}}]",
        "[hennge]",
    ],
)
def test_what_works(services: str) -> None:
    """Gateways in front of mailboxes, one behind the other, and senders beside them."""
    assert good(f"services: {services}").services


def test_two_mailbox_services_are_for_lint_to_judge() -> None:
    """Two that both take the mail are read: it is a finding that can be acknowledged."""
    found = uses(f"services: [{M365}, lolipop]")
    assert found["microsoft365"].mx == ("a.mail.protection.outlook.com.",)
    assert found["lolipop"].mx == ("mx01.lolipop.jp.",)
    assert (found["microsoft365"].exclusive, found["lolipop"].exclusive) == (True, False)


def test_gateway_without_mx_is_what_it_sends_as() -> None:
    """A plan that takes no mail makes an outbound gateway."""
    text = f"services: [{M365}, mailgates: {{mx: none, spf: none}}]"
    assert uses(text)["mailgates"].layer == "outbound_gateway"
    assert uses(f"services: [{GATE}, {BEHIND}]")["mailgates"].layer == "inbound_gateway"


def test_relay_that_takes_mail_may_stand_in_front() -> None:
    """Whatever takes the domain's mail may have another behind it."""
    ses = "amazon_ses: {region: eu-west-1, tokens: [a], receive: true}"
    assert uses(f"services: [{ses}, mail_server: {{behind: amazon_ses}}]")["amazon_ses"].mx == (
        "inbound-smtp.eu-west-1.amazonaws.com.",
    )


@pytest.mark.parametrize(
    ("services", "where", "error"),
    [
        ("[fastmail, fastmail]", "1:22", "fastmail stands twice, first at line 1"),
        (
            f"[{GATE}, microsoft365: {{behind: mailgate}}]",
            "1:49",
            (
                "'mailgate' is not among the services of this domain (others here: mailgates): "
                "name the one that takes the mail first"
            ),
        ),
        (
            "[microsoft365: {behind: mailgates}]",
            "1:27",
            (
                "'mailgates' is not among the services of this domain (others here: none): name "
                "the one that takes the mail first"
            ),
        ),
        (
            f"[{GATE}]",
            "1:12",
            (
                "nothing stands behind mailgates, which keeps no mail: write 'behind: mailgates' "
                "at the mailbox service (mail_server for your own)"
            ),
        ),
        (
            f"[{GATE}, {M365}]",
            "1:12",
            (
                "nothing stands behind mailgates, which keeps no mail: write 'behind: mailgates' "
                "at microsoft365"
            ),
        ),
        (
            "[hennge, fastmail: {behind: hennge}]",
            "1:31",
            "hennge takes no mail here: nothing stands behind it",
        ),
        ("[fastmail, hennge: {behind: fastmail}]", "1:31", "hennge takes no mail: it stands"),
        (
            "[proton: {behind: proton}]",
            "1:21",
            "proton stands behind itself: no mail would ever arrive",
        ),
        (
            "[proton: {behind: fastmail}, fastmail: {behind: proton}]",
            "1:21",
            "proton stands behind itself: no mail would ever arrive",
        ),
        (
            f"[{GATE}, {BEHIND}, fastmail: {{behind: mailgates}}]",
            "1:69",
            (
                "microsoft365 and fastmail both keep the domain's mail behind mailgates: write "
                "'behind: microsoft365' here if microsoft365 hands over what is not its own, or "
                "the other way round"
            ),
        ),
    ],
)
def test_what_cannot_work_is_told(services: str, where: str, error: str) -> None:
    """A combination in which mail would not arrive is told where it stands."""
    told = errors(f"services: {services}")
    assert any(one.startswith(f"z.yaml:{where}: {error}") for one in told), told


def test_tasks_are_those_of_the_combination() -> None:
    """What a person has to do depends on who is in front; the MX switch waits for it."""
    behind = {task.id: task for task in good(f"services: [{GATE}, {BEHIND}]").tasks}
    alone = {task.id: task for task in good(f"services: [{M365}]").tasks}
    connector = behind["microsoft365-inbound-connector"]
    assert (connector.stage, connector.blocks) == ("switch", True)
    assert "from mailgates" in connector.text
    assert str(connector.place) == "z.yaml:1:34"
    assert "microsoft365-inbound-connector" not in alone
    assert alone["microsoft365-recipients"].stage == "switch"
    assert behind["mailgates-accounts"].stage == "switch"
    assert behind["mailgates-own-domain-permission"].stage == "settle"
    assert not behind["mailgates-old-service"].blocks
    assert "microsoft365-old-service" not in behind


@pytest.mark.parametrize(("spf", "asked"), [("", True), (", spf: none", False)])
def test_whether_mail_goes_out_is_asked(spf: str, asked: bool) -> None:
    """MAILGATES' SPF terms stand in no public page: the switch waits until somebody has said."""
    tasks = good(f"services: [mailgates: {{mx: mgf{spf}}}, {BEHIND}]").tasks
    assert ("mailgates-spf" in {task.id for task in tasks if task.stage == "switch"}) == asked


def test_tasks_belong_to_the_mx_by_which_the_mail_comes() -> None:
    """Of what stands behind others that is the first one's; a sender without MX has none."""
    text = f"services: [{GATE}, {BEHIND}, lolipop: {{behind: microsoft365}}, hennge]"
    found = {task.id: task.hosts for task in good(text).tasks}
    front = ("mgf.cybermail.jp.",)
    assert found["mailgates-accounts"] == found["lolipop-relay"] == front
    assert found["microsoft365-gateway-route"] == front
    assert found["hennge-outbound-route"] == ()
    own = good(f"{text}\nmx: [10 a.example.net., 10 b.example.net.]").tasks
    assert {task.hosts for task in own} == {("a.example.net.", "b.example.net."), ()}


def test_marking_tasks_done_is_read() -> None:
    """The ids of tasks are such as ``cutover.tasks`` takes."""
    desired = good(f"services: [{GATE}, {BEHIND}]")
    done = ", ".join(f"{task.id}: done" for task in desired.tasks)
    marked = good(f"services: [{GATE}, {BEHIND}]\ncutover: {{tasks: {{{done}}}}}")
    assert marked.cutover.tasks == {task.id for task in marked.tasks}


def test_own_services_arrange_like_ours(tmp_path: Path) -> None:
    """A gateway of the user's own stands in front of a service of ours."""
    (tmp_path / "gate.yaml").write_text(
        "names: [Gate]\nlayer: inbound_gateway\nrecords: [{mx: 10 gate.our.example.}]\n"
    )
    desired = good("services: [gate, fastmail: {behind: gate}]", tmp_path)
    assert [use.mx for use in desired.services] == [("gate.our.example.",), ()]
