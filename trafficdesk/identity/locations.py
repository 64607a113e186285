"""`Locations`: country and provider of addresses, from MaxMind DB files that the person has.

None is shipped: the free ones (GeoLite2, DB-IP Lite, IPinfo Lite) want to be fetched by who uses them. Nothing is
asked of the network. Layout of the files: https://maxmind.github.io/MaxMind-DB/.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from trafficdesk.errors import SettingsError
from trafficdesk.packets.address import address_text, is_local, unique_addresses
from trafficdesk.packets.identities import Interned
from trafficdesk.packets.printable import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_log = logging.getLogger(__name__)

_KEPT: Final = 100_000
"""Addresses whose place is remembered."""
_CODES: Final = 1_000
"""ISO 3166-1 has 249 countries; a file may say anything."""
_LONGEST: Final = 60
_NUMBER_MAX: Final = 0xFFFF_FFFF
"""RFC 6793."""


class _Place(NamedTuple):
    country: int
    """Number in `codes`."""
    system: int
    """0 = not known."""
    name: str


_NOWHERE: Final = _Place(0, 0, "")


class Locations:
    """Look-ups in one or several databases; each may hold countries, systems or both.

    Parameters
    ----------
    paths : files; empty ones are passed over.

    Raises
    ------
    SettingsError
        If one can't be read, or the package that reads them is not installed.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._readers = [_opened(path) for path in dict.fromkeys(paths) if path]
        self._places: dict[bytes, _Place] = {}
        self._codes: Interned[str] = Interned("", _CODES)

    @property
    def codes(self) -> Interned[str]:
        """Codes of the countries met so far."""
        return self._codes

    def country(self, packed: bytes) -> str:
        """Code of one address' country; empty where it is not known."""
        return self._codes[self._place(packed).country]

    def system(self, packed: bytes) -> tuple[int, str]:
        """Number and name of one address' autonomous system; (0, "") where it is not known."""
        place = self._place(packed)
        return place.system, place.name

    def countries(self, addresses: NDArray[np.void]) -> NDArray[np.uint16]:
        """(rows,) number of each address' country in `codes`; 0 = not known."""
        return self._each(addresses, 0).astype(np.uint16)

    def systems(self, addresses: NDArray[np.void]) -> NDArray[np.int64]:
        """(rows,) number of each address' autonomous system; 0 = not known."""
        return self._each(addresses, 1)

    def close(self) -> None:
        """Close the files."""
        for reader in self._readers:
            reader.close()
        self._readers = []

    def _each(self, addresses: NDArray[np.void], part: int) -> NDArray[np.int64]:
        if not len(addresses):
            return np.empty(0, np.int64)
        distinct, inverse = unique_addresses(addresses)
        values = np.array([self._place(packed.tobytes())[part] for packed in distinct], np.int64)
        return values[inverse]

    def _place(self, packed: bytes) -> _Place:
        place = self._places.get(packed)
        if place is None:
            if len(self._places) >= _KEPT:
                self._places.clear()
            outside = not is_local(np.frombuffer(packed, "V16"))[0]
            place = self._places[packed] = self._look_up(address_text(packed)) if outside else _NOWHERE
        return place

    def _look_up(self, address: str) -> _Place:
        code, system, name = "", 0, ""
        for reader in self._readers:
            record = _record(reader, address)
            code = code or _country_of(record)
            if not system:
                system, name = _system_of(record)
        return _Place(self._codes.number(code), system, name)


def _opened(path: str) -> Any:
    try:
        import maxminddb
    except ImportError as error:
        raise SettingsError(
            "Country and provider can't be told: the package maxminddb is not installed.",
            "Install it (pip install maxminddb), or empty the databases in the settings.",
        ) from error
    try:
        return maxminddb.open_database(path)
    except OSError as error:
        raise SettingsError(
            f"The database {path} can't be read: {error.strerror or error}.",
            "Choose another file in the settings, under Names.",
        ) from error
    except (maxminddb.InvalidDatabaseError, ValueError) as error:
        raise SettingsError(
            f"{path} is no MaxMind DB file, or a broken one.",
            "Download it again, and unpack it: its name ends in .mmdb.",
        ) from error


def _record(reader: Any, address: str) -> dict[str, Any]:
    """What a file says of an address; a broken record says nothing."""
    import maxminddb

    try:
        record = reader.get(address)
    except (maxminddb.InvalidDatabaseError, ValueError, KeyError, IndexError, RecursionError) as error:
        # A database of IPv4 alone refuses IPv6 with a ValueError.
        _log.debug("no place for an address: %s", error)
        return {}
    return record if isinstance(record, dict) else {}


def _country_of(record: dict[str, Any]) -> str:
    """MaxMind and DB-IP: country.iso_code; IPinfo: country_code, or country where that is the code."""
    country = record.get("country")
    code = country.get("iso_code") if isinstance(country, dict) else record.get("country_code", country)
    return shown(code, 2).upper() if isinstance(code, str) and len(code) == 2 else ""


def _system_of(record: dict[str, Any]) -> tuple[int, str]:
    """MaxMind and DB-IP: autonomous_system_number; IPinfo: asn as "AS64500"."""
    number, name = record.get("autonomous_system_number"), record.get("autonomous_system_organization", "")
    asn = record.get("asn")
    if isinstance(asn, str) and asn[:2] == "AS" and asn[2:].isdecimal():
        number, name = int(asn[2:]), record.get("as_name", record.get("name", ""))
    if not isinstance(number, int) or not 0 < number <= _NUMBER_MAX:
        return 0, ""
    return number, shown(name, _LONGEST) if isinstance(name, str) else ""
