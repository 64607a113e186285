"""`opened`: an evidence zip as values, verified; what is in it may have been made by anybody."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trafficdesk.detect.finding import Incident, Reason
from trafficdesk.errors import BadCaptureFile
from trafficdesk.evidence.archive import verified
from trafficdesk.evidence.bundle import SCORES
from trafficdesk.evidence.recording import Recording
from trafficdesk.export.evidence import CAPTURE, MANIFEST, WHY
from trafficdesk.packets.printable import printable

_MOST_TEXT: Final = 20_000
_MOST_LIST: Final = 1_000
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, RuntimeError)
"""What reading a damaged archive raises; RuntimeError of an encrypted file or an unknown compression."""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """An evidence zip whose files are as its manifest says."""

    incident: Incident
    version: str
    """Of the TrafficDesk that wrote it."""
    packets: int
    """In its capture."""
    missing: int
    """Rows without packets."""
    recording: Recording | None
    """None = written before there was one."""
    manifest: str
    """SHA-256 of the manifest, 64 hex digits: of the evidence as a whole."""


def opened(path: str | Path, capture: Path | None = None) -> Opened:
    """Read and verify; its packets are written to `capture`, if that is given and there are some.

    Raises
    ------
    BadCaptureFile
        If it can't be read, was changed after it was written, or is not what we write.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            return _opened(*verified(file, capture))
    except BaseException as error:
        if capture is not None:
            capture.unlink(missing_ok=True)
        if isinstance(error, (OSError, *_BROKEN)):
            raise _refusal(path, error) from error
        raise


def _refusal(path: Path, error: BaseException) -> BadCaptureFile:
    if isinstance(error, OSError):
        return BadCaptureFile(
            f"{_shown(path.name)} can't be read: {error.strerror or error}.", "Choose another file."
        )
    # Our own words; those of what unpacks are for who writes programs.
    words = str(error) if type(error) is ValueError else "it is damaged, or no zip of ours"
    return BadCaptureFile(
        f"{_shown(path.name)} is refused as evidence: {_shown(words)}.",
        "Take the file from where it came from again.",
    )


def _opened(kept: dict[str, bytes], names: frozenset[str]) -> Opened:
    why = _why(kept[WHY])
    recording = Recording.unpacked(kept[SCORES]) if SCORES in names else None
    packets = int(recording.kept.sum()) if recording is not None else _count(why, "packets")
    if CAPTURE not in names and packets:
        raise ValueError(f"{CAPTURE} is missing")
    return Opened(
        incident=_incident(why.get("incident")),
        version=_text(why.get("version", "")),
        packets=packets,
        missing=_count(why, "packets_missing"),
        recording=recording,
        manifest=hashlib.sha256(kept[MANIFEST]).hexdigest(),
    )


def _shown(text: str) -> str:
    return printable(text.encode("utf-8", "replace"))


def _why(data: bytes) -> dict[str, Any]:
    try:
        told = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{WHY} is broken") from error
    if not isinstance(told, dict):
        raise ValueError(f"{WHY} is broken")  # noqa: TRY004  # what a file holds is a value
    return told


def _incident(told: Any) -> Incident:
    """The incident as it was told; `announced` never, as it is no news."""
    if not isinstance(told, dict) or not isinstance(told.get("reasons"), list):
        raise ValueError("its incident is broken")  # noqa: TRY004
    reasons = [_reason(one) for one in told["reasons"][:_MOST_LIST]]
    timeline = told.get("timeline", [])
    peers = told.get("peers", [])
    if not isinstance(timeline, list) or not isinstance(peers, list):
        raise ValueError("its incident is broken")  # noqa: TRY004
    return Incident(
        id=_count(told, "id"),
        family=_text(told.get("family")),
        start_ns=_whole_number(told, "start_ns"),
        end_ns=_whole_number(told, "end_ns"),
        culprit=_text(told.get("culprit")),
        peers=tuple(_text(peer) for peer in peers[:10]),
        packets=_count(told, "packets"),
        severity=min(_count(told, "severity"), 100),
        sentence=_text(told.get("sentence")),
        reasons=tuple(reasons),
        first_packet_id=0,
        announced=0,
        model_id=_count(told, "model"),
        opened_ns=_whole_number(told, "opened_ns"),
        timeline=tuple(_count({"step": step}, "step") for step in timeline[:_MOST_LIST]),
        step_s=max(_real(told.get("step_s", 0.0)), 0.0),
        looks_like=_text(told.get("looks_like") or ""),
    )


def _reason(told: Any) -> Reason:
    if not isinstance(told, dict):
        raise ValueError("its reasons are broken")  # noqa: TRY004
    return Reason(
        feature=_text(told.get("feature")),
        value=_real(told.get("value")),
        unit=_text(told.get("unit")),
        window_s=_real(told.get("window_s")),
        usual_high=_real(told.get("usual_high")),
        words=_text(told.get("words")),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise ValueError(f"{WHY} has no text where one belongs")
    return value


def _real(value: Any) -> float:
    """JSON has no word for "not a number": null."""
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        raise ValueError(f"{WHY} has no number where one belongs")
    return float(value)


def _whole_number(told: dict[str, Any], name: str) -> int:
    value = told.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise ValueError(f"{WHY} has no number where one belongs")
    return value


def _count(told: dict[str, Any], name: str) -> int:
    value = _whole_number(told, name)
    if not 0 <= value < 2**31:
        raise ValueError(f"{WHY} has no count where one belongs")
    return value
