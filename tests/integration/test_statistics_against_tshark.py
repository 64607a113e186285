"""Conversations, endpoints, seconds, hierarchy, lengths and delays are tshark's, row by row."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.statistics_comparison import Counted, compare
from trafficdesk.metrics.conversations import Kind
from trafficdesk.paths import sample_capture

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

CAPTURES = (
    "benign/alexa_voice/haipeng_li/how_hot_is_the_sun_5_30s.pcap",
    "benign/alexa_voice/haipeng_li/do_dogs_dream_5_30s.pcap",
    "benign/iot_sentinel/Aria/Setup-A-1-STA.pcap",
    "benign/iot_sentinel/D-LinkHomeHub/Setup-C-3-STA.pcap",
    "benign/iot_sentinel/HueSwitch/Setup-A-1-STA.pcap",
    "benign/iot_sentinel/EdnetCam2/Setup-C-8-STA.pcap",
    "benign/iot_sentinel/HomeMaticPlug/Setup-C-16-STA.pcap",
    "benign/tjoconnor_iot/pcaps/blink-cam-01.pcap",
    "benign/tjoconnor_iot/pcaps/blink-cam-02.pcap",
    "benign/tjoconnor_iot/pcaps/schlage-lock-01.pcap",
    "labelled/arp_ikken9/arp_storm.pcap",
    "labelled/arp_ikken9/poisoning_test.pcap",
    "labelled/arp_leoniemry/attacker_capture.pcap",
    "labelled/evilfingers/FIN_SCAN.pcap",
    "labelled/evilfingers/RPC_SCAN.pcap",
    "labelled/evilfingers/TCP_SYN_SCAN.pcap",
    "labelled/markofu_ppa/osfingerprinting.pcap",
    "labelled/modbus_lemay/characterization_modbus_6RTU_with_operate.pcap",
    "labelled/slips/test-cc/test-cc-capture-1.pcap",
    "labelled/westermo/right_A.pcap",
)
WITH_HANDSHAKES = "labelled/slips/test-cc/test-cc-capture-1.pcap"
WITH_DNS = "benign/tjoconnor_iot/pcaps/blink-cam-01.pcap"


def fields(path: Path, expression: str, name: str) -> list[float]:
    command = ["tshark", "-n", "-r", str(path), "-Y", expression, "-T", "fields", "-e", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    return sorted(float(line) for line in done.stdout.split())


def test_the_sample_is_counted_as_tshark_counts_it() -> None:
    """Every statistic, every row."""
    for name, (agreeing, theirs, ours) in compare(sample_capture()).items():
        assert agreeing == theirs == ours, name


@pytest.mark.shared
@pytest.mark.parametrize("name", CAPTURES)
def test_real_captures_are_counted_as_tshark_counts_them(shared_captures: Path, name: str) -> None:
    """Every statistic, every row: frames and bytes each way, start and duration."""
    if not (shared_captures / name).exists():
        pytest.skip(f"{name} is not there")
    for statistic, (agreeing, theirs, ours) in compare(shared_captures / name).items():
        assert agreeing == theirs == ours, statistic


@pytest.mark.shared
def test_delays_are_tsharks(shared_captures: Path) -> None:
    """Handshakes one by one, DNS answers by median and 95 %."""
    if not (shared_captures / WITH_DNS).exists():
        pytest.skip("the captures are not there")
    handshakes = Counted(shared_captures / WITH_HANDSHAKES).tables.conversations(Kind.TCP).handshake_ns
    syn_acks = "tcp.flags.syn == 1 && tcp.flags.ack == 1 && tcp.analysis.ack_rtt"
    expected = fields(shared_captures / WITH_HANDSHAKES, syn_acks, "tcp.analysis.ack_rtt")
    assert np.allclose(np.sort(handshakes[handshakes >= 0]) / 1e9, expected, rtol=0, atol=1e-9)
    overall = Counted(shared_captures / WITH_DNS).tables.dns_peers().overall
    answers = fields(shared_captures / WITH_DNS, "dns.time && udp.port == 53", "dns.time")
    assert overall.n == len(answers)
    assert np.isclose(overall.median_ms, np.median(answers) * 1e3)
    assert np.isclose(overall.p95_ms, np.quantile(answers, 0.95) * 1e3)
