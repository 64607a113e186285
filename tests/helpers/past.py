"""A live capture of the past in the history of this computer, packet by packet."""

from __future__ import annotations

import numpy as np

from tests.helpers.planted import START_NS, ordinary
from trafficdesk.paths import data_dir
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.keeping import FILE
from trafficdesk.store.migrations import bring_up_to_date
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.rollup import RollUp
from trafficdesk.store.schema import CAPTURE, NETWORK
from trafficdesk.store.sensor import this_sensor

KEY = "5a" * 16
"""Name of the network it was in."""


def recorded(seconds: float, *, ended_ns: int | None = None) -> int:
    """Everyday traffic of so many seconds, that ended then; returns how many packets."""
    batch, sensor = ordinary(seconds, seed=4).batch(), this_sensor(data_dir()).number
    columns = {name: column.copy() for name, column in batch.columns.items()}
    last_ns = int(np.max(batch["timestamp_ns"]))
    columns["timestamp_ns"] += (ended_ns or last_ns) - last_ns
    began = START_NS + (ended_ns or last_ns) - last_ns
    parcel = Parcel()
    RollUp(sensor, packets=True).add(type(batch)(0, columns, batch.text), began, parcel)
    parcel.add_row(CAPTURE, sensor, began, "eth0", ended_ns or last_ns, len(batch), 0, 0, 0, 0, 0)
    parcel.add_row(NETWORK, sensor, began, began, KEY)
    database = Database(file_url(data_dir() / FILE))
    bring_up_to_date(database)
    with database.transaction() as connection:
        parcel.write(database, connection)
    database.close()
    return len(batch)
