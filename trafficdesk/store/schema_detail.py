"""Tables of the history that reports need besides the sums: lengths, delays, devices, threat hits, quality, networks."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Integer, SmallInteger, String

from trafficdesk.store.columns import ADDRESS, NAME_LENGTH, Merge, counts, key, table, value

LENGTH_MINUTE: Final = table(
    "length_minute",
    key("minute", BigInteger),
    key("sensor", BigInteger),
    key("least", Integer),
    *counts("packets", "bytes"),
    value("shortest", BigInteger, Merge.LEAST),
    value("longest", BigInteger, Merge.GREATEST),
)
"""Packets by length on the wire; `least` begins a class of `metrics.packet_lengths.CLASSES`."""
DELAY_HOUR: Final = table(
    "delay_hour",
    key("hour", BigInteger),
    key("sensor", BigInteger),
    key("kind", String(16)),
    key("address", ADDRESS),
    key("step", SmallInteger),
    *counts("answers"),
)
"""How long an address let others wait, as a histogram whose sums over spans, sensors and addresses are histograms, too;
`kind` is a key of `metrics.delays.KINDS`, `step` a class of `metrics.delays.step_of`."""
DEVICE_DAY: Final = table(
    "device_day",
    key("day", BigInteger),
    key("sensor", BigInteger),
    key("mac", BigInteger),
    key("address", ADDRESS),
    *counts("packets", "bytes"),
    value("first_ns", BigInteger, Merge.LEAST),
    value("last_ns", BigInteger, Merge.GREATEST),
)
"""A link-layer address that sent something, with the addresses of this network that it used. `day` begins in UTC.
`mac` 0 = all others; `address` of zeros: on behalf of outside addresses, or without one."""
THREAT_DAY: Final = table(
    "threat_day",
    key("day", BigInteger),
    key("sensor", BigInteger),
    key("hit", BigInteger),
    value("list_name", String(NAME_LENGTH)),
    value("entry", String(NAME_LENGTH)),
    value("met", String(NAME_LENGTH)),
    value("dated_s", BigInteger),
    *counts("packets"),
    value("first_ns", BigInteger, Merge.LEAST),
    value("last_ns", BigInteger, Merge.GREATEST),
)
"""What threat lists had of the traffic; `hit` is a hash of `list_name`, `entry` and `met`."""
QUALITY_MINUTE: Final = table(
    "quality_minute",
    key("minute", BigInteger),
    key("sensor", BigInteger),
    *counts("scored", "unscored", "flagged", "dropped_kernel", "dropped_queue", "dropped_disk"),
)
"""Packets by what became of them; of the minute in which it was told, a few seconds after it happened."""
NETWORK: Final = table(
    "network",
    key("sensor", BigInteger),
    key("capture", BigInteger),
    key("start_ns", BigInteger),
    value("network", String(32)),
)
"""In which network a capture was from then on: the name that its baseline has, of which only the sensor knows whose it
is."""
