"""Evidence of an incident as one zip: its conversations' packets, rows and reasons, and what else is given, with hashes.

The names of the files in it are ours; nothing from the network names a file.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.export.atomic import atomic_file
from trafficdesk.export.capture_file import save_capture
from trafficdesk.export.rows_csv import export_rows
from trafficdesk.packets.key_table import mix
from trafficdesk.packets.protocol import EtherType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from trafficdesk.capture.source import FrameStore
    from trafficdesk.detect.finding import Incident
    from trafficdesk.detect.findings import FindingLog
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.log import PacketLog

AROUND_S: Final = 30
"""Seconds before and after an incident that belong to its evidence."""
MOST_PACKETS: Final = 200_000
CAPTURE: Final = "capture.pcapng"
ROWS: Final = "rows.csv"
WHY: Final = "why.json"
MANIFEST: Final = "manifest.sha256"
_HEADERS: Final = 64
"""Bytes kept of a frame whose headers' length is not known."""
_WHEN: Final = (1980, 1, 1, 0, 0, 0)
"""Of every file: the same evidence gives the same zip."""


@dataclass(frozen=True, slots=True)
class SavedEvidence:
    """What became of it."""

    path: str
    packets: int
    missing: int
    """Packets whose frames are not kept, or were left out."""


def evidence_ids(log: PacketLog, incident: Incident, most: int = MOST_PACKETS) -> NDArray[np.int64]:
    """Ascending packet_ids between the pairs of ends of the incident's rows, half a minute before to half a minute after.

    Of more than `most` the incident's own come before others, and earlier ones before later ones.
    """

    def mine(_batch: PacketBatch, said: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
        return np.asarray(said["incident"] == incident.id)

    rows = log.select(mine)
    if len(rows) >= most:
        return rows[:most]
    if not len(rows):
        return rows
    pairs = np.unique(_pairs(log.take(rows)))
    first, last = incident.start_ns - AROUND_S * 10**9, incident.end_ns + AROUND_S * 10**9

    def near(batch: PacketBatch, said: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
        times = batch["timestamp_ns"]
        inside = (times >= first) & (times <= last) & np.isin(_pairs(batch), pairs)
        return np.asarray(inside | (said["incident"] == incident.id))

    ids = log.select(near)
    if len(ids) > most:
        ids = np.sort(np.concatenate([rows, np.setdiff1d(ids, rows, assume_unique=True)[: most - len(rows)]]))
    return ids


def save_evidence(
    path: str | Path,
    log: PacketLog,
    findings: FindingLog,
    store: FrameStore | None,
    *,
    ids: NDArray[np.int64],
    why: Mapping[str, Any],
    others: Mapping[str, bytes],
    told: Callable[[NDArray[np.int64]], Mapping[str, bytes]] | None = None,
    payload: bool = False,
    progress: Callable[[float], None] | None = None,
) -> SavedEvidence:
    """Write the zip; it appears whole or not at all.

    Parameters
    ----------
    store : has the packets' bytes; None = they are left out.
    ids : ascending packet_ids, see `evidence_ids`.
    why : becomes `why.json`, with how many packets there are.
    others : further files by name.
    told : further files by name, given the packets whose frames are in the zip.
    payload : whether the packets keep what is beyond their headers.

    Raises
    ------
    ExportError
        If it can't be written.
    """
    with tempfile.TemporaryDirectory(prefix="trafficdesk-") as name:
        capture, rows = Path(name, CAPTURE), Path(name, ROWS)
        kept, files = ids[:0], {}
        if store is not None:
            cut = None if payload else lambda wanted: header_lengths(log, wanted)
            kept = save_capture(capture, store, ids, findings=findings, cut=cut, progress=progress).ids
            files[CAPTURE] = capture.read_bytes()
        frames, missing = len(kept), len(ids) - len(kept)
        export_rows(rows, log, findings, ids)
        reasons = {**why, "rows": len(ids), "packets": frames, "packets_missing": missing, "payload": payload}
        files |= {
            ROWS: rows.read_bytes(),
            WHY: (json.dumps(reasons, indent=1, default=str) + "\n").encode(),
            **others,
            **(told(kept) if told is not None else {}),
        }
    manifest = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
    with atomic_file(path) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**files, MANIFEST: manifest.encode()}.items():
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            archive.writestr(entry, data)
    return SavedEvidence(str(path), frames, missing)


def header_lengths(log: PacketLog, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """(frames,) bytes up to the transport's payload; ARP whole, of what has no transport the first 64."""
    offsets = log.column("payload_offset", ids).astype(np.int64)
    arp = log.column("network", ids) == EtherType.ARP
    known = (offsets > 0) & (log.column("source_port", ids) >= 0)
    return np.where(arp, np.iinfo(np.int64).max, np.where(known, offsets, _HEADERS))


def _pairs(batch: PacketBatch) -> NDArray[np.uint64]:
    """(rows,) a number for each pair of ends, whichever sent."""
    source, destination = (
        np.ascontiguousarray(batch[side]).view(np.uint64).reshape(-1, 2) for side in ("source", "destination")
    )
    ends = (mix(source[:, 0], source[:, 1]), mix(destination[:, 0], destination[:, 1]))
    links = (mix(batch["source_mac"]), mix(batch["destination_mac"]))
    # Without addresses of the network layer the devices are the ends.
    bare = batch["network"] == 0
    return np.where(bare, links[0] + links[1], ends[0] + ends[1])
