"""Frame by frame against tshark over a folder of captures: addresses, ports, length, and the protocol's name.

`python3 benchmarks/decoding_differences.py FOLDER [--show 40]`: shares that agree, and the names that differ by count. The
names are compared twice: as they are written, and at our level of detail (`at_our_level`, which is the documented map).
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import Conversations, decode
from trafficdesk.errors import BadCaptureFile
from trafficdesk.export.packets_csv import header, rows_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES = (".pcap", ".pcapng", ".cap", ".trace", ".dmp", ".ntar")
FIELDS = (
    "frame.len",
    "frame.protocols",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "arp.src.proto_ipv4",
    "arp.dst.proto_ipv4",
    "tcp.srcport",
    "tcp.dstport",
    "udp.srcport",
    "udp.dstport",
    "sctp.srcport",
    "sctp.dstport",
    "_ws.col.Protocol",
)
PREFERENCES = ("ip.defragment:FALSE", "ipv6.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE")
ADDRESSES = {
    "ip": ("ip.src", "ip.dst"),
    "ipv6": ("ipv6.src", "ipv6.dst"),
    "arp": ("arp.src.proto_ipv4", "arp.dst.proto_ipv4"),
}

LEVEL = {
    # Versions and old names of one protocol.
    "SSL": "TLS",
    "SSLV": "TLS",
    "FB_ZERO": "TLS",
    "BOOTP": "DHCP",
    "CLASSIC-STUN": "STUN",
    "GQUIC": "QUIC",
    "MPTCP": "TCP",
    "RX": "AFS (RX)",
    "BT-DHT": "BITTORRENT",
    "SRTP": "RTP",
    "SRTCP": "RTCP",
    "RTP EVENT": "RTP",
    "MACSEC": "ETHERNET",
    # What one protocol carries and only a whole dissection tells.
    "BACNET-APDU": "BACNET",
    "BACNET-NPDU": "BACNET",
    "CIP": "ENIP",
    "CIP CM": "ENIP",
    "CIP I/O": "ENIP",
    "BROWSER": "NBDS",
    "SMB NETLOGON": "NBDS",
    "IEC 60870-5 ASDU": "IEC 60870-5-104",
    "OCSP": "HTTP",
    "IPP": "HTTP",
    "WEBSOCKET": "HTTP",
    "HTTP2": "HTTP",
    "T.125": "RDP",
    "TPKT": "RDP",
    "RDPUDP": "RDP",
    "COTP": "TPKT",
    "S7COMM": "TPKT",
    "S7COMM-PLUS": "TPKT",
    "MMS": "TPKT",
    "ACSE": "TPKT",
    "PORTMAP": "RPC",
    "MOUNT": "RPC",
    "NFS": "RPC",
    "NETBIOS": "LLC",
    "EAP": "EAPOL",
}
"""Name as tshark or we write it, in capitals and without version, to the name at our level of detail."""


def at_our_level(name: str) -> str:
    """`GTP <TCP>` → `TCP`, `HTTP/XML` → `HTTP`, `TLSv1.2` → `TLS`, and the table's."""
    inner = re.fullmatch(r"(?:GTP|VXLAN) <(.+)>", name)
    plain = (inner[1] if inner else name).split("/")[0]
    plain = re.sub(
        r"[vV]\d[\d.]*$|DTLS 1\.0 .*", lambda found: "DTLS" if found[0].startswith("D") else "", plain
    )
    return LEVEL.get(plain.strip().upper(), plain.strip().upper())


def theirs(path: Path) -> list[dict[str, str]]:
    """tshark's rows."""
    fields = [word for name in FIELDS for word in ("-e", name)]
    preferences = [word for preference in PREFERENCES for word in ("-o", preference)]
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=f", *preferences, *fields]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    rows = (line.split("\t") + [""] * len(FIELDS) for line in done.stdout.splitlines())
    return [dict(zip(FIELDS, row, strict=False)) for row in rows]


def ours(path: Path) -> list[dict[str, str]]:
    """Our rows; of a broken file those before the fault."""
    out, conversations = header(), Conversations()
    try:
        with CaptureFile(path) as file:
            for block in file.blocks():
                batch = conversations.follow(decode(block))
                out += b"".join(rows_bytes(batch, batch.ids + 1))
    except BadCaptureFile:
        pass
    return list(csv.DictReader(io.StringIO(out.decode(errors="replace"))))


def differences(their: dict[str, str], our: dict[str, str]) -> Iterator[str]:
    """Columns that differ; ports only where tshark saw one network layer, the outermost addresses count."""
    if their["frame.len"] != our["length"]:
        yield "length"
    layers = their["frame.protocols"].split(":")
    first = next((layer for layer in layers if layer in ADDRESSES), "")
    for name, column in zip(ADDRESSES.get(first, ()), ("source", "destination"), strict=False):
        if their[name] and their[name] != our[column]:
            yield column
    if sum(layer in {"ip", "ipv6"} for layer in layers) == 1 and not {"icmp", "icmpv6"} & set(layers):
        for side, column in (("src", "source_port"), ("dst", "destination_port")):
            port = next(filter(None, (their[f"{kind}.{side}port"] for kind in ("tcp", "udp", "sctp"))), "")
            if port and port != our[column]:
                yield column


def main() -> int:
    """Exit code: 0 all shares reached, 1 not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", type=int, default=40)
    chosen = parser.parse_args()
    frames = equal = written = level = 0
    columns: Counter[str] = Counter()
    names: Counter[tuple[str, str]] = Counter()
    for path in sorted(path for path in chosen.folder.rglob("*") if path.suffix in SUFFIXES):
        for their, our in zip(theirs(path), ours(path), strict=False):
            frames += 1
            differing = list(differences(their, our))
            columns.update(differing)
            equal += not differing
            pair = their["_ws.col.Protocol"], our["protocol"]
            written += pair[0].lower().split("v")[0] == pair[1].lower().split("v")[0]
            same = at_our_level(pair[0]) == at_our_level(pair[1])
            level += same
            if not same:
                names[pair] += 1
    for column, count in columns.most_common():
        print(f"{count:7,} {column}")
    for (their_name, our_name), count in names.most_common(chosen.show):
        print(f"{count:7,} tshark {their_name}, ours {our_name}")
    share, at_level = equal / max(frames, 1), level / max(frames, 1)
    print(
        f"{frames:,} frames: {share:.4%} equal; names {written / max(frames, 1):.2%} as written, {at_level:.2%} at our level"
    )
    return 0 if share >= 0.999 and at_level >= 0.97 else 1


if __name__ == "__main__":
    sys.exit(main())
