"""Each rule fires on a planted behaviour, names the right culprit, and stays silent just below its floor."""

import numpy as np
import pytest

from tests.helpers.planted import ACK, RST, SYN, Traffic
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.families import FAMILIES, FAMILY_INDEX
from trafficdesk.detect.rules import RULES
from trafficdesk.features import INDEX
from trafficdesk.registry import by_name
from trafficdesk.settings import DetectionSettings

BAD, VICTIM, OUTSIDE = "192.168.7.66", "192.168.7.20", "93.184.1.1"
BAD_MAC = 0x02_66_66_66_66_66


def port_scan(ports):
    traffic = Traffic()
    for port in range(ports):
        traffic.tcp(port * 0.05, BAD, 50_000, VICTIM, 1_000 + port, SYN)
        traffic.tcp(port * 0.05 + 0.01, VICTIM, 1_000 + port, BAD, 50_000, RST | ACK)
    return traffic


def host_sweep(hosts):
    traffic = Traffic()
    for host in range(hosts):
        traffic.tcp(host * 0.05, BAD, 50_000 + host, f"192.168.8.{host + 1}", 445, SYN)
    return traffic


def ping_sweep(hosts):
    traffic = Traffic()
    for host in range(hosts):
        traffic.icmp(host * 0.05, BAD, f"192.168.8.{host + 1}")
    return traffic


def arp_sweep(hosts):
    traffic = Traffic()
    for host in range(hosts):
        traffic.arp(host * 0.02, BAD, f"192.168.7.{host + 100}")
    return traffic


def forged_flood(senders):
    traffic = Traffic()
    for sender in range(senders):
        traffic.tcp(
            sender * 0.001, f"203.0.{sender // 200}.{sender % 200 + 1}", 1_024 + sender, VICTIM, 80, SYN
        )
    return traffic


def flood_of_one(attempts):
    traffic = Traffic()
    for attempt in range(attempts):
        traffic.tcp(attempt * 0.001, BAD, 1_024 + attempt, VICTIM, 80, SYN)
    return traffic


def ping_flood(pings):
    traffic = Traffic()
    for ping in range(pings):
        traffic.icmp(ping * 0.001, BAD, VICTIM)
    return traffic


def brute_force(logins):
    traffic = Traffic()
    for login in range(logins):
        traffic.visit(login * 0.4, BAD, 50_000 + login, VICTIM, 22, packets=3)
    return traffic


def arp_conflict(claims):
    traffic = Traffic()
    traffic.arp(0, "192.168.7.1", "192.168.7.20")
    for claim in range(claims):
        traffic.arp(5 + claim, "192.168.7.1", "192.168.7.20", operation=2, mac=BAD_MAC, to_mac=5)
    return traffic


def unasked_replies(replies):
    traffic = Traffic()
    for reply in range(replies):
        traffic.arp(reply, "192.168.7.1", "192.168.7.20", operation=2, mac=BAD_MAC, to_mac=5)
    return traffic


def dns_tunnel(names):
    traffic = Traffic()
    for name in range(names):
        traffic.dns(name * 0.1, BAD, "192.168.7.1", f"{name:050x}.tunnel.test")
        traffic.dns(name * 0.1 + 0.02, BAD, "192.168.7.1", f"{name:050x}.tunnel.test", answer=True)
    return traffic


def missing_names(names):
    traffic = Traffic()
    for name in range(names):
        traffic.dns(name * 0.1, BAD, "192.168.7.1", f"x{name}.test")
        traffic.dns(name * 0.1 + 0.02, BAD, "192.168.7.1", f"x{name}.test", answer=True, code=3)
    return traffic


def icmp_tunnel(pings):
    traffic = Traffic()
    for ping in range(pings):
        traffic.icmp(ping * 0.5, BAD, OUTSIDE, length=900)
    return traffic


def beacon(beats):
    traffic = Traffic()
    for beat in range(beats):
        traffic.visit(beat * 20.0 + 0.1 * (beat % 3), BAD, 50_000 + beat, OUTSIDE, packets=2)
    return traffic


def upload(megabytes):
    traffic = Traffic()
    for packet in range(megabytes * 20):
        traffic.tcp(packet * 0.01, BAD, 50_000, OUTSIDE, 443, length=50_000)
        traffic.tcp(packet * 0.01 + 0.001, OUTSIDE, 443, BAD, 50_000, length=60)
    return traffic


def slow_scan(ports):
    traffic = Traffic()
    for port in range(ports):
        traffic.tcp(port * 20.0, BAD, 50_000 + port, VICTIM, 1_000 + port, SYN)
    return traffic


def slow_sweep(hosts):
    traffic = Traffic()
    for host in range(hosts):
        traffic.tcp(host * 12.0, BAD, 50_000, f"192.168.8.{host + 1}", 445, SYN)
    return traffic


