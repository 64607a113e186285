"""The one schema of the history: tables, and for every column what happens when its row is there already.

Times are nanoseconds since the Unix epoch, UTC, but for `second`, `minute` and `hour`, which are seconds since then at
which the span begins. Addresses are 16 bytes, IPv4 mapped into IPv6 (RFC 4291 section 2.5.5.2); 16 zero bytes stand
for "all others", into which is folded what a bound does not let be told apart. Many desktops may write into one
server: a `sensor` is one of them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects import mysql

VERSION: Final = 1
"""Of the schema; see `migrations`."""


class Merge(StrEnum):
    """What becomes of a column when its row is there already."""

    ADD = "add"
    """Old and new are added."""
    LEAST = "least"
    GREATEST = "greatest"
    REPLACE = "replace"
    """The new value counts."""
    FILL = "fill"
    """The new value counts unless it is empty."""


METADATA: Final = MetaData()

_Address = LargeBinary(16).with_variant(mysql.VARBINARY(16), "mysql", "mariadb")
_Long = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
NAME_LENGTH: Final = 255
"""Longest name kept (RFC 1035 section 2.3.4); longer ones are cut before they get here."""


def _table(name: str, *parts: Any) -> Table:
    # Clustered by its key: half the size. Time comes first in it, so that a span of time lies together.
    return Table(
        name, METADATA, *parts, sqlite_with_rowid=False, mysql_engine="InnoDB", mysql_charset="utf8mb4"
    )


def _key(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _count(name: str) -> Column[Any]:
    return _value(name, BigInteger, Merge.ADD)


def _value(name: str, kind: Any, merge: Merge = Merge.REPLACE) -> Column[Any]:
    return Column(name, kind, nullable=False, info={"merge": merge})


def _traffic(*names: str) -> tuple[Column[Any], ...]:
    return tuple(_count(name) for name in names)


SCHEMA_VERSION: Final = _table("schema_version", _key("version", Integer), _value("applied_ns", BigInteger))
SENSOR: Final = _table(
    "sensor", _key("sensor", BigInteger), _value("uid", String(36)), _value("name", String(NAME_LENGTH))
)
"""A machine that writes; `sensor` is the first 63 bits of its uid's hash."""
PROGRESS: Final = _table(
    "progress", _key("writer", String(36)), _value("sequence", BigInteger), _value("changed_ns", BigInteger)
)
"""The last parcel of each writer that has been written: what is sent twice is written once."""
CAPTURE: Final = _table(
    "capture",
    _key("sensor", BigInteger),
    _key("capture", BigInteger),
    _value("source", String(NAME_LENGTH)),
    _value("ended_ns", BigInteger),
    _value("packets", BigInteger),
    _value("bytes", BigInteger),
    _value("dropped_kernel", BigInteger),
    _value("dropped_queue", BigInteger),
    _value("dropped_disk", BigInteger),
    _value("unscored", BigInteger),
)
"""One capture; `capture` is the time at which it began. `ended_ns` moves on while it goes on."""
GAP: Final = _table(
    "gap",
    _key("sensor", BigInteger),
    _key("capture", BigInteger),
    _key("interface", String(64)),
    _key("start_ns", BigInteger),
    _value("end_ns", BigInteger, Merge.GREATEST),
    _value("reason", String(NAME_LENGTH)),
)
"""When an interface could not be captured on; `end_ns` 0 = it has not ended."""
VOLUME_SECOND: Final = _table(
    "volume_second", _key("second", BigInteger), _key("sensor", BigInteger), *_traffic("packets", "bytes")
)
VOLUME_MINUTE: Final = _table(
    "volume_minute", _key("minute", BigInteger), _key("sensor", BigInteger), *_traffic("packets", "bytes")
)
PROTOCOL_MINUTE: Final = _table(
    "protocol_minute",
    _key("minute", BigInteger),
    _key("sensor", BigInteger),
    _key("protocol", String(32)),
    *_traffic("packets", "bytes"),
)
_HOST = ("sent_packets", "sent_bytes", "received_packets", "received_bytes")
HOST_MINUTE: Final = _table(
    "host_minute",
    _key("minute", BigInteger),
    _key("sensor", BigInteger),
    _key("address", _Address),
    *_traffic(*_HOST),
    Index("host_minute_address", "address", "minute"),
)
HOST_HOUR: Final = _table(
    "host_hour",
    _key("hour", BigInteger),
    _key("sensor", BigInteger),
    _key("address", _Address),
    *_traffic(*_HOST),
    Index("host_hour_address", "address", "hour"),
)
CONVERSATION: Final = _table(
    "conversation",
    _key("hour", BigInteger),
    _key("sensor", BigInteger),
    _key("low", _Address),
    _key("high", _Address),
    _key("low_port", Integer),
    _key("high_port", Integer),
    _key("ip_protocol", SmallInteger),
    *_traffic("low_packets", "high_packets", "low_bytes", "high_bytes"),
    _value("first_ns", BigInteger, Merge.LEAST),
    _value("last_ns", BigInteger, Merge.GREATEST),
    _value("protocol", String(32), Merge.FILL),
    _value("program", String(NAME_LENGTH), Merge.FILL),
    _value("program_source", String(16), Merge.FILL),
    _value("host", String(NAME_LENGTH), Merge.FILL),
    _value("host_source", String(16), Merge.FILL),
    Index("conversation_low", "low", "hour"),
    Index("conversation_high", "high", "hour"),
)
"""Two ends within one hour; `low_packets`, `low_bytes` were sent by the low end. Port -1 = none."""
INCIDENT: Final = _table(
    "incident",
    _key("sensor", BigInteger),
    _key("capture", BigInteger),
    _key("number", Integer),
    _value("family", String(32)),
    _value("culprit", String(64)),
    _value("peers", _Long),
    _value("start_ns", BigInteger),
    _value("end_ns", BigInteger),
    _value("packets", BigInteger),
    _value("severity", SmallInteger),
    _value("sentence", _Long),
    _value("reasons", _Long),
    _value("model", Integer),
    Index("incident_start", "start_ns"),
)
"""`peers` and `reasons` are JSON."""
MODEL: Final = _table(
    "model",
    _key("sensor", BigInteger),
    _key("capture", BigInteger),
    _key("number", Integer),
    _value("fitted_ns", BigInteger),
    _value("rows", Integer),
    _value("fit_ms", Integer),
    _value("seed", BigInteger),
)
PACKET: Final = _table(
    "packet",
    _key("timestamp_ns", BigInteger),
    _key("sensor", BigInteger),
    _key("capture", BigInteger),
    _key("number", BigInteger),
    _value("source", _Address),
    _value("destination", _Address),
    _value("source_port", Integer),
    _value("destination_port", Integer),
    _value("ip_protocol", SmallInteger),
    _value("protocol", String(32)),
    _value("tcp_flags", Integer),
    _value("length", Integer),
)
"""Packet by packet, where a person chose so. `number` is the packet_id."""
NOTE: Final = _table(
    "note",
    _key("sensor", BigInteger),
    _key("kind", String(32)),
    _key("name", String(64)),
    _value("body", _Long),
    _value("changed_ns", BigInteger),
    _value("removed", Boolean),
)
"""What a person said: labels, corrections, rules; `body` is JSON."""
OUTBOX: Final = _table(
    "outbox",
    _key("fingerprint", String(64)),
    _value("sensor", BigInteger),
    _value("channel", String(32)),
    _value("body", _Long),
    _value("created_ns", BigInteger),
    _value("attempts", Integer),
    _value("next_ns", BigInteger),
    _value("done_ns", BigInteger),
    _value("state", String(16)),
    _value("owner", String(64)),
    _value("error", _Long),
    Index("outbox_due", "state", "next_ns"),
)
"""Alerts on their way; see `outbox`."""
