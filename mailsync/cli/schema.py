"""`mailsync schema`: JSON Schemas of the files, for editors; reads nothing."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path

import typer

from mailsync.cli import console


class File(StrEnum):
    """Which file is described."""

    ZONE = "zone"
    CONFIG = "config"


def command(
    file: File = typer.Option(
        File.ZONE, "--file", help="Of zone files, or of mailsync.yaml (config)."
    ),
    out: Path = typer.Option(None, "--out", "-o", help="Write it to a file."),
) -> int:
    """Print the JSON Schema of the files.

    With it an editor completes keys, explains them, and marks what cannot be right. For VS Code's
    YAML extension, and others that use its language server, name it in a file's first line:

    # yaml-language-server: $schema=../zone.schema.json

    Example: mailsync schema --out zone.schema.json
    """
    from mailsync.desired import schema

    text = json.dumps(schema.of(file.value), ensure_ascii=False, indent=2) + "\n"
    if out is None:
        console.give(text)
    else:
        from mailsync.cli.writing import save

        save(out, text, what="the schema")
        console.say(f"written: {out}")
    return 0