def protocol_scan(protocols):
    traffic = Traffic()
    for protocol in range(protocols):
        traffic.add(protocol * 0.01, BAD, VICTIM, ip_protocol=90 + protocol)
    return traffic


def patient_guesses(logins):
    traffic = Traffic()
    for login in range(logins):
        traffic.visit(login * 8.0, BAD, 50_000 + login, VICTIM, 3389, packets=3)
    return traffic


def unused_connections(connections):
    traffic = Traffic()
    for connection in range(connections):
        at, port = connection * 0.001, 1_024 + connection
        traffic.tcp(at, BAD, port, VICTIM, 80, SYN)
        traffic.tcp(at + 0.0001, VICTIM, 80, BAD, port, SYN | ACK)
        traffic.tcp(at + 0.0002, BAD, port, VICTIM, 80, RST)
    return traffic


def slow_arp_sweep(hosts):
    traffic = Traffic()
    for host in range(hosts):
        traffic.arp(host * 5.0, BAD, f"192.168.7.{host + 100}")
    return traffic


def slow_scan_of_a_host_in_use(ports):
    traffic = slow_scan(ports)
    for visit in range(2 * ports):
        traffic.visit(visit * 10.0 + 3.0, BAD, 40_000 + visit, VICTIM, 443, packets=1)
    return traffic


def reflection(reflectors):
    traffic = Traffic()
    for reflector in range(reflectors):
        traffic.tcp(reflector * 0.3, f"203.0.113.{reflector + 1}", 443, VICTIM, 20_000, SYN | ACK)
    return traffic


def short_names_of_one_domain(names):
    traffic = Traffic()
    for name in range(names):
        traffic.dns(name * 0.2, BAD, "192.168.7.1", f"{name * 7_919:018x}.tunnel.test")
    return traffic


def generated_names(names):
    traffic = Traffic()
    for name in range(names):
        for answer in (False, True):
            traffic.dns(
                name * 0.5,
                BAD,
                "192.168.7.1",
                f"xkqjw{name}.test",
                answer=answer,
                code=3 * answer,
                entropy=3.4,
            )
    return traffic


def covert_answers(pings):
    traffic = Traffic()
    for ping in range(pings):
        traffic.icmp(ping * 0.5, BAD, OUTSIDE, length=70)
        traffic.icmp(ping * 0.5 + 0.02, OUTSIDE, BAD, kind=0, length=90 + 7 * ping)
    return traffic


def jittered_beacon(beats):
    traffic = Traffic()
    random, at = np.random.default_rng(1), 0.0
    for beat in range(beats):
        traffic.visit(at, BAD, 50_000 + beat, OUTSIDE, packets=2)
        at += 60.0 * float(random.uniform(0.7, 1.3))
    return traffic


def watched(seconds):
    """Two hosts that talk a little all the while."""
    traffic = Traffic()
    random = np.random.default_rng(3)
    for at in range(0, seconds, 20):
        for host in (VICTIM, BAD):
            begin = at + float(random.uniform(0, 18))
            traffic.visit(begin, host, 30_000 + at, f"93.184.{int(random.integers(99))}.9", packets=1)
    return traffic


def exfiltration(megabytes):
    traffic = watched(2_400)
    for packet in range(megabytes * 10):
        receiver = f"198.51.100.{packet % 8 + 1}"
        at = 2_000 + packet * 300 / (megabytes * 10)
        traffic.udp(at, BAD, 50_000, receiver, 443, length=100_000)
    return traffic


def new_device(messages):
    traffic = watched(2_000)
    for message in range(messages):
        traffic.arp(1_900 + message, "192.168.7.99", "192.168.7.1")
    return traffic


def new_service(answers):
    traffic = watched(2_000)
    for answer in range(answers):
        traffic.tcp(1_950 + answer, BAD, 4_444, OUTSIDE, 50_000, length=200, payload_length=146)
    return traffic


