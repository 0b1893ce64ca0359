"""The `mailsync` command: answers `--version` at once, leaves the rest to `mailsync.cli`.

Nothing else is imported for `--version`: it is what shells and CI ask most often.
"""

import sys

from mailsync import __version__


def main() -> int:
    """Run the command with the process's arguments; return its exit code."""
    if sys.argv[1:] == ["--version"]:
        print(f"mailsync {__version__}")
        return 0
    from mailsync.cli.app import main as command

    return command()


if __name__ == "__main__":
    sys.exit(main())
