"""`analysed`: one file of a collection, whatever process or machine it happens on; what comes back is small."""

from __future__ import annotations

import hashlib
import json
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk import __version__
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trafficdesk.cli.analyze import Analysis
    from trafficdesk.detect.corrections import Corrections
    from trafficdesk.metrics.rates import Rates
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.settings import DetectionSettings
    from trafficdesk.threats.threat_list import ThreatList

ADDRESSES: Final = 1_000
"""The heaviest ones of a file that are told; a file with more is told to have more."""
_LEFT_OUT: Final = ("version", "seed", "models", "dropped", "gaps", "own", "seconds")
"""Keys of a summary that are the same for all files, or another time otherwise."""

Outcome = dict[str, Any]
"""What is told of a file, ready for JSON: `status`, `fault`, `addresses`, `rates`, and the keys of `analyze --json`."""

COMPLETE: Final = "complete"
PARTIAL: Final = "partial"
"""It is broken; what comes before the fault is told."""
UNREADABLE: Final = "unreadable"
FAILED: Final = "failed"
"""Not the file's fault: the process that worked on it ended, or we have a bug."""
STOPPED: Final = "stopped"
"""Its turn never came."""


@dataclass(frozen=True, slots=True)
class Task:
    """One file."""

    path: str
    size: int = 0
    """Bytes on disk."""


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """What an analysis depends on besides its file."""

    settings: DetectionSettings
    corrections: Corrections
    lists: tuple[ThreatList, ...] = ()
    """Threat lists in force."""
    now_ns: int = 0
    """Nanoseconds since the Unix epoch, for rules that expire and lists that grow old: the same for all files."""
    version: str = __version__

    def digest(self) -> str:
        """The same for the same conditions, whenever and wherever."""
        from trafficdesk.export.corrections_json import table_of

        told = {
            "version": self.version,
            "settings": repr(self.settings),
            "corrections": table_of(self.corrections),
            "lists": [(one.name, one.dated_s, one.entries, _content(one.path)) for one in self.lists],
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def analysed(path: str, conditions: Conditions) -> Outcome:
    """Analyse one file as `analyze FILE` does; never raises but for memory that can't be had."""
    from trafficdesk.cli.analyze import Analysis, summary_of_analysis
    from trafficdesk.detect.detector import Detector
    from trafficdesk.export.summary_json import summary_of
    from trafficdesk.metrics.rates import Rates
    from trafficdesk.threats import Matching

    analysis = Analysis(Detector(conditions.settings), None, clock_ns=lambda: conditions.now_ns)
    analysis.rates = Rates()
    analysis.correct(conditions.corrections)
    if conditions.lists:
        analysis.session.log.identities.matching = Matching(conditions.lists)
    status, fault, details = COMPLETE, "", ""
    try:
        for batch in _batches(path):
            analysis.feed(batch)
    except BadCaptureFile as error:
        status, fault = (PARTIAL if error.packets else UNREADABLE), str(error)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # a bug costs its file and no other; the caller logs it
        status, details = FAILED, traceback.format_exc()
        fault = f"Something went wrong in TrafficDesk itself ({type(error).__name__}); please report it."
    told = summary_of(summary_of_analysis(analysis, conditions.settings.seed))
    for key in _LEFT_OUT:
        del told[key]
    return {
        "status": status,
        "fault": fault,
        **told,
        "addresses": _addresses(analysis),
        "rates": _rates(analysis.rates),
        **({"details": details} if details else {}),
    }


def without_result(status: str, fault: str) -> Outcome:
    """Of a file of which nothing is known."""
    return {"status": status, "fault": fault, "incidents": []}


def _batches(path: str) -> Iterator[PacketBatch]:
    from trafficdesk.capture.pcap_file import CaptureFile
    from trafficdesk.decode import Conversations, decode_named

    conversations = Conversations()
    with CaptureFile(path) as file:
        for block in file.blocks():
            yield conversations.follow(decode_named(block))


def _addresses(analysis: Analysis) -> dict[str, tuple[int, int, int, int]]:
    return analysis.session.metrics.endpoints.heaviest(ADDRESSES)


def _rates(rates: Rates) -> dict[str, Any]:
    """What happened over time, roughly: `Series` of whole numbers."""
    series = rates.series().shortened()
    return {
        "width_s": series.width_s,
        "starts": series.starts.tolist(),
        "values": series.values.astype(np.int64).tolist(),
    }


def _content(path: Path) -> str:
    """Digest of a file; empty where it can't be read any more."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
