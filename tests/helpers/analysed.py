"""A session that has seen the bundled sample, its frames at hand."""

from __future__ import annotations

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import Conversations, decode_named
from trafficdesk.detect.detector import Detector
from trafficdesk.paths import sample_capture
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import DetectionSettings


def analysed_sample() -> tuple[AnalysisSession, Detector, CaptureFile]:
    """The session, the detector that judged it, and the open file."""
    session, detector, conversations = AnalysisSession(), Detector(DetectionSettings()), Conversations()
    session.begin()
    file = CaptureFile(sample_capture())
    session.frames = lambda: file
    for block in file.blocks():
        batch = conversations.follow(decode_named(block.numbered(session.log.end_id)))
        session.ingest(session.identifier.identify(batch))
        while (rows := session.next_for_analysis()) is not None:
            session.apply(detector.process(rows))
    return session, detector, file
