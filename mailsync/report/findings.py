"""What lint found, as text for a terminal and as JSON; and what its rules are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailsync.lint.judge import Judgement
from mailsync.lint.model import Rule, Severity
from mailsync.lint.registry import TOPICS, told_by
from mailsync.plan.printable import printable
from mailsync.report.page import Page, Style
from mailsync.report.phrases import counted

_STYLE: Mapping[Severity, Style] = {"error": "red", "warning": "yellow", "info": "cyan"}
_COUNTED: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "info"}
_INDENT = 9


@dataclass(frozen=True, slots=True)
class Lint:
    """A run's result. ``domains``: how many were judged; ``online``: with look-ups or without."""

    judgements: tuple[Judgement, ...]
    domains: int
    online: bool = False

    def count(self, severity: Severity) -> int:
        """Count the findings of a severity that nobody has acknowledged."""
        return sum(
            not one.acknowledged and one.finding.severity == severity for one in self.judgements
        )

    @property
    def acknowledged(self) -> int:
        """How many findings are acknowledged."""
        return sum(one.acknowledged for one in self.judgements)


def lint_text(lint: Lint, *, colour: bool, width: int) -> str:
    """Write a line for each finding, as compilers do, and what they come to.

    A finding stands on one line however long it is: editors and scripts read it.
    """
    page = Page(colour=colour, width=max(width, 10_000))
    for one in lint.judgements:
        finding = one.finding
        style: Style = "grey" if one.acknowledged else _STYLE[finding.severity]
        word = "acknowledged" if one.acknowledged else finding.severity
        page.put(
            0,
            ("plain", f"{printable(finding.where)}: "),
            (style, f"{word}: "),
            ("plain", f"{printable(finding.message)} "),
            ("grey", f"[{printable(finding.id)}]"),
        )
    if lint.judgements:
        page.gap()
    page.put(0, ("bold", summary(lint)))
    if any(not one.acknowledged for one in lint.judgements):
        page.put(0, ("plain", "`mailsync lint --explain ID` tells a rule's whole story."))
    return page.text()


def summary(lint: Lint) -> str:
    """Count what was found: ``3 domains: 1 error, 2 warnings.``"""
    parts = [counted(n, noun) for s, noun in _COUNTED.items() if (n := lint.count(s))]
    if lint.acknowledged:
        parts.append(f"{lint.acknowledged} acknowledged")
    where = "" if lint.online else " (names elsewhere: not asked for, see --online)"
    return f"{counted(lint.domains, 'domain')}: {', '.join(parts) or 'nothing found'}{where}."


def lint_json(lint: Lint) -> str:
    """Write the findings as JSON, in their order; the same result gives the same bytes."""
    document = {
        "format": "mailsync-lint/1",
        "online": lint.online,
        "findings": [_finding(one) for one in lint.judgements],
        "summary": {
            "domains": lint.domains,
            **{f"{noun}s": lint.count(s) for s, noun in _COUNTED.items()},
            "acknowledged": lint.acknowledged,
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _finding(one: Judgement) -> dict[str, Any]:
    return {
        "id": one.finding.id,
        "severity": one.finding.severity,
        "acknowledged": one.acknowledged,
        "domain": one.domain,
        "file": one.place.file,
        "line": one.place.line,
        "column": one.place.column,
        "message": one.finding.message,
    }


def rules_text(others: Sequence[str] = ()) -> str:
    """List all rules by topic: id, severity, what is wrong. ``others`` are ids of octoDNS'."""
    rules = [rule for topic in TOPICS.values() for rule in topic]
    wide = max(len(rule.id) for rule in rules)
    lines: list[str] = []
    for topic, of_topic in TOPICS.items():
        lines += ["", topic] if lines else [topic]
        lines += [f"  {rule.id:{wide}}  {rule.severity:7}  {rule.what}" for rule in of_topic]
    if others:
        lines += ["", "octoDNS' validators"]
        lines += [f"  {id_}" for id_ in others]
    return "\n".join(lines) + "\n"


def rules_json(others: Sequence[str] = ()) -> str:
    """List all rules as JSON."""
    rules = [
        {
            "id": rule.id,
            "topic": topic,
            "severities": list(rule.severities),
            "what": rule.what,
            "why": rule.why,
            "source": rule.source,
            "fix": rule.fix,
            "told_by": list(told_by(rule)),
        }
        for topic, of_topic in TOPICS.items()
        for rule in of_topic
    ]
    document = {"format": "mailsync-rules/1", "rules": rules, "octodns": list(others)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def rule_text(rule: Rule, *, width: int) -> str:
    """Tell the whole story of one rule."""
    page = Page(colour=False, width=width)
    page.put(0, ("plain", f"{rule.id}: {' or '.join(rule.severities)}"))
    page.put(0, ("plain", rule.what))
    page.gap()
    commands = [f"`mailsync {command}`" for command in told_by(rule)]
    if rule.refused:
        commands.insert(0, "every command that reads the file")
    parts = [
        ("Why", rule.why),
        ("Fix", rule.fix),
        ("Source", rule.source),
        ("Told by", f"{_listed(commands)}."),
    ]
    if rule.stops_the_plan:
        parts.append(("Accept", "It cannot be: the plan stops."))
    elif rule.judge is not None or rule.needs != "files":
        accept = f"acknowledge: [{rule.id}] in the domain's file; it is shown, and not counted."
        change = f"lint: {{severity: {{{rule.id}: off}}}} in mailsync.yaml, or another severity."
        parts += [("Accept", accept), ("Change", change)]
    for head, text in parts:
        page.put(0, ("plain", f"{head:{_INDENT}}{text}"), hang=_INDENT)
    return page.text()


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
