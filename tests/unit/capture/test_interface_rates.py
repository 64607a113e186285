"""Rates of interfaces: differences of counters, bounded, honest about pauses and interfaces that change."""

from __future__ import annotations

import socket
import sys

import pytest

from trafficdesk.capture.interface_rates import KEPT, RateHistories, Reading, read_counters
from trafficdesk.capture.interfaces import ANY, InterfaceInfo


def info(name: str, *addresses: str) -> InterfaceInfo:
    return InterfaceInfo(name, "", addresses, is_up=True, is_loopback=False, permitted=True)


def reading(time_s: float, **counters: int) -> Reading:
    return Reading(time_s, counters, {}, {})


def filled(*readings: Reading) -> RateHistories:
    histories = RateHistories()
    for one in readings:
        histories.add(one)
    return histories


def test_a_rate_is_what_was_counted_per_second() -> None:
    """1,000 bytes in half a second are 2,000 bytes/s; one reading says nothing yet."""
    assert filled(reading(10, eth0=5)).rates(info("eth0")) == ()
    assert filled(reading(10, eth0=5)).latest(info("eth0")) is None
    histories = filled(reading(10, eth0=5), reading(10.5, eth0=1_005), reading(11.5, eth0=1_005))
    assert histories.rates(info("eth0")) == (2_000.0, 0.0)
    assert histories.latest(info("eth0")) == 0.0
    assert histories.latest(info("wlan0")) is None


def test_histories_are_bounded() -> None:
    """However long somebody looks, a minute is kept, the newest last."""
    histories = filled(*(reading(float(second), eth0=second**2) for second in range(500)))
    rates = histories.rates(info("eth0"))
    assert len(rates) == KEPT
    assert rates[-1] == 499**2 - 498**2


def test_a_counter_that_went_back_is_another_interface() -> None:
    """Deleted and made again under the same name: nothing negative, nothing invented."""
    assert filled(reading(0, eth0=9_000), reading(1, eth0=10)).rates(info("eth0")) == (0.0,)


def test_what_has_gone_is_forgotten_and_begins_anew() -> None:
    """A name that comes back has no old rates."""
    histories = filled(reading(0, usb0=0), reading(1, usb0=100), reading(2), reading(3, usb0=700))
    assert histories.rates(info("usb0")) == ()
    histories.add(reading(4, usb0=701))
    assert histories.rates(info("usb0")) == (1.0,)


@pytest.mark.parametrize("pause", [60.0, 0.0, -1.0])
def test_after_a_pause_the_history_begins_anew(pause: float) -> None:
    """A minute in which nobody looked is not one second of a line; a clock that stands still divides nothing."""
    histories = filled(reading(0, eth0=0), reading(1, eth0=100), reading(1 + pause, eth0=10**9))
    assert histories.rates(info("eth0")) == ()
    histories.add(reading(2 + pause, eth0=10**9 + 5))
    assert histories.rates(info("eth0")) == (5.0,)


@pytest.mark.skipif(sys.platform != "linux", reason='only Linux has "any"')
def test_all_interfaces_together() -> None:
    """The rate of "any" is the sum, and stays it when one of them goes."""
    histories = filled(
        reading(0, lo=0, eth0=0), reading(1, lo=10, eth0=100), reading(2, lo=30), reading(3, lo=31)
    )
    assert histories.rates(info(ANY)) == (110.0, 20.0, 1.0)


def test_an_address_tells_where_the_names_differ() -> None:
    """Npcap's names are not those under which Windows counts."""
    addresses = {"Ethernet": ("AA-BB", "10.0.0.2"), "Wi-Fi": ("10.0.0.3",)}
    histories = RateHistories()
    for second in range(3):
        histories.add(Reading(float(second), {"Ethernet": 0, "Wi-Fi": second * 7}, addresses, {}))
    assert histories.latest(info("\\Device\\NPF_{1}", "10.0.0.3")) == 7.0
    assert histories.latest(info("\\Device\\NPF_{2}", "10.9.9.9")) is None


def test_the_systems_counters_go_up_with_what_is_sent() -> None:
    """100 kB over loopback are at least 100 kB more, on exactly the interfaces that the system knows."""
    before = read_counters(0.0)
    names = {name for _, name in socket.if_nameindex()}
    assert set(before.counters) <= names
    assert set(before.links) <= names
    (loopback,) = [name for name, own in before.addresses.items() if "127.0.0.1" in own]
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))
        for _ in range(100):
            sender.sendto(bytes(1_000), receiver.getsockname())
    assert read_counters(1.0).counters[loopback] - before.counters[loopback] >= 100_000