PLANTED = [
    ("port scan", slow_scan, 40, 14, BAD),
    ("port scan", protocol_scan, 20, 7, BAD),
    ("port scan", slow_scan_of_a_host_in_use, 40, 11, BAD),
    ("arp sweep", slow_arp_sweep, 90, 59, BAD),
    ("flood", unused_connections, 400, 190, BAD),
    ("host sweep", slow_sweep, 60, 29, BAD),
    ("brute force", patient_guesses, 20, 9, BAD),
    ("flood", reflection, 60, 39, VICTIM),
    ("dns tunnel", short_names_of_one_domain, 80, 38, BAD),
    ("dga", generated_names, 30, 9, BAD),
    ("icmp tunnel", covert_answers, 20, 4, BAD),
    ("beacon", jittered_beacon, 60, 12, BAD),
    ("exfiltration", exfiltration, 120, 40, BAD),
    ("new device", new_device, 3, 0, "192.168.7.99"),
    ("new service", new_service, 3, 0, BAD),
    ("port scan", port_scan, 40, 11, BAD),
    ("host sweep", host_sweep, 40, 19, BAD),
    ("host sweep", ping_sweep, 40, 19, BAD),
    ("arp sweep", arp_sweep, 30, 9, BAD),
    ("flood", forged_flood, 300, 55, VICTIM),
    ("flood", flood_of_one, 400, 190, BAD),
    ("flood", ping_flood, 400, 190, BAD),
    ("brute force", brute_force, 30, 9, BAD),
    ("arp spoof", arp_conflict, 3, 0, "02:66:66:66:66:66"),
    ("arp spoof", unasked_replies, 8, 3, "02:66:66:66:66:66"),
    ("dns tunnel", dns_tunnel, 40, 14, BAD),
    ("nxdomain", missing_names, 40, 14, BAD),
    ("icmp tunnel", icmp_tunnel, 20, 7, BAD),
    ("beacon", beacon, 12, 6, BAD),
    ("upload burst", upload, 40, 18, BAD),
]
IDS = [f"{family}: {plant.__name__}" for family, plant, *_ in PLANTED]


@pytest.mark.parametrize(("family", "plant", "many", "few", "culprit"), PLANTED, ids=IDS)
def test_fires_on_the_planted_behaviour_and_names_the_culprit(family, plant, many, few, culprit):
    """One incident of the right family and culprit, whose sentence names it; every flagged row carries the family."""
    detection = Detector(DetectionSettings()).process(plant(many).batch())
    assert [(incident.family, incident.culprit) for incident in detection.incidents] == [(family, culprit)]
    incident = detection.incidents[0]
    assert culprit in incident.sentence
    assert incident.reasons
    assert set(detection.family[detection.family > 0].tolist()) == {FAMILY_INDEX[family]}
    assert (detection.score[detection.family > 0] >= 2).all()
    if not detection.model.model_id:
        assert np.isnan(detection.score[detection.family == 0]).all()


@pytest.mark.parametrize(("family", "plant", "many", "few", "culprit"), PLANTED, ids=IDS)
def test_is_silent_just_below_the_floor(family, plant, many, few, culprit):
    """A little less of the same is nobody's incident."""
    detection = Detector(DetectionSettings()).process(plant(few).batch())
    assert not detection.incidents, family
    assert not detection.family.any()


def test_what_is_new_early_is_not_new():
    """In the first half hour a network is being learned: no device and no service is news."""
    traffic = watched(1_000)
    traffic.arp(900, "192.168.7.99", "192.168.7.1")
    for answer in range(5):
        traffic.tcp(950 + answer, BAD, 4_444, OUTSIDE, 50_000, length=200, payload_length=146)
    assert not Detector(DetectionSettings()).process(traffic.batch()).family.any()


def test_a_port_that_only_accepts_is_no_new_service():
    """A scan that meets an open port shows no service: nothing was said there."""
    traffic = watched(2_000)
    for at in range(3):
        traffic.tcp(1_950 + at, OUTSIDE, 50_000 + at, BAD, 4_444, SYN)
        traffic.tcp(1_950.01 + at, BAD, 4_444, OUTSIDE, 50_000 + at, SYN | ACK)
    assert not Detector(DetectionSettings()).process(traffic.batch()).family.any()


def test_asking_for_the_names_of_addresses_is_no_tunnel():
    """Names of reverse zones are long and always different, and no data."""
    traffic = Traffic()
    for address in range(200):
        name = ".".join(f"{address:032x}") + ".ip6.arpa"
        traffic.dns(address * 0.1, VICTIM, "192.168.7.1", name)
    detection = Detector(DetectionSettings()).process(traffic.batch())
    assert not detection.family.any()


def test_a_ping_that_is_returned_is_no_tunnel():
    """Pings of every size, each returned as it was sent."""
    traffic = Traffic()
    for ping in range(60):
        for at, ends, kind in ((0.0, (VICTIM, OUTSIDE), 8), (0.03, (OUTSIDE, VICTIM), 0)):
            traffic.icmp(ping + at, *ends, kind=kind, length=70 + 2 * ping)
    assert not Detector(DetectionSettings()).process(traffic.batch()).family.any()


def test_answers_to_a_search_are_no_slow_scan():
    """A printer that answers a search from ever new ports, every minute, tries no ports."""
    traffic = Traffic()
    for search in range(40):
        traffic.udp(search * 40.0, VICTIM, 50_000 + search, "239.255.255.250", 3_702)
        traffic.udp(search * 40.0 + 0.1, BAD, 3_702, VICTIM, 50_000 + search)
    assert not Detector(DetectionSettings()).process(traffic.batch()).family.any()


