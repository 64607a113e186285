"""Read an evidence zip: its packets, and what was recorded of them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trafficdesk.errors import BadCaptureFile
from trafficdesk.evidence import is_evidence
from trafficdesk.ui.workers.capture_jobs import FileJob

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.capture.pcap_file import CaptureFile
    from trafficdesk.detect.finding import Detection
    from trafficdesk.detect.questions import Question
    from trafficdesk.evidence.opening import Opened
    from trafficdesk.evidence.replay import Replay
    from trafficdesk.evidence.verifying import Verification
    from trafficdesk.ui.workers.capture_jobs import CaptureJob


def file_job(path: Path, title: str = "") -> FileJob:
    """The job that reads a file: an evidence's if it is one."""
    return EvidenceJob(path, title) if is_evidence(path) else FileJob(path, title)


def recorded(job: CaptureJob) -> EvidenceJob | None:
    """A job whose packets bring what was said of them."""
    return job if isinstance(job, EvidenceJob) else None


class EvidenceJob(FileJob):
    """Verified when it runs; its packets lie in a folder of ours until it is closed."""

    def __init__(self, path: Path, title: str = "") -> None:
        super().__init__(path, title)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._replay: Replay | None = None
        self.evidence: Opened | None = None
        """Known once it was opened."""
        self.verification: Verification | None = None

    def detection(self, start_id: int, stop_id: int) -> Detection:
        """What was recorded of consecutive packets that `run` delivered."""
        assert self._replay is not None
        return self._replay.detection(start_id, stop_id)

    def answer(self, question: Question[Any], then: Callable[[Any], None]) -> bool:
        """What is recorded answers what it can in the detector's place: where scores come from."""
        from trafficdesk.detect.proof import ProofQuestion

        if self._replay is None or not isinstance(question, ProofQuestion):
            return False
        proof = self._replay.proof(question.packet_ids)
        if proof is not None:
            then(proof)
        return proof is not None

    def close(self) -> None:
        """Let go of the packets."""
        super().close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _open(self) -> CaptureFile:
        from trafficdesk.capture.pcap_file import CaptureFile
        from trafficdesk.evidence.opening import opened
        from trafficdesk.evidence.replay import Replay
        from trafficdesk.evidence.verifying import Verification

        self._folder = tempfile.TemporaryDirectory(prefix="trafficdesk-")
        capture = Path(self._folder.name, "capture.pcapng")
        evidence = opened(self.path, capture)
        if evidence.recording is None:
            raise BadCaptureFile(
                f"{self.path.name} was written by TrafficDesk {evidence.version or 'of old'}, without its scores.",
                "Unpack it, and open its capture.pcapng to analyse it anew.",
            )
        if not evidence.packets:
            raise BadCaptureFile(
                f"{self.path.name} has no packets to show.", "Unpack it, and read its page.html and rows.csv."
            )
        self.verification = Verification.of(evidence.recording)
        self._replay, self.evidence = Replay(evidence), evidence
        return CaptureFile(capture)
