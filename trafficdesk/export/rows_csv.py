"""Rows of the log as CSV: those selected, those the display filter shows, or all, with what analysis said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.detect.families import FAMILIES
from trafficdesk.export.atomic import atomic_file
from trafficdesk.export.packets_csv import Analysis, header, write_rows
from trafficdesk.packets.log import FLAGGED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from trafficdesk.detect.finding import Incident
    from trafficdesk.detect.findings import FindingLog
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.identities import Interned
    from trafficdesk.packets.log import PacketLog

BLOCK_ROWS: Final = 32_768
"""Rows taken from the log at once; between two blocks progress is told and a stop is seen."""
_EVIDENCE_ROWS: Final = 200


class Stopped(Exception):  # noqa: N818  # control flow, nothing went wrong
    """The person stopped the export; nothing was left behind."""


def export_rows(
    path: str | Path,
    log: PacketLog,
    findings: FindingLog,
    ids: NDArray[np.int64],
    *,
    progress: Callable[[float], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> int:
    """Write the rows with packet_id `ids`, in that order; rows that left the log meanwhile are passed over.

    Parameters
    ----------
    progress : told the share done, 0 to 1.
    stop : asked between blocks; True ends the export and leaves nothing behind.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    ExportError
        If the file can't be written.
    Stopped
        If `stop` said so.
    """
    written = 0
    with atomic_file(path) as file:
        file.write(header(analysed=True))
        for start in range(0, len(ids), BLOCK_ROWS):
            if stop is not None and stop():
                raise Stopped
            wanted = ids[start : start + BLOCK_ROWS]
            here = wanted[(wanted >= log.first_id) & (wanted < log.end_id)]
            batch = log.take(here)
            write_rows(file, batch, numbers=here + 1, analysis=analysis_of(log, findings, here))
            written += len(here)
            if progress is not None:
                progress(min(1.0, (start + len(wanted)) / len(ids)))
    return written


def incident_rows(
    log: PacketLog, findings: FindingLog, incident: Incident, *, limit: int = _EVIDENCE_ROWS
) -> bytes:
    """CSV of the first `limit` rows of an incident that are still in the log: evidence for a mail."""
    from io import BytesIO

    def mine(_batch: PacketBatch, analysis: dict[str, NDArray]) -> NDArray[np.bool_]:  # type: ignore[type-arg]
        return np.asarray(analysis["incident"] == incident.id)

    ids = log.select(mine)[:limit]
    buffer = BytesIO()
    buffer.write(header(analysed=True))
    write_rows(buffer, log.take(ids), numbers=ids + 1, analysis=analysis_of(log, findings, ids))
    return buffer.getvalue()


def analysis_of(log: PacketLog, findings: FindingLog, ids: NDArray[np.int64]) -> Analysis:
    """What the log and the findings say of rows in the log."""
    return analysis_cells(
        ids,
        findings,
        score=log.column("score", ids),
        verdict=log.column("verdict", ids),
        family=log.column("family", ids),
        incident=log.column("incident", ids),
        program=_texts(log.column("program", ids), log.identities.programs, lambda one: one.name),
        program_source=_texts(
            log.column("program", ids), log.identities.programs, lambda one: one.certainty.words
        ),
        host=_texts(log.column("host", ids), log.identities.hosts, lambda one: one.name),
        host_source=_texts(log.column("host", ids), log.identities.hosts, lambda one: one.source.words),
        threat_list=_texts(log.column("threat", ids), log.identities.threats, lambda one: one.list_name),
        threat_entry=_texts(log.column("threat", ids), log.identities.threats, lambda one: one.entry),
    )


def _texts(
    numbers: NDArray[np.integer[Any]], table: Interned[Any], text: Callable[[Any], str]
) -> NDArray[np.bytes_]:
    """UTF-8 of what each number stands for; every distinct one is asked for once."""
    distinct, inverse = np.unique(numbers, return_inverse=True)
    texts = [text(table[number]).encode("utf-8", "backslashreplace") for number in distinct.tolist()]
    return np.array(texts or [b""], np.bytes_)[inverse]


def analysis_cells(
    ids: NDArray[np.int64],
    findings: FindingLog,
    *,
    score: NDArray[np.float32],
    verdict: NDArray[np.uint8],
    family: NDArray[np.uint8],
    incident: NDArray[np.int32],
    program: NDArray[np.bytes_],
    program_source: NDArray[np.bytes_],
    host: NDArray[np.bytes_],
    host_source: NDArray[np.bytes_],
    threat_list: NDArray[np.bytes_],
    threat_entry: NDArray[np.bytes_],
) -> Analysis:
    """What analysis said of some rows, as cells; a sentence is asked for flagged rows only."""
    flagged = (verdict & FLAGGED) != 0
    rows = np.flatnonzero(flagged)
    sentences = [findings.sentence_of(int(ids[row])).encode("utf-8", "backslashreplace") for row in rows]
    reason = np.zeros(len(ids), f"S{max([1, *map(len, sentences)])}")
    reason[rows] = sentences
    names = np.array([b"", *(entry.name.encode() for entry in FAMILIES[1:])])
    return Analysis(
        score=score,
        flagged=flagged,
        incident=incident,
        family=names[family],
        reason=reason,
        program=program,
        program_source=program_source,
        host=host,
        host_source=host_source,
        threat_list=threat_list,
        threat_entry=threat_entry,
    )
