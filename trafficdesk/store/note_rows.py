"""`NoteRows`: what a person said of flags, as the history keeps it: a copy, the file on this computer is what counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.store.schema import NOTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trafficdesk.store.parcel import Parcel

_TAKEN_BACK: Final = 1_000
"""Numbers back from the last one given, among which those that are no more are looked for: as many as can hold."""
KINDS: Final = ("label", "rule")


class NoteRows:
    """Makes rows of one sensor's corrections; what has not changed is not told again.

    Parameters
    ----------
    sensor : its number.
    """

    def __init__(self, sensor: int) -> None:
        self._sensor = sensor
        self._told: dict[int, tuple[str, str]] = {}

    def add(self, table: Mapping[str, Any], now_ns: int, parcel: Parcel) -> None:
        """Put what is new into `parcel`.

        Parameters
        ----------
        table : corrections as `export.corrections_json.table_of` makes them; a number is given once and never again.
        """
        said = {}
        for entry in table["entries"]:
            ((kind, body),) = entry.items()
            said[int(body["number"])] = (kind, json.dumps(body))
        last = int(table["last_number"])
        for number in range(max(1, last - _TAKEN_BACK + 1), last + 1):
            # Also what was taken back while nobody recorded: its kind is not known then.
            if number not in said and self._told.get(number) != ("", ""):
                for kind in KINDS:
                    parcel.add_row(NOTE, self._sensor, kind, str(number), "", now_ns, True)
                self._told[number] = ("", "")
        for number, (kind, body) in said.items():
            if self._told.get(number) != (kind, body):
                parcel.add_row(NOTE, self._sensor, kind, str(number), body, now_ns, False)
                self._told[number] = (kind, body)
