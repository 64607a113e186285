"""The packets' CSV: exact columns, and every cell as a slow writer would have it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.crafted import START_NS, a_batch
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import decode
from trafficdesk.export import packets_csv
from trafficdesk.export.packets_csv import Analysis, header, picked, rows_bytes, write_packets_csv, write_rows
from trafficdesk.packets.address import address_text, mac_text
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.info import info_texts
from trafficdesk.packets.protocol import Status, protocol_name
from trafficdesk.paths import sample_capture

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch


def written(*batches: PacketBatch) -> list[dict[str, str]]:
    stream = io.BytesIO()
    assert write_packets_csv(stream, batches) == sum(map(len, batches))
    return list(csv.DictReader(io.StringIO(stream.getvalue().decode("utf-8"), newline=""), strict=True))


def test_columns_are_the_promised_ones() -> None:
    """Names and order of the contract; analysis adds its own behind them."""
    promised = (
        "number,timestamp_ns,length,captured_length,link,source_mac,destination_mac,vlan,network,source,destination,"
        "transport,source_port,destination_port,protocol,tcp_flags,ttl,info,status,"
        "tunnel,inner_source,inner_destination,inner_source_port,inner_destination_port"
    )
    assert header() == promised.encode() + b"\n"
    analysis = b",score,flagged,incident,family,reason,program,program_source,host,host_source,threat_list,threat_entry\n"
    assert header(analysed=True) == promised.encode() + analysis


def slowly(batch: PacketBatch, row: int, info: str) -> dict[str, str]:
    """One row by plain Python."""
    network = int(batch["network"][row])
    has_address = network in {0x0800, 0x86DD, 0x0806}

    def number(name: str) -> str:
        value = int(batch[name][row])
        return "" if value < 0 else str(value)

    is_tcp = batch["ip_protocol"][row] == 6 and batch["source_port"][row] >= 0
    return {
        "number": str(batch.first_id + row + 1),
        "timestamp_ns": number("timestamp_ns"),
        "length": number("length"),
        "captured_length": number("captured_length"),
        "source_mac": mac_text(int(batch["source_mac"][row])),
        "destination_mac": mac_text(int(batch["destination_mac"][row])),
        "vlan": number("vlan"),
        "source": address_text(batch["source"][row].tobytes()) if has_address else "",
        "destination": address_text(batch["destination"][row].tobytes()) if has_address else "",
        "source_port": number("source_port"),
        "destination_port": number("destination_port"),
        "protocol": protocol_name(int(batch["protocol"][row])),
        "tcp_flags": f"0x{int(batch['tcp_flags'][row]):03x}" if is_tcp else "",
        "ttl": number("ttl"),
        "info": "'" + info if info[:1] in set("=+-@") else info,
        "status": Status(int(batch["status"][row])).name.lower(),
    }


def test_sample_reads_back_as_a_slow_writer_has_it() -> None:
    """Every row of real frames, over several blocks, cell by cell."""
    rows = 0
    with CaptureFile(sample_capture()) as file:
        for block in file.blocks():
            batch = decode(block)
            found, infos = written(batch), info_texts(batch)
            for row in range(0, len(batch), 7):
                expected = slowly(batch, row, infos[row])
                assert {name: found[row][name] for name in expected} == expected
            rows += len(found)
    assert rows > 10_000


@pytest.mark.parametrize("block_rows", [1, 3, 100])
def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch, block_rows: int) -> None:
    """However many rows are formatted at once, the text is the same."""
    batch = a_batch(
        20,
        length=np.arange(20) * 9_999,
        source=["192.0.2.1", "2001:db8::1"] * 10,
        network=[0x0800, 0x86DD] * 10,
    )
    whole = b"".join(rows_bytes(batch, batch.ids + 1))
    monkeypatch.setattr(packets_csv, "BLOCK_ROWS", block_rows)
    assert b"".join(rows_bytes(batch, batch.ids + 1)) == whole


def test_unknown_is_empty() -> None:
    """A frame of which nothing is known has empty cells, not -1 or zeros."""
    row = written(
        a_batch(
            1,
            link_type=147,
            network=0,
            ip_protocol=-1,
            ttl=-1,
            protocol=0,
            status=int(Status.UNSUPPORTED),
            source_mac=NO_MAC,
            destination_mac=NO_MAC,
        )
    )[0]
    empty = [name for name, value in row.items() if not value]
    assert set(empty) >= {
        "source_mac", "destination_mac", "vlan", "network", "source", "destination", "transport",
        "source_port", "destination_port", "tcp_flags", "ttl",
    }  # fmt: skip
    assert (row["link"], row["status"]) == ("link type 147", "unsupported")


@pytest.mark.parametrize(
    ("number", "name"),
    [(6, "TCP"), (17, "UDP"), (58, "ICMPv6"), (136, "UDP-Lite"), (200, "200"), (-1, ""), (0, "HOP_BY_HOP")],
)
def test_transport_is_named_or_numbered(number: int, name: str) -> None:
    """Protocols that we have no name for keep their number."""
    assert written(a_batch(1, ip_protocol=number))[0]["transport"] == name


def test_picked_rows_keep_their_numbers() -> None:
    """A filtered export has the numbers of the capture."""
    batch = a_batch(6, first_id=100)
    some, numbers = picked(batch, np.array([False, True, False, False, True, False]))
    stream = io.BytesIO()
    write_rows(stream, some, numbers=numbers)
    lines = stream.getvalue().decode().splitlines()
    assert [line.split(",")[:2] for line in lines] == [
        ["102", str(START_NS + 1_000_000)],
        ["105", str(START_NS + 4_000_000)],
    ]


def test_analysis_cells() -> None:
    """Score, flag, incident, family and reason; what is unknown or none is empty."""
    analysis = Analysis(
        np.array([np.nan, 1.25, 0.5], np.float32),
        np.array([False, True, False]),
        np.array([0, 12, 0], np.int32),
        np.array([b"", b"port scan", b""]),
        np.array([b"", b'=about "212" ports, usually 6', b""]),
        program=np.array([b"firefox", b"", b"=x"]),
        program_source=np.array([b"seen", b"not permitted", b"guessed"]),
        host=np.array([b"", b"a,b.example", b""]),
        host_source=np.array([b"", b"DNS answer", b""]),
        threat_list=np.array([b"", b"@Feodo", b""]),
        threat_entry=np.array([b"", b"203.0.113.0/24", b""]),
    )
    stream = io.BytesIO()
    stream.write(header(analysed=True))
    write_rows(stream, a_batch(3), analysis=analysis)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue().decode(), newline="")))
    who = [[row[name] for name in ("program", "program_source", "host", "host_source")] for row in rows]
    assert who == [
        ["firefox", "seen", "", ""],
        ["", "not permitted", "a,b.example", "DNS answer"],
        ["'=x", "guessed", "", ""],
    ]
    hits = [(row["threat_list"], row["threat_entry"]) for row in rows]
    assert hits == [("", ""), ("'@Feodo", "203.0.113.0/24"), ("", "")]
    cells = [[row[name] for name in ("score", "flagged", "incident", "family", "reason")] for row in rows]
    assert cells == [
        ["", "0", "", "", ""],
        ["1.250000", "1", "12", "port scan", '\'=about "212" ports, usually 6'],
        ["0.500000", "0", "", "", ""],
    ]
