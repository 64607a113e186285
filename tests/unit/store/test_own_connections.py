"""The connections to a history's server are known as TrafficDesk's own, for as long as they are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sql

from trafficdesk.identity.own_traffic import OwnTraffic
from trafficdesk.packets.address import pack_address
from trafficdesk.store import own_connections
from trafficdesk.store.database import Database, OutOfReach

if TYPE_CHECKING:
    from tests.helpers.mariadb import MariaDb


def test_a_connection_is_ours_until_it_is_closed(mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both its ends are known while it is open, and it ends with the pool."""
    ours = OwnTraffic()
    monkeypatch.setattr(own_connections, "OWN_TRAFFIC", ours)
    database = Database(mariadb.create("own"))
    with database.reading() as connection:
        assert connection.execute(sql.text("SELECT 1")).scalar() == 1
        (one,) = ours.conversations
        assert (one.local, one.remote) == (pack_address("127.0.0.1"), pack_address("127.0.0.1"))
        assert one.remote_port == mariadb.port
        peer = connection.connection.dbapi_connection._sock.getsockname()
        assert one.local_port == peer[1]
        assert one.open
    database.close()
    (one,) = ours.conversations
    assert not one.open


def test_a_server_that_is_away_is_out_of_reach_as_ever(mariadb: MariaDb) -> None:
    """The error is the driver's own, and what was tried is over."""
    mariadb.kill()
    try:
        with (
            pytest.raises(OutOfReach, match="Can't connect"),
            Database(f"mysql+pymysql://root@127.0.0.1:{mariadb.port}/own").reading(),
        ):
            pass
    finally:
        mariadb.start()
