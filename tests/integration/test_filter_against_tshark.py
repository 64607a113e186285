from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.helpers.filter_comparison import DEVIATIONS, EXPRESSIONS, different, tshark_counts
from tests.integration.test_statistics_against_tshark import CAPTURES
from tests.unit.packets.test_display_filter import EXAMPLES, FRAMES, NAMES
from trafficdesk.capture.pcap_writer import write_pcapng
from trafficdesk.capture.source import Frame
from trafficdesk.paths import sample_capture

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

OURS = ("td.", "_ws.col", " xor ", "^^", "True and", "true")
"""What is ours alone, or newer or older than some Wireshark 4."""


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    path = tmp_path_factory.mktemp("filter") / "frames.pcapng"
    with path.open("wb") as stream:
        write_pcapng(
            stream,
            [
                Frame(data, 1_700_000_000_000_000_000 + row, len(data), 1)
                for row, data in enumerate(FRAMES.values())
            ],
        )
    return path


@pytest.mark.parametrize(
    ("expression", "expected"),
    [example for example in EXAMPLES if example[0] and not any(word in example[0] for word in OURS)],
)
def test_means_what_wireshark_means(capture, expression, expected):
    """The very frames that our filters let through are let through by tshark."""
    command = ["tshark", "-n", "-r", str(capture), "-o", "ip.defragment:FALSE", "-Y", expression]
    done = subprocess.run(
        [*command, "-T", "fields", "-e", "frame.number"],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert [NAMES[int(number) - 1] for number in done.stdout.split()] == [
        name for name in NAMES if name in expected.split()
    ]


def is_near(theirs: int, ours: int) -> bool:
    """Whether counts differ by less than a third."""
    return abs(theirs - ours) * 3 < max(theirs, 10)


def test_the_sample_is_filtered_as_tshark_filters_it():
    """Every field and every operator lets as many frames through."""
    assert different(sample_capture()) == []
    found = dict(zip(EXPRESSIONS, tshark_counts(sample_capture(), EXPRESSIONS), strict=True))
    assert sum(count > 0 for count in found.values()) > 60


@pytest.mark.shared
@pytest.mark.parametrize("name", CAPTURES)
def test_real_captures_are_filtered_as_tshark_filters_them(shared_captures, name):
    """As many frames for each of 96 filters; for three more, whose reasons are written down, nearly as many."""
    if not (shared_captures / name).exists():
        pytest.skip(f"{name} is not there")
    found = different(shared_captures / name)
    assert [each for each in found if each[0] not in DEVIATIONS] == []
    assert all(is_near(theirs, ours) for _, theirs, ours in found)
