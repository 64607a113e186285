"""`Enclosures`: evidence and picture of an incident for its mail, no larger than a mail may be."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.alerts.enclosure import Enclosure
from trafficdesk.evidence.bundle import Scene, asked, bundle

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.alerts.gathering import Make
    from trafficdesk.detect.finding import Incident
    from trafficdesk.detect.proof import Proof
    from trafficdesk.export.evidence import SavedEvidence
    from trafficdesk.session import AnalysisSession
    from trafficdesk.settings import DetectionSettings

MOST_PACKETS: Final = 20_000
"""Of a mail's evidence; some 2 MB as a zip."""
_LEAST_PACKETS: Final = 50
_ROWS_ALONE: Final = 500
"""Rows told where packets are not."""
_WORDS: Final = 64 << 10
"""Bytes of a mail for what is not attached: its words and the picture."""
_OF_BASE64: Final = 0.73
"""A file takes 4/3 of its size in a mail, and its line ends (RFC 2045 section 6.8)."""
_CUT: Final = "cut to their headers"
_OPEN: Final = "Open it with TrafficDesk, or unpack it and read page.html."


class Enclosures:
    """Makes them; called in a session's thread, and what it returns in any.

    Parameters
    ----------
    settings : of the detection as they are now.
    """

    def __init__(self, settings: Callable[[], DetectionSettings]) -> None:
        self._settings = settings

    def __call__(self, session: AnalysisSession, incident: Incident) -> Make:
        """Take hold of what is known now, of the incident as well; the rest is done when the answer is called."""
        scene = Scene.of(session, self._settings())
        newest = session.findings.incident(incident.id) or incident
        return lambda room: enclosure_of(scene, newest, room)


def enclosure_of(scene: Scene, incident: Incident, room: int) -> Enclosure:
    """Picture, and a zip of which the mail becomes no larger than `room` bytes.

    Where all packets are too many there are fewer, the incident's own first; where frames are not kept or there is too
    little room, rows and reasons alone. What was left out is said.
    """
    from trafficdesk.evidence.picture import WIDTH, volume_picture

    drawing = volume_picture(scene.log, incident)
    shown = Enclosure(incident=incident)
    if drawing is not None:
        picture, words = drawing.png(), drawing.title
        shown = replace(shown, picture=picture, picture_words=words, picture_width=WIDTH)
    if not room:
        return shown
    limit = int((room - _WORDS - len(shown.picture) / _OF_BASE64) * _OF_BASE64)
    name = f"evidence-{incident.family.replace(' ', '-')}-{incident.id}.zip"
    words, archive = _archive(scene, incident, limit)
    return replace(shown, words=words, name=name, archive=archive)


def _archive(scene: Scene, incident: Incident, limit: int) -> tuple[str, bytes]:
    """What is said of it, and a zip of at most `limit` bytes; empty where none is so small."""
    from trafficdesk.export.evidence import evidence_ids

    every = evidence_ids(scene.log, incident)
    proof = asked(scene.ask, every)
    ids = every if len(every) <= MOST_PACKETS else evidence_ids(scene.log, incident, MOST_PACKETS)
    why = "the frames of this capture are not kept"
    while scene.frames is not None and len(ids):
        saved, archive = _zipped(scene, incident, ids, proof)
        if not saved.packets:
            why = "their frames are not kept any more"
            break
        if len(archive) <= limit:
            words = f"Attached: {_told(saved, len(every))}. {_until(scene, incident)} {_OPEN}"
            return words, archive
        why = "with packets the mail would be too large"
        fewer = int(len(ids) * min(limit / len(archive), 0.9) * 0.8)
        ids = evidence_ids(scene.log, incident, max(fewer, 0)) if fewer >= _LEAST_PACKETS else ids[:0]
    ids = evidence_ids(scene.log, incident, _ROWS_ALONE)
    _, archive = _zipped(replace(scene, frames=None), incident, ids, proof)
    if len(archive) > limit:
        _, archive = _zipped(replace(scene, frames=None), incident, ids, None)
    if len(archive) > limit:
        return "Nothing is attached: the mail would be larger than the settings allow.", b""
    return f"Attached: {len(ids):,} rows and the reasons, without packets: {why}. {_OPEN}", archive


def _zipped(
    scene: Scene, incident: Incident, ids: NDArray[np.int64], proof: Proof | None
) -> tuple[SavedEvidence, bytes]:
    with tempfile.TemporaryDirectory(prefix="trafficdesk-") as folder:
        path = Path(folder, "evidence.zip")
        saved = bundle(path, replace(scene, ask=None), incident, ids=ids, proof=proof)
        return saved, path.read_bytes()


def _until(scene: Scene, incident: Incident) -> str:
    """How far the evidence goes: the mail may have left before all of it had happened."""
    from trafficdesk.alerts.mail import moment
    from trafficdesk.export.evidence import AROUND_S

    newest = scene.log.end_id - 1
    seen_ns = int(scene.log.column("timestamp_ns", np.array([newest]))[0])
    if seen_ns >= incident.end_ns + AROUND_S * 10**9:
        return f"It has all until {AROUND_S} s after the incident's last packet."
    return f"It has what was captured until {moment(seen_ns)}; what came later is not in it."


def _told(saved: SavedEvidence, every: int) -> str:
    """So many packets, and what became of the others."""
    chosen = saved.packets + saved.missing
    left_out = f" of {every:,}" if chosen < every else ""
    lost = f" ({saved.missing:,} are no longer kept)" if saved.missing else ""
    noun = "packet" if saved.packets == 1 and not left_out else "packets"
    fewer = "; all would be too many for a mail" if left_out else ""
    return f"{saved.packets:,}{left_out} {noun}{lost} {_CUT}, their rows, and the reasons{fewer}"
