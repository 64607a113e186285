from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.unit.packets.test_display_filter import EXAMPLES, FRAMES, NAMES
from trafficdesk.capture.pcap_writer import write_pcapng
from trafficdesk.capture.source import Frame

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
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert [NAMES[int(number) - 1] for number in done.stdout.split()] == [
        name for name in NAMES if name in expected.split()
    ]
