"""`identity.locations` with databases made here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.mmdb import write_mmdb
from tests.helpers.named import CLIENT, batch_of, tcp
from trafficdesk.errors import SettingsError
from trafficdesk.identity.locations import Locations
from trafficdesk.packets.address import pack_address
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.log import PacketLog

if TYPE_CHECKING:
    from pathlib import Path

GERMAN, SWISS, SIX = "198.51.100.7", "8.8.4.4", "2606:4700::1"


@pytest.fixture
def locations(tmp_path: Path) -> Locations:
    country = write_mmdb(
        tmp_path / "country.mmdb",
        {
            "198.51.100.0/24": {"country": {"iso_code": "DE", "names": {"en": "Germany"}}},
            "8.8.0.0/16": {"country": {"iso_code": "CH"}},
            "10.0.0.0/8": {"country": {"iso_code": "XX"}},
        },
    )
    provider = write_mmdb(
        tmp_path / "asn.mmdb",
        {
            "198.51.100.0/24": {
                "autonomous_system_number": 64_500,
                "autonomous_system_organization": "Example\nNet",
            },
            "2606:4700::/32": {"asn": "AS13335", "as_name": "Cloudflare", "country_code": "US"},
        },
    )
    return Locations([str(country), "", str(provider)])


def test_addresses_have_places(locations: Locations) -> None:
    """Of both kinds of file, IPv4 and IPv6; what a file says is made printable."""
    assert locations.country(pack_address(GERMAN)) == "DE"
    assert locations.system(pack_address(GERMAN)) == (64_500, "Example\\x0aNet")
    assert locations.country(pack_address(SIX)) == "US"
    assert locations.system(pack_address(SIX)) == (13_335, "Cloudflare")
    assert locations.country(pack_address("9.9.9.9")) == ""


def test_private_addresses_are_nowhere(locations: Locations) -> None:
    """Whatever a file claims."""
    assert locations.country(pack_address("10.1.2.3")) == ""


def test_many_at_once(locations: Locations) -> None:
    """As each alone."""
    texts = [GERMAN, SWISS, "10.0.0.1", SIX, GERMAN]
    packed = np.frombuffer(b"".join(map(pack_address, texts)), "V16")
    codes = [locations.codes[number] for number in locations.countries(packed).tolist()]
    assert codes == ["DE", "CH", "", "US", "DE"]
    assert locations.systems(packed).tolist() == [64_500, 0, 0, 13_335, 64_500]


def test_rows_are_filtered_by_place(locations: Locations) -> None:
    """The peer's, in either direction."""
    log = PacketLog()
    log.identities.locations = locations
    log.append(
        batch_of(
            tcp(CLIENT, GERMAN),
            tcp(GERMAN, CLIENT, (443, 50_000)),
            tcp(CLIENT, SWISS),
            tcp(CLIENT, "10.0.0.9"),
        )
    )

    def rows(expression: str) -> list[int]:
        return list(log.select(compile_filter(expression, identities=log.identities).mask).tolist())

    assert rows('td.country == "DE"') == [0, 1]
    assert rows('td.country != "DE"') == [2]
    assert rows("td.country") == [0, 1, 2]
    assert rows("td.asn == 64500") == [0, 1]
    assert rows('td.country in {"CH", "FR"}') == [2]


@pytest.mark.parametrize("content", [b"", b"not a database", b"\xab\xcd\xefMaxMind.com" * 3])
def test_a_broken_file_is_said(tmp_path: Path, content: bytes) -> None:
    """In a sentence that names it, with what to do."""
    path = tmp_path / "broken.mmdb"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as told:
        Locations([str(path)])
    assert str(path) in told.value.title
    assert told.value.hint


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """So is a folder."""
    for path in (tmp_path / "none.mmdb", tmp_path):
        with pytest.raises(SettingsError) as told:
            Locations([str(path)])
        assert str(path) in told.value.title


def test_a_cut_file_says_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    """A record that points outside the file is no place."""
    whole = write_mmdb(tmp_path / "a.mmdb", {"198.51.100.0/24": {"country": {"iso_code": "DE"}}})
    data = bytearray(whole.read_bytes())
    at = data.index(b"iso_code")
    data[at - 1] = 0xFF
    whole.write_bytes(bytes(data))
    assert Locations([str(whole)]).country(pack_address(GERMAN)) in {"", "DE"}
