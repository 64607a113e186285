"""A session that has seen the bundled sample, its frames and its detector at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import Conversations, decode_named
from trafficdesk.detect.detector import Detector
from trafficdesk.evidence.bundle import Scene
from trafficdesk.paths import sample_capture
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from trafficdesk.detect.finding import Incident


@dataclass(frozen=True)
class Analysed:
    """Nobody changes it: tests share it."""

    session: AnalysisSession
    detector: Detector
    file: CaptureFile

    def scene(self) -> Scene:
        return Scene.of(self.session, DetectionSettings())

    def incident(self, family: str) -> Incident:
        return next(one for one in self.session.incidents if one.family == family)

    def close(self) -> None:
        self.session.identifier.close()
        self.file.close()


def analysed() -> Analysed:
    session, detector, conversations = AnalysisSession(), Detector(DetectionSettings()), Conversations()
    session.begin()
    file = CaptureFile(sample_capture())
    session.frames = lambda: file
    session.ask = lambda question, then: then(question.answered(detector)) is None
    for block in file.blocks():
        batch = conversations.follow(decode_named(block.numbered(session.log.end_id)))
        session.ingest(session.identifier.identify(batch))
        while (rows := session.next_for_analysis()) is not None:
            session.apply(detector.process(rows))
    return Analysed(session, detector, file)
