"""Capture filters: good ones compile to what libpcap compiles, bad ones have a reason."""

from __future__ import annotations

import shutil
import sys

import pytest

from trafficdesk.capture import bpf
from trafficdesk.capture.bpf import Instruction, check_filter, compile_filter, load_libpcap
from trafficdesk.errors import BadCaptureFilter

needs_libpcap = pytest.mark.skipif(load_libpcap() is None, reason="libpcap is not installed")
needs_tcpdump = pytest.mark.skipif(shutil.which("tcpdump") is None, reason="tcpdump is not installed")


@needs_libpcap
@pytest.mark.parametrize(
    "expression", ["", "  ", "tcp port 80", "not arp and (ip or ip6)", "vlan 5", "ether broadcast"]
)
def test_good_filters_are_fine(expression: str) -> None:
    """No reason against them, without any permission."""
    assert check_filter(expression) is None


@needs_libpcap
@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("tcp prot 80", "syntax error"),
        ("(((", "syntax error"),
        ("port 99999", "99999"),
        ("a\0b", "NUL"),
        ("-w /x", "syntax error"),
    ],
)
def test_bad_filters_have_a_reason(expression: str, reason: str) -> None:
    """libpcap's own words, and how to write it."""
    assert reason in (check_filter(expression) or "")
    with pytest.raises(BadCaptureFilter) as caught:
        compile_filter(expression)
    assert "tcpdump" in caught.value.hint


def test_no_filter_keeps_every_frame_up_to_the_snap_length() -> None:
    """One instruction: return the snap length."""
    assert compile_filter(" ", snap_length=96) == (Instruction(6, 0, 0, 96),)


@needs_libpcap
def test_programs_are_what_the_kernel_expects() -> None:
    """`ip` on Ethernet: load the type, compare with 0x0800, keep or drop."""
    assert compile_filter("ip", snap_length=96) == (
        Instruction(0x28, 0, 0, 12),
        Instruction(0x15, 0, 1, 0x0800),
        Instruction(0x06, 0, 0, 96),
        Instruction(0x06, 0, 0, 0),
    )


@needs_libpcap
@needs_tcpdump
def test_tcpdump_compiles_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where libpcap can't be loaded, tcpdump gives the same program and the same reasons; options are not obeyed."""
    expression = "tcp port 443 and host 192.0.2.1"
    wanted = {link: compile_filter(expression, link_type=link) for link in (1, 12)}
    monkeypatch.setattr(bpf, "load_libpcap", lambda: None)
    assert {link: compile_filter(expression, link_type=link) for link in (1, 12)} == wanted
    assert "syntax error" in (check_filter("-D") or "")


def test_without_libpcap_and_tcpdump_a_filter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy is named; capturing without a filter still works."""
    monkeypatch.setattr(bpf, "load_libpcap", lambda: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadCaptureFilter, match="not installed") as caught:
        compile_filter("tcp")
    assert "libpcap0.8" in caught.value.hint
    assert compile_filter("")


def test_a_binding_that_can_not_load_is_no_libpcap(monkeypatch: pytest.MonkeyPatch) -> None:
    """scapy raises when the library is missing."""
    monkeypatch.setitem(sys.modules, "scapy.libs.winpcapy", None)
    monkeypatch.delattr("scapy.libs.winpcapy", raising=False)
    assert load_libpcap() is None
