"""The one schema of the history: tables, and for every column what happens when its row is there already.

Times are nanoseconds since the Unix epoch, UTC, but for `second`, `minute`, `hour` and `day`, which are seconds since then at
which the span begins. Addresses are 16 bytes, IPv4 mapped into IPv6 (RFC 4291 section 2.5.5.2); 16 zero bytes stand
for "all others", into which is folded what a bound does not let be told apart. Many desktops may write into one
server: a `sensor` is one of them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Double, Index, Integer, SmallInteger, String

from trafficdesk.store.columns import (
    ADDRESS,
    LONG,
    METADATA,
    NAME_LENGTH,
    Merge,
    added,
    counts,
    key,
    table,
    value,
)
from trafficdesk.store.schema_detail import (
    DELAY_HOUR,
    DEVICE_DAY,
    LENGTH_MINUTE,
    NETWORK,
    QUALITY_MINUTE,
    THREAT_DAY,
)
from trafficdesk.store.schema_months import (
    HOST_DAY,
    NAME,
    PROTOCOL_HOUR,
    SERVICE,
    SERVICE_DAY,
    SERVICE_HOUR,
)

__all__ = [
    "CAPTURE",
    "CONVERSATION",
    "DELAY_HOUR",
    "DEVICE_DAY",
    "GAP",
    "HOST_DAY",
    "HOST_HOUR",
    "HOST_MINUTE",
    "INCIDENT",
    "LENGTH_MINUTE",
    "METADATA",
    "MODEL",
    "NAME",
    "NAME_LENGTH",
    "NETWORK",
    "NOTE",
    "OUTBOX",
    "PACKET",
    "PROGRESS",
    "PROTOCOL_HOUR",
    "PROTOCOL_MINUTE",
    "QUALITY_MINUTE",
    "SCHEMA_VERSION",
    "SENSOR",
    "SERVICE",
    "SERVICE_DAY",
    "SERVICE_HOUR",
    "THREAT_DAY",
    "VERSION",
    "VOLUME_MINUTE",
    "VOLUME_SECOND",
    "Merge",
]

VERSION: Final = 3
"""Of the schema; see `migrations`."""

SCHEMA_VERSION: Final = table("schema_version", key("version", Integer), value("applied_ns", BigInteger))
SENSOR: Final = table(
    "sensor", key("sensor", BigInteger), value("uid", String(36)), value("name", String(NAME_LENGTH))
)
"""A machine that writes; `sensor` is the first 63 bits of its uid's hash."""
PROGRESS: Final = table(
    "progress", key("writer", String(36)), value("sequence", BigInteger), value("changed_ns", BigInteger)
)
"""The last parcel of each writer that has been written: what is sent twice is written once."""
CAPTURE: Final = table(
    "capture",
    key("sensor", BigInteger),
    key("capture", BigInteger),
    value("source", String(NAME_LENGTH)),
    value("ended_ns", BigInteger),
    value("packets", BigInteger),
    value("bytes", BigInteger),
    value("dropped_kernel", BigInteger),
    value("dropped_queue", BigInteger),
    value("dropped_disk", BigInteger),
    value("unscored", BigInteger),
)
"""One capture; `capture` is the time at which it began. `ended_ns` moves on while it goes on."""
GAP: Final = table(
    "gap",
    key("sensor", BigInteger),
    key("capture", BigInteger),
    key("interface", String(64)),
    key("start_ns", BigInteger),
    value("end_ns", BigInteger, Merge.GREATEST),
    value("reason", String(NAME_LENGTH)),
)
"""When an interface could not be captured on; `end_ns` 0 = it has not ended."""
VOLUME_SECOND: Final = table(
    "volume_second", key("second", BigInteger), key("sensor", BigInteger), *counts("packets", "bytes")
)
VOLUME_MINUTE: Final = table(
    "volume_minute", key("minute", BigInteger), key("sensor", BigInteger), *counts("packets", "bytes")
)
PROTOCOL_MINUTE: Final = table(
    "protocol_minute",
    key("minute", BigInteger),
    key("sensor", BigInteger),
    key("protocol", String(32)),
    *counts("packets", "bytes"),
)
_HOST = ("sent_packets", "sent_bytes", "received_packets", "received_bytes")
HOST_MINUTE: Final = table(
    "host_minute",
    key("minute", BigInteger),
    key("sensor", BigInteger),
    key("address", ADDRESS),
    *counts(*_HOST),
    Index("host_minute_address", "address", "minute"),
)
HOST_HOUR: Final = table(
    "host_hour",
    key("hour", BigInteger),
    key("sensor", BigInteger),
    key("address", ADDRESS),
    *counts(*_HOST),
    Index("host_hour_address", "address", "hour"),
)
CONVERSATION: Final = table(
    "conversation",
    key("hour", BigInteger),
    key("sensor", BigInteger),
    key("low", ADDRESS),
    key("high", ADDRESS),
    key("low_port", Integer),
    key("high_port", Integer),
    key("ip_protocol", SmallInteger),
    *counts("low_packets", "high_packets", "low_bytes", "high_bytes"),
    value("first_ns", BigInteger, Merge.LEAST),
    value("last_ns", BigInteger, Merge.GREATEST),
    value("protocol", String(32), Merge.FILL),
    value("program", String(NAME_LENGTH), Merge.FILL),
    value("program_source", String(16), Merge.FILL),
    value("host", String(NAME_LENGTH), Merge.FILL),
    value("host_source", String(16), Merge.FILL),
    Index("conversation_low", "low", "hour"),
    Index("conversation_high", "high", "hour"),
)
"""Two ends within one hour; `low_packets`, `low_bytes` were sent by the low end. Port -1 = none."""
INCIDENT: Final = table(
    "incident",
    key("sensor", BigInteger),
    key("capture", BigInteger),
    key("number", Integer),
    value("family", String(32)),
    value("culprit", String(64)),
    value("peers", LONG),
    value("start_ns", BigInteger),
    value("end_ns", BigInteger),
    value("packets", BigInteger),
    value("severity", SmallInteger),
    value("sentence", LONG),
    value("reasons", LONG),
    value("model", Integer),
    added("suppressed", Boolean, 0),
    Index("incident_start", "start_ns"),
)
"""`peers` and `reasons` are JSON; `suppressed`: a person said that it is expected."""
MODEL: Final = table(
    "model",
    key("sensor", BigInteger),
    key("capture", BigInteger),
    key("number", Integer),
    value("fitted_ns", BigInteger),
    value("rows", Integer),
    value("fit_ms", Integer),
    value("seed", BigInteger),
)
PACKET: Final = table(
    "packet",
    key("timestamp_ns", BigInteger),
    key("sensor", BigInteger),
    key("capture", BigInteger),
    key("number", BigInteger),
    value("source", ADDRESS),
    value("destination", ADDRESS),
    value("source_port", Integer),
    value("destination_port", Integer),
    value("ip_protocol", SmallInteger),
    value("protocol", String(32)),
    value("tcp_flags", Integer),
    value("length", Integer),
    added("network", Integer, -1),
    added("source_mac", BigInteger, -2),
    added("destination_mac", BigInteger, -2),
    added("ttl", SmallInteger, -1),
    added("message_type", SmallInteger, -1),
    added("payload_length", Integer, 0),
    added("application_code", Integer, 0),
    added("name_length", Integer, 0),
    added("name_hash", BigInteger, 0),
    added("name_entropy", Double, 0),
)
"""Packet by packet, where a person chose so: what the detector's features are made of, and no content. `number` is the
packet_id; 64-bit numbers are as two's complement; `network` -1: kept by version 1, which knew nothing from there on.
"""
NOTE: Final = table(
    "note",
    key("sensor", BigInteger),
    key("kind", String(32)),
    key("name", String(64)),
    value("body", LONG, Merge.FILL),
    value("changed_ns", BigInteger),
    value("removed", Boolean),
)
"""What a person said: labels and rules of suppression, `name` is their number, `body` JSON; see `note_rows`."""
OUTBOX: Final = table(
    "outbox",
    key("fingerprint", String(64)),
    value("sensor", BigInteger),
    value("channel", String(32)),
    value("body", LONG),
    value("created_ns", BigInteger),
    value("attempts", Integer),
    value("next_ns", BigInteger),
    value("done_ns", BigInteger),
    value("state", String(16)),
    value("owner", String(64)),
    value("error", LONG),
    Index("outbox_due", "state", "next_ns"),
)
"""Alerts on their way; see `outbox`."""
