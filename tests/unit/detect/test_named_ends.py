from tests.helpers.planted import ACK, RST, SYN, Traffic
from trafficdesk.detect.detector import Detector
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import DetectionSettings


def scanned():
    """10.0.0.66 scans 10.0.0.2, every fourth port of which refuses."""
    traffic = Traffic()
    for port in range(60):
        traffic.tcp(port * 0.01, "10.0.0.66", 50_000, "10.0.0.2", 1_000 + port, SYN)
        if port % 4 == 0:
            traffic.tcp(port * 0.01 + 0.001, "10.0.0.2", 1_000 + port, "10.0.0.66", 50_000, RST | ACK)
    session = AnalysisSession()
    session.ingest(traffic.batch())
    batch = session.next_for_analysis()
    session.apply(Detector(DetectionSettings()).process(batch))
    return session


def test_the_scanned_host_is_named_in_both_directions():
    """Of the scan's own rows and of its victim's answers."""
    session = scanned()
    log, findings = session.log, session.findings
    ids = findings.flagged_between(0, log.end_id)
    ends = {
        findings.reasons_of(int(number))[0].words.split(" in 60 s")[0].split(" on ")[-1] for number in ids
    }
    assert ends == {"10.0.0.2"}
    sources = {bytes(address.tobytes())[-1] for address in log.column("source", ids)}
    assert sources == {66, 2}
    (answer, *_) = [int(n) for n in ids if bytes(log.column("source", ids[ids == n])[0].tobytes())[-1] == 2]
    assert "unanswered attempts from 10.0.0.66" in findings.sentence_of(answer)


def test_the_incident_names_its_peer_but_not_its_culprit_again():
    """The culprit is the incident's own; who was tried is said."""
    (incident,) = scanned().incidents
    assert incident.reasons[0].words.startswith("about 60 ports tried on 10.0.0.2 in 60 s")
    assert all("10.0.0.66" not in reason.words for reason in incident.reasons)


def test_a_brute_force_names_the_server():
    """The end with the lower port, whichever sent the packet."""
    traffic = Traffic()
    for number in range(40):
        traffic.tcp(number * 0.2, "10.0.0.66", 40_000 + number, "10.0.0.2", 22, SYN)
        traffic.tcp(number * 0.2 + 0.01, "10.0.0.2", 22, "10.0.0.66", 40_000 + number, SYN | ACK)
    session = AnalysisSession()
    session.ingest(traffic.batch())
    session.apply(Detector(DetectionSettings()).process(session.next_for_analysis()))
    (incident,) = session.incidents
    assert incident.family == "brute force"
    assert "to one service of 10.0.0.2 in 60 s" in incident.reasons[0].words
