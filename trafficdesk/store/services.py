"""`Services`: conversations whose clients' ports are not told apart, by hour and by day: what weeks are asked by.

A browser opens hundreds of conversations with one server; a person who looks back on a month wants to see one line.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.store.schema import CONVERSATION, SERVICE, SERVICE_DAY, SERVICE_HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trafficdesk.store.parcel import Parcel

SERVICES_A_DAY: Final = 50_000
"""Those that come later in the day are folded together."""
WELL_KNOWN_END: Final = 1_024
"""Ports below are no client's (RFC 6335 section 6: system ports)."""
EPHEMERAL: Final = 32_768
"""Ports from here on are clients': where Linux begins (net.ipv4.ip_local_port_range); IANA says 49,152."""
_HOUR: Final = 3_600
_DAY: Final = 86_400
_NONE: Final = -1
_AGAIN_NS: Final = 300 * 1_000_000_000
"""Who a service is, is told again: the store may have been told to forget it."""
_Ends = tuple[bytes, bytes, int, int, int]
"""Low and high end's address, their ports, IP protocol."""
OTHERS: Final[_Ends] = (bytes(16), bytes(16), _NONE, _NONE, _NONE)
_KEYS: Final = len(CONVERSATION.primary_key)
_WAYS: Final = 4
_TEXTS_AT: Final = _KEYS + 6


class Services:
    """Sums up one sensor's conversations.

    Parameters
    ----------
    sensor : its number.
    capacity : services of one day that are told apart.
    """

    def __init__(self, sensor: int, capacity: int = SERVICES_A_DAY) -> None:
        self._sensor = sensor
        self._capacity = capacity
        self._day = -1
        self._told_until_ns = -1
        self._numbers: dict[_Ends, int] = {}
        """Of the day's services."""
        self._told: dict[int, tuple[int, tuple[str, ...]]] = {}
        """What was said of services not long ago."""

    def add(self, conversations: Sequence[Sequence[Any]], parcel: Parcel) -> None:
        """Put what these `conversations` come to into `parcel`.

        Parameters
        ----------
        conversations : columns of `schema.CONVERSATION`.
        """
        hours: dict[tuple[int, int], list[int]] = {}
        days: dict[tuple[int, int], list[int]] = {}
        news: list[tuple[Any, ...]] = []
        for line in zip(*conversations, strict=True):
            hour = line[0]
            number, ends = self._service(hour, line[2:_KEYS])
            for sums, span in ((hours, hour), (days, hour // _DAY * _DAY)):
                known = sums.get((span, number))
                if known is None:
                    sums[span, number] = list(line[_KEYS:_TEXTS_AT])
                else:
                    _add(known, line[_KEYS:_TEXTS_AT])
            if texts := self._news(hour, line[_TEXTS_AT - 1], number, line[_TEXTS_AT:]):
                news.append((number, self._sensor, *ends, *texts, hour))
        if news:
            parcel.add(SERVICE, *zip(*news, strict=True))
        for table, sums in ((SERVICE_HOUR, hours), (SERVICE_DAY, days)):
            spans, numbers = zip(*sums, strict=True)
            parcel.add(table, spans, [self._sensor] * len(spans), numbers, *zip(*sums.values(), strict=True))

    def _service(self, hour: int, conversation: tuple[Any, ...]) -> tuple[int, _Ends]:
        low, high, low_port, high_port, protocol = conversation
        ends = (low, high, *service_ports(low_port, high_port), protocol)
        day = hour // _DAY
        if day > self._day:
            self._day = day
            self._numbers = {OTHERS: service_number(OTHERS)}
        known = self._numbers.get(ends)
        if known is not None:
            return known, ends
        if len(self._numbers) > self._capacity and day == self._day:
            return self._numbers[OTHERS], OTHERS
        number = service_number(ends)
        if day == self._day:
            self._numbers[ends] = number
        return number, ends

    def _news(self, hour: int, at_ns: int, number: int, texts: tuple[str, ...]) -> tuple[str, ...]:
        """What is to be said of who it is: in a new hour, now and then, and when more is known; else nothing."""
        if at_ns > self._told_until_ns:
            self._told_until_ns, self._told = at_ns + _AGAIN_NS, {}
        if number == self._numbers[OTHERS]:
            texts = ("",) * len(texts)
        told_hour, told = self._told.get(number, (-1, texts))
        if hour <= told_hour and all(old == new or not new for old, new in zip(told, texts, strict=True)):
            return ()
        known = tuple(new or old for old, new in zip(told, texts, strict=True))
        self._told[number] = max(hour, told_hour), known
        return known


def service_ports(low_port: int, high_port: int) -> tuple[int, int]:
    """Ports of both ends, a client's as -1: the greater of two, and both where both are ephemeral."""
    if low_port == high_port and low_port < EPHEMERAL:
        return low_port, high_port
    low_is_client = low_port >= EPHEMERAL or (low_port > high_port and low_port >= WELL_KNOWN_END)
    high_is_client = high_port >= EPHEMERAL or (high_port > low_port and high_port >= WELL_KNOWN_END)
    return _NONE if low_is_client else low_port, _NONE if high_is_client else high_port


def service_number(ends: _Ends) -> int:
    """63 bits that stand for a service, the same at every sensor."""
    low, high, *rest = ends
    text = b"%d %d %d" % tuple(rest)
    # Of a cryptographic hash: who sends packets must not find two that are taken for one.
    return int.from_bytes(blake2b(low + high + text, digest_size=8).digest()) >> 1


def _add(known: list[int], more: tuple[int, ...]) -> None:
    for at in range(_WAYS):
        known[at] += more[at]
    known[_WAYS] = min(known[_WAYS], more[_WAYS])
    known[_WAYS + 1] = max(known[_WAYS + 1], more[_WAYS + 1])
