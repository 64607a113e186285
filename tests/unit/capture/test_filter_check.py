"""A capture filter against the interfaces it is for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from trafficdesk.capture import filter_check
from trafficdesk.capture.filter_check import check_filter_on
from trafficdesk.capture.interfaces import ANY

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere libpcap sees whole frames")


def test_what_no_interface_takes_has_the_compilers_reason() -> None:
    """The interface has nothing to do with it."""
    for names in ((), ("lo",), (ANY,)):
        reason = check_filter_on("not prt 22", names)
        assert reason
        assert "On " not in reason


def test_the_link_layer_is_there_on_ethernet_only() -> None:
    """An address of the link can't be asked for where there is none; ports can everywhere."""
    for names in ((), ("lo",), (ANY,), ("lo", ANY), ("not-there0",)):
        assert check_filter_on("port 53", names) is None
        assert check_filter_on("", names) is None
    assert check_filter_on("ether host 00:11:22:33:44:55", ("lo",)) is None
    assert str(check_filter_on("ether host 00:11:22:33:44:55", ("lo", ANY))).startswith("On any ")


def test_a_tunnel_is_told_by_its_hardware_type(tmp_path: Path) -> None:
    """ARPHRD_ETHER, _LOOPBACK, _NONE (tun, WireGuard), nonsense, nothing."""
    for name, (kind, expected) in {
        "eth0": ("1", 1), "lo": ("772", 1), "wg0": ("65534", 12), "odd0": ("x", 1),
    }.items():  # fmt: skip
        (tmp_path / name).mkdir()
        (tmp_path / name / "type").write_text(f"{kind}\n")
        assert filter_check._seen_as(name, tmp_path) == expected
    assert filter_check._seen_as("gone0", tmp_path) == 1
