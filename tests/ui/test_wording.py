"""`ui.wording`: numbers, times and foreign text as a person reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.ui import wording


@given(st.text())
def test_visible_text_is_always_printable(text: str) -> None:
    """Whatever comes in, nothing comes out that could move the cursor or turn the direction."""
    assert wording.visible(text).isprintable()


def test_printable_text_stays_as_it_is() -> None:
    """Letters of any script and markup characters are text."""
    assert wording.visible("<b>Grüße</b> & ありがとう") == "<b>Grüße</b> & ありがとう"


@pytest.mark.parametrize(
    ("text", "expected"), [("a\nb", r"a\nb"), ("\u202eexe.txt", r"\u202eexe.txt"), ("\0", r"\x00")]
)
def test_control_and_direction_characters_are_seen(text: str, expected: str) -> None:
    """A character that does not print becomes its escape."""
    assert wording.visible(text) == expected


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(0, "0 B/s"), (999, "999 B/s"), (1_000, "1.0 kB/s"), (4_200_000, "4.2 MB/s"), (125e6, "125 MB/s")],
)
def test_byte_rates_have_fitting_units(rate: float, expected: str) -> None:
    """The unit follows the size."""
    assert wording.byte_rate(rate) == expected


@given(st.floats(1e-3, 1e12), st.integers(1, 8))
def test_steps_reach_the_maximum(maximum: float, divisions: int) -> None:
    """So many steps cover the maximum, and no more than two and a half times it."""
    step = wording.nice_step(maximum, divisions)
    assert maximum * (1 - 1e-6) <= step * divisions <= maximum * 2.5 * (1 + 1e-6)


def test_a_share_never_rounds_to_nothing() -> None:
    """What is there says so."""
    assert [wording.share(part) for part in (0.0, 0.001, 0.614, 1.0)] == ["0 %", "<1 %", "61 %", "100 %"]


@pytest.mark.parametrize(("seconds", "expected"), [(12, "12 s"), (200, "3 min"), (7_400, "2 h")])
def test_durations_are_rounded_to_one_unit(seconds: float, expected: str) -> None:
    """One number, one unit."""
    assert wording.duration(seconds) == expected
