"""The connections to the history's server, known as our own before their first packet: see `identity.own_traffic`."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sql

from trafficdesk.identity.own_traffic import OWN_TRAFFIC

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

_ENDED: Final = "trafficdesk_ended"
_NO_HOST: Final = 2003
"""MySQL's CR_CONN_HOST_ERROR."""


def know_as_own(engine: Engine) -> None:
    """Let PyMySQL's connections of `engine` be made by `OwnTraffic`; those by a Unix socket are on no network."""

    @sql.event.listens_for(engine, "do_connect")
    def _connect(dialect: Any, record: Any, positional: list[Any], options: dict[str, Any]) -> Any:
        if options.get("unix_socket"):
            return None
        driver = dialect.loaded_dbapi
        connection = driver.connect(*positional, **options, defer_connect=True)
        place = (connection.host, connection.port)
        try:
            sock, ended = OWN_TRAFFIC.connect(place, connection.connect_timeout)
        except OSError as error:
            words = f"Can't connect to MySQL server on {place[0]!r} ({error})"
            raise driver.OperationalError(_NO_HOST, words) from error
        # As PyMySQL does with a socket it makes itself.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        try:
            connection.connect(sock)
        except BaseException:
            ended()
            raise
        record.info[_ENDED] = ended
        return connection

    @sql.event.listens_for(engine, "close")
    def _closed(_connection: object, record: Any) -> None:
        record.info.pop(_ENDED, _nothing)()


def _nothing() -> None:
    """It was never connected."""
