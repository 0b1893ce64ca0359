"""What lint found, as SARIF 2.1.0 (OASIS): for code scanning and editors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from mailsync.lint.judge import Judgement
from mailsync.lint.model import Severity
from mailsync.lint.registry import RULES
from mailsync.report.findings import Lint

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVEL: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def lint_sarif(lint: Lint, version: str) -> str:
    """Write one run; what is acknowledged is a suppressed result (§3.27.23).

    ``version`` is mailsync's own. Files are relative to the directory of the run, which is to be
    the repository's root where the result goes to code scanning.
    """
    ids = list(dict.fromkeys(one.finding.id for one in lint.judgements))
    run = {
        "tool": {
            "driver": {"name": "mailsync", "version": version, "rules": [_rule(id_) for id_ in ids]}
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, ids) for one in lint.judgements],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(id_: str) -> dict[str, Any]:
    """Describe a rule (§3.49); octoDNS' validators have no more than their id."""
    rule = RULES.get(id_)
    if rule is None:
        return {"id": id_}
    story = f"{rule.why} {rule.fix} ({rule.source})"
    return {
        "id": id_,
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": rule.why},
        "help": {"text": story, "markdown": story},
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
    }


def _result(one: Judgement, ids: Sequence[str]) -> dict[str, Any]:
    finding, place = one.finding, one.place
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": ids.index(finding.id),
        "level": _LEVEL[finding.severity],
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(place.file, safe="/")},
                    "region": {"startLine": place.line, "startColumn": place.column},
                }
            }
        ],
        "partialFingerprints": {"mailsyncFinding/v1": _fingerprint(one)},
    }
    if one.acknowledged:
        result["suppressions"] = [{"kind": "inSource", "status": "accepted"}]
    return result


def _fingerprint(one: Judgement) -> str:
    """Name a finding wherever in its file it stands: it is the same when lines move (§3.27.17)."""
    text = f"{one.finding.id}\n{one.domain}\n{one.place.file}\n{one.finding.message}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
