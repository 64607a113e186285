"""Tables of the history from which months are asked: hosts by day, protocols by hour, services, and addresses' names."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Index, Integer, SmallInteger, String, Table
from sqlalchemy.dialects import mysql

from trafficdesk.store.columns import ADDRESS, NAME_LENGTH, Merge, counts, key, table, value

_EXACT: Final = String(NAME_LENGTH).with_variant(
    mysql.VARCHAR(NAME_LENGTH, collation="utf8mb4_bin"), "mysql", "mariadb"
)
"""Text of which every difference counts, that of case too."""

PROTOCOL_HOUR: Final = table(
    "protocol_hour",
    key("hour", BigInteger),
    key("sensor", BigInteger),
    key("protocol", String(32)),
    *counts("packets", "bytes"),
)
HOST_DAY: Final = table(
    "host_day",
    key("day", BigInteger),
    key("sensor", BigInteger),
    key("address", ADDRESS),
    *counts("sent_packets", "sent_bytes", "received_packets", "received_bytes"),
    Index("host_day_address", "address", "day"),
)
"""`day` begins in UTC."""
SERVICE: Final = table(
    "service",
    key("service", BigInteger),
    key("sensor", BigInteger),
    value("low", ADDRESS),
    value("high", ADDRESS),
    value("low_port", Integer),
    value("high_port", Integer),
    value("ip_protocol", SmallInteger),
    value("protocol", String(32), Merge.FILL),
    value("program", String(NAME_LENGTH), Merge.FILL),
    value("program_source", String(16), Merge.FILL),
    value("host", String(NAME_LENGTH), Merge.FILL),
    value("host_source", String(16), Merge.FILL),
    value("seen", BigInteger, Merge.GREATEST),
    Index("service_low", "low"),
    Index("service_high", "high"),
)
"""What two hosts do with one another: their conversations, the clients' ports not told apart (see `services`).

The number `service` stands for both ends, so that months are summed by one small number; who they are is here once.
`seen` is the begin of the last hour, in s.
"""


def _of_services(name: str, span: str) -> Table:
    parts: list[Any] = [key(span, BigInteger), key("sensor", BigInteger), key("service", BigInteger)]
    return table(
        name,
        *parts,
        *counts("low_packets", "high_packets", "low_bytes", "high_bytes"),
        value("first_ns", BigInteger, Merge.LEAST),
        value("last_ns", BigInteger, Merge.GREATEST),
        Index(f"{name}_service", "service", span),
    )


SERVICE_HOUR: Final = _of_services("service_hour", "hour")
SERVICE_DAY: Final = _of_services("service_day", "day")
NAME: Final = table(
    "name",
    key("sensor", BigInteger),
    key("address", ADDRESS),
    key("name", _EXACT),
    key("source", String(16)),
    value("first_ns", BigInteger, Merge.LEAST),
    value("last_ns", BigInteger, Merge.GREATEST),
    Index("name_address", "address"),
)
"""What addresses were called, and where that is known from: `packets.identities.NameSource` in words."""
