"""A real window on a real X display (Xvfb): it opens the sample, fills, refits, and a picture of it is not blank."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.helpers.left import left_by_itself
from tests.helpers.xvfb import virtual_display
from trafficdesk.paths import sample_capture

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.display
def test_window_opens_the_sample_on_a_real_display(tmp_path: Path) -> None:
    """The desktop shows every packet of the sample, scores it, and measures itself."""
    picture, measured = tmp_path / "window.png", tmp_path / "diagnostics.json"
    with virtual_display() as display:
        done, diagnostics = left_by_itself(
            [sys.executable, "-m", "trafficdesk", sample_capture(), "--screenshot", picture],
            measured,
            lambda told: told["packets"] > 10_000 and told["refits"] >= 1,
            first_s=8,
            env=os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert diagnostics["packets"] > 10_000
    assert diagnostics["scored"] > 0
    assert diagnostics["refits"] >= 1
    assert diagnostics["dropped"] == {"kernel": 0, "queue": 0, "disk": 0}
    assert {"first_window_s", "event_loop_stall_ms", "rss_mb", "load_s", "versions"} <= diagnostics.keys()
    assert colours_in(picture) > 50


def colours_in(picture: Path) -> int:
    """Distinct colours in a grid of 100 x 100 points."""
    from PySide6.QtGui import QImage

    image = QImage(str(picture))
    points = ((x * image.width() // 100, y * image.height() // 100) for x in range(100) for y in range(100))
    return len({image.pixel(x, y) for x, y in points})
