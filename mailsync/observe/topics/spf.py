"""Who may send: the tree of the SPF record as receivers walk it, and the declared senders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mailsync.dns.names import shown
from mailsync.mail.spf import LOOKUPS_MAX
from mailsync.mail.spf_evaluation import Evaluation
from mailsync.mail.spf_lookups import VOIDS_MAX
from mailsync.mail.spf_survey import Survey
from mailsync.mail.spf_syntax import is_spf
from mailsync.observe.facts import Facts
from mailsync.observe.results import Observation
from mailsync.observe.topics.saying import Saying, listed

_SAY = Saying("spf")

_RULES: Mapping[str, str] = {
    "syntax": "spf-syntax",
    "multiple": "spf-multiple",
    "none": "spf-include-none",
    "loop": "spf-loop",
    "lookups": "spf-lookups",
    "voids": "spf-void",
    "mx-hosts": "spf-lookups",
}
"""The rule that each fault of a tree breaks."""


def judge(facts: Facts) -> Iterator[Observation]:
    """Judge the record, what it includes, and each declared sender."""
    domain = facts.subject.domain
    name = shown(domain)
    served = facts.served(domain, "TXT")
    if served.answer.state in {"failed", "unknown"}:
        yield _SAY.unknown("spf-missing", name, served.answer.reason)
        return
    records = [text for text in facts.texts(domain) if is_spf(text)]
    if not records:
        yield _SAY.failed("spf-missing", name, "has no SPF record")
    elif len(records) > 1:
        yield _SAY.failed("spf-multiple", name, f"{len(records)} records: receivers take none")
    elif facts.spf_survey is None:
        yield _SAY.unknown("spf-include-none", name, "there was no time to follow its terms")
    else:
        yield from _tree(facts.spf_survey, name, records[0])
    for sender, evaluation in facts.spf.items():
        yield _sender(sender, evaluation, name)


def _tree(survey: Survey, name: str, record: str) -> Iterator[Observation]:
    for problem in survey.problems:
        rule = _RULES.get(problem.fault)
        if rule is None:
            yield _SAY.unknown("spf-include-none", name, problem.text)
        else:
            yield _SAY.failed(rule, name, problem.text)
    told = {problem.fault for problem in survey.problems}
    if survey.lookups > LOOKUPS_MAX and "lookups" not in told:
        detail = f"{survey.lookups} terms ask the DNS, more than {LOOKUPS_MAX}"
        yield _SAY.failed("spf-lookups", name, detail)
    if len(survey.voids) > VOIDS_MAX and "voids" not in told:
        yield _SAY.failed("spf-void", name, f"nothing stands at {listed(survey.voids)}")
    if not told and survey.lookups <= LOOKUPS_MAX and len(survey.voids) <= VOIDS_MAX:
        detail = f"{record[:120]} ({survey.lookups} of {LOOKUPS_MAX} look-ups)"
        yield _SAY.passed("spf-syntax", name, detail)


def _sender(sender: str, evaluation: Evaluation, name: str) -> Observation:
    subject = f"{sender} for {name}"
    why = f": {evaluation.reason}" if evaluation.reason else ""
    if evaluation.result == "pass":
        return _SAY.passed("spf-sender", subject, f"pass by {evaluation.term}")
    if evaluation.result == "temperror":
        return _SAY.unknown("spf-sender", subject, f"temperror{why}")
    return _SAY.failed("spf-sender", subject, f"{evaluation.result}{why}")