def test_handshakes_of_which_half_is_seen_are_no_reflection():
    """A capture of one direction only: servers accept, one after the other, and go on with data."""
    traffic = Traffic()
    for visit in range(60):
        traffic.tcp(visit * 2.0, f"93.184.{visit}.1", 443, VICTIM, 20_000 + visit, SYN | ACK)
        traffic.tcp(visit * 2.0 + 0.1, f"93.184.{visit}.1", 443, VICTIM, 20_000 + visit, length=1_400)
    assert not Detector(DetectionSettings()).process(traffic.batch()).family.any()


def test_a_busy_browser_that_pings_is_no_ping_sweep():
    """Forty servers within a minute and twenty pings of one host: hosts that were pinged count, not those visited."""
    traffic = Traffic()
    for visit in range(40):
        traffic.visit(visit * 1.0, VICTIM, 40_000 + visit, f"93.184.{visit}.1")
    for ping in range(20):
        traffic.icmp(20 + ping, VICTIM, "192.168.7.1")
        traffic.icmp(20.01 + ping, "192.168.7.1", VICTIM, kind=0)
    assert not Detector(DetectionSettings()).process(traffic.batch()).family.any()


def test_a_flooded_host_that_pings_floods_nobody():
    """It answered every ping of a flood; the pings it then sends to another host are its own, and few."""
    traffic = Traffic()
    for ping in range(3_000):
        traffic.icmp(ping * 0.001, BAD, VICTIM)
        traffic.icmp(ping * 0.001 + 0.0001, VICTIM, BAD, kind=0)
    for ping in range(10):
        traffic.icmp(4 + ping, VICTIM, "192.168.7.1")
        traffic.icmp(4.01 + ping, "192.168.7.1", VICTIM, kind=0)
    incidents = Detector(DetectionSettings()).process(traffic.batch()).incidents
    assert [(incident.family, incident.culprit, incident.peers) for incident in incidents] == [
        ("flood", BAD, (VICTIM,))
    ]


def test_a_flood_names_none_but_its_target():
    """What the flooder does besides is no part of it, and what it asks of the same service afterwards no guessing."""
    traffic = flood_of_one(3_000)
    for visit in range(20):
        for server in ("192.168.7.30", VICTIM):
            traffic.visit(1 + visit, BAD, 40_000 + visit, server, 80)
    (incident,) = Detector(DetectionSettings()).process(traffic.batch()).incidents
    assert (incident.family, incident.culprit, incident.peers) == ("flood", BAD, (VICTIM,))


def test_a_busy_browser_is_no_scanner():
    """Two hundred answered connections to many servers on one port within a minute fire nothing."""
    traffic = Traffic()
    for visit in range(200):
        traffic.visit(visit * 0.3, VICTIM, 40_000 + visit, f"93.184.{visit % 7}.{visit % 50 + 1}")
    assert not Detector(DetectionSettings()).process(traffic.batch()).family.any()


def test_a_video_call_is_no_upload_burst():
    """As much comes back as goes out, a hundred MB or not."""
    traffic = Traffic()
    for packet in range(2_000):
        traffic.udp(packet * 0.01, VICTIM, 5_000, OUTSIDE, 3_478, length=50_000)
        traffic.udp(packet * 0.01 + 0.005, OUTSIDE, 3_478, VICTIM, 5_000, length=50_000)
    assert not Detector(DetectionSettings()).process(traffic.batch()).family.any()


def test_a_download_is_no_upload_burst():
    """What an outside host sends is not an upload of ours, however much it is."""
    traffic = Traffic()
    for packet in range(2_000):
        traffic.tcp(packet * 0.01, OUTSIDE, 443, VICTIM, 5_000, length=50_000)
    assert not Detector(DetectionSettings()).process(traffic.batch()).family.any()


def test_a_fast_scan_is_one_incident():
    """A scan fast enough to be a flood stays one port scan."""
    traffic = Traffic()
    for host in range(3):
        for port in range(400):
            traffic.tcp(host + port * 0.001, BAD, 50_000, f"192.168.7.{host + 20}", 1_000 + port, SYN)
    incidents = Detector(DetectionSettings()).process(traffic.batch()).incidents
    assert [(incident.family, incident.culprit) for incident in incidents] == [("port scan", BAD)]


def test_the_list_of_rules_and_the_list_of_families_agree():
    """Every family but none and unusual has one rule, in the same order, with measures that exist."""
    names = tuple(family.name for family in FAMILIES)
    assert names[0] == "none"
    assert names[-1] == "unusual"
    assert tuple(rule.family for rule in RULES) == names[1:-1]
    assert len(by_name(FAMILIES)) == len(FAMILIES)
    for rule in RULES:
        assert set(rule.measures) <= set(INDEX)
