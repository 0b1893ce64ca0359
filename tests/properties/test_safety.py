"""The promise, counted: random changes of mail, with trouble on the way, lose no message.

The figures are printed: `benchmarks/safety.py` prints the same for as many cutovers as one likes.
"""

from __future__ import annotations

import os

import pytest

from mailsync.rehearse.figures import Figures, figures

CUTOVERS = 100_000 if os.environ.get("MAILSYNC_LONG") else 2_000
PARTS = 8
RESOLVERS = 200


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_message_is_lost_in_any_cutover(part: int) -> None:
    """Staged, nothing goes wrong whatever happens; the same changes made at once lose mail."""
    found = figures(range(part, CUTOVERS, PARTS), RESOLVERS)
    print(found)
    assert found.examples == ()
    assert found.staged.wrong == 0
    assert found.broken == 0
    assert found.unfinished == 0
    assert found.cutovers == CUTOVERS // PARTS
    assert found.at_once.wrong > found.cutovers


@pytest.mark.parametrize("seed", [283, 3926, 12047, 15267])
def test_what_once_went_wrong_does_not_again(seed: int) -> None:
    """Cutovers that did not end, or whose senders moved when nobody would."""
    found = figures([seed], RESOLVERS)
    assert found.examples == ()
    assert (found.staged.wrong, found.broken, found.unfinished) == (0, 0, 0)


def test_one_seed_replays_one_story() -> None:
    """The same seeds give the same figures, to the last message."""
    assert figures(range(3), 20) == figures(range(3), 20)
    assert isinstance(figures([], 20), Figures)
