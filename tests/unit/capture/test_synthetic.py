from __future__ import annotations

import csv
import ipaddress
import shutil
import subprocess

import numpy as np
import pytest

from tests.helpers.wire import TCP_SYN, UDP_6, UDP_TICK, block_of
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.capture.synthetic import DEFAULT_SEED, frames, generate, write_sample
from trafficdesk.capture.synthetic.__main__ import main
from trafficdesk.decode import decode
from trafficdesk.packets import PacketBatch, PacketLog
from trafficdesk.packets.address import pack_address
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.protocol import EtherType, IpProtocol, Status
from trafficdesk.paths import sample_capture

FAMILIES = ["port scan", "dns tunnel", "beacon", "upload burst", "arp spoof"]
SECOND_NS = 1_000_000_000


@pytest.fixture(scope="module")
def log() -> PacketLog:
    log = PacketLog()
    with CaptureFile(sample_capture()) as capture:
        for block in capture.blocks():
            log.append(decode(block))
    return log


@pytest.fixture(scope="module")
def truths() -> list[dict[str, str]]:
    with sample_capture().with_suffix(".incidents.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def chosen(log: PacketLog, expression: str) -> PacketBatch:
    return log.take(log.select(compile_filter(expression).mask))


def of_family(truths: list[dict[str, str]], family: str) -> str:
    """A filter for the frames between an incident's first and last."""
    (truth,) = (truth for truth in truths if truth["family"] == family)
    return f"frame.number >= {truth['first_packet']} && frame.number <= {truth['last_packet']}"


def test_bundled_sample_is_what_the_generator_writes(tmp_path):
    """The sample and its ground truth can be made again, byte for byte, by the documented command."""
    written = tmp_path / "again.pcapng"
    assert main([str(written)]) == 0
    assert written.read_bytes() == sample_capture().read_bytes()
    truth = written.with_suffix(".incidents.csv").read_bytes()
    assert truth == sample_capture().with_suffix(".incidents.csv").read_bytes()


def test_another_seed_is_another_half_hour(tmp_path):
    """The seed decides: the same one twice is the same file, another one is not."""
    for name, seed in (("one", 11), ("two", 11), ("other", 12)):
        write_sample(tmp_path / name, seed=seed)
    one, two, other = ((tmp_path / name).read_bytes() for name in ("one", "two", "other"))
    assert one == two
    assert one != other


def test_unwritable_place_is_said_in_a_sentence(tmp_path, capsys):
    """A folder that is not there ends the command with code 3 and a remedy."""
    assert main([str(tmp_path / "nowhere" / "sample.pcapng")]) == 3
    assert "another folder" in capsys.readouterr().err


def test_is_half_an_hour_of_a_believable_laptop(log):
    """Size, span and the mix of protocols are those promised."""
    times = log.column("timestamp_ns", np.arange(log.end_id))
    assert 30_000 <= len(log) <= 60_000
    assert 29 * 60 * SECOND_NS <= times[-1] - times[0] <= 31 * 60 * SECOND_NS
    assert (np.diff(times) >= 0).all()
    assert sample_capture().stat().st_size < 3.5e6
    for protocol in (
        "arp",
        "dns",
        "mdns",
        "tls",
        "http",
        "quic",
        "dhcp",
        "ntp",
        "ssdp",
        "ssh",
        "icmp",
        "icmpv6",
        "stun",
    ):
        assert len(chosen(log, protocol)), protocol


def test_nothing_in_it_is_malformed(log):
    """Every frame is read whole, or as far as the capture kept it."""
    assert set(log.column("status", np.arange(log.end_id)).tolist()) <= {Status.COMPLETE, Status.TRUNCATED}


def test_no_real_address_or_name_stands_in_it(log):
    """Addresses are private, multicast or reserved for documentation; names end in reserved suffixes."""
    for column in ("source", "destination"):
        everyone = {
            item.tobytes() for item in log.column(column, log.select(compile_filter("ip || ipv6").mask))
        }
        for raw in everyone:
            address = ipaddress.ip_address(raw[12:] if raw.startswith(bytes(10) + b"\xff\xff") else raw)
            assert address.is_private or address.is_multicast, address
    suffixes = (".example", ".example.com", ".example.net", ".example.org", ".local")
    named = chosen(log, "dns.qry.name || tls.handshake.extensions_server_name")
    for name in {named.text_of(row).decode() for row in range(len(named))}:
        assert name.endswith(suffixes), name


def test_truth_names_five_separate_incidents(log, truths):
    """Each family once, one after the other; counts and times are those of the frames."""
    assert [truth["family"] for truth in truths] == FAMILIES
    times = log.column("timestamp_ns", np.arange(log.end_id))
    last = 0
    for truth in truths:
        first, end = int(truth["first_packet"]) - 1, int(truth["last_packet"]) - 1
        assert times[first] == int(truth["start_ns"])
        assert times[end] == int(truth["end_ns"])
        assert 0 < int(truth["packets"]) <= end - first + 1
        assert int(truth["start_ns"]) - last > 60 * SECOND_NS
        last = int(truth["end_ns"])


def test_starts_with_ordinary_traffic(log, truths):
    """Eight minutes and far more than 3,000 packets pass before the first incident, so that a model has learned."""
    assert int(truths[0]["first_packet"]) > 10_000
    assert int(truths[0]["start_ns"]) - int(log.column("timestamp_ns", np.array([0]))[0]) > 8 * 60 * SECOND_NS


def test_scan_tries_many_ports_and_few_answer(log, truths):
    """300 ports of one host within half a minute, nearly all refused or silent."""
    scan = of_family(truths, "port scan")
    probes = chosen(log, f"{scan} && ip.src == 192.168.1.60 && tcp.flags.syn == 1")
    assert len(set(probes["destination_port"].tolist())) == len(probes) == 300
    assert np.ptp(probes["timestamp_ns"]) < 30 * SECOND_NS
    welcomed = chosen(log, f"{scan} && ip.dst == 192.168.1.60 && tcp.flags.syn == 1 && tcp.flags.ack == 1")
    refused = chosen(log, f"{scan} && ip.dst == 192.168.1.60 && tcp.flags.reset == 1")
    assert len(welcomed) == 1
    assert 150 < len(refused) < 260


def test_tunnel_asks_for_long_names_that_never_repeat(log, truths):
    """Hundreds of distinct names far longer than ordinary ones, for TXT and NULL."""
    asked = chosen(
        log, f'{of_family(truths, "dns tunnel")} && dns.flags.response == 0 && dns.qry.name contains "tunnel"'
    )
    names = {asked.text_of(row) for row in range(len(asked))}
    assert len(names) == len(asked) >= 300
    assert min(map(len, names)) > 100
    assert set(asked["application_type"].tolist()) == {10, 16}
    ordinary = chosen(log, 'dns.qry.name && !(dns.qry.name contains "tunnel")')
    assert int(ordinary["text_length"].max()) < 45


def test_beacon_is_regular(log, truths):
    """Connections to one outside address, evenly spaced for minutes."""
    calls = chosen(log, "ip.dst == 192.0.2.77 && tcp.flags.syn == 1")
    gaps = np.diff(calls["timestamp_ns"]) / SECOND_NS
    assert len(gaps) >= 25
    assert 10 <= gaps.mean() <= 20
    assert 0 < gaps.std() / gaps.mean() < 0.12
    assert int(calls["timestamp_ns"][0]) == int(
        next(t for t in truths if t["family"] == "beacon")["start_ns"]
    )


def test_upload_sends_much_and_gets_little(log):
    """Tens of megabytes leave within half a minute, next to nothing comes back."""
    sent = chosen(log, "ip.dst == 192.0.2.140")
    received = chosen(log, "ip.src == 192.0.2.140")
    assert int(sent["length"].sum()) > 30e6
    assert int(received["length"].sum()) * 100 < int(sent["length"].sum())
    assert np.ptp(sent["timestamp_ns"]) < 40 * SECOND_NS


def test_intruder_claims_the_gateways_address(log, truths):
    """Two link addresses answer for one address, and the laptop's frames go to the wrong one for a while."""
    claims = chosen(log, "arp.opcode == 2 && arp.src.proto_ipv4 == 192.168.1.1")
    assert {f"{int(mac):012x}" for mac in claims["source_mac"]} == {"021a11000001", "026666000042"}
    stolen = chosen(log, "ip && eth.dst == 02:66:66:00:00:42")
    assert len(stolen)
    arp = next(truth for truth in truths if truth["family"] == "arp spoof")
    assert (
        int(arp["start_ns"])
        < stolen["timestamp_ns"].min()
        <= stolen["timestamp_ns"].max()
        <= int(arp["end_ns"])
    )


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_another_reader_finds_no_fault():
    """tshark sees no malformed frame, no wrong checksum and no hole in a TCP stream."""
    faults = "_ws.malformed || tcp.analysis.flags || " + " || ".join(
        f"{protocol}.checksum.status == 0" for protocol in ("ip", "tcp", "udp", "icmp", "icmpv6")
    )
    options = [f"{protocol}.check_checksum:TRUE" for protocol in ("ip", "tcp", "udp")]
    command = ["tshark", "-n", "-r", str(sample_capture()), "-Y", faults]
    for option in options:
        command += ["-o", option]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("frame", [TCP_SYN, UDP_TICK])
def test_builders_rebuild_what_a_kernel_sent(frame):
    """A frame taken apart and built again has the kernel's own lengths and IP checksum."""
    body = frame[34:]
    packet = frames.ipv4(
        frame[26:30], frame[30:34], frame[23], body, identification=int.from_bytes(frame[18:20], "big")
    )
    assert frames.ethernet(frame[6:12], frame[:6], EtherType.IPV4, packet) == frame


def test_transport_checksums_verify():
    """Summed with its own checksum a segment gives zero: over IPv4, IPv6, odd lengths and a sum of zero."""
    four = (pack_address("192.0.2.1")[12:], pack_address("192.0.2.2")[12:])
    six = (pack_address("2001:db8::1"), pack_address("2001:db8::2"))
    for addresses in (four, six):
        for payload in (b"", b"odd", bytes(8)):
            segment = frames.tcp(addresses, (1, 2), sequence=2**32 + 5, flags=2, payload=payload)
            assert _sums_to_zero(addresses, IpProtocol.TCP, segment)
            assert _sums_to_zero(addresses, IpProtocol.UDP, frames.udp(addresses, (1, 2), payload))
    message = frames.icmpv6(six, 128, 0, bytes(4) + b"x")
    assert _sums_to_zero(six, IpProtocol.ICMPV6, message)
    assert frames.internet_checksum(frames.icmp(8, 0, b"\0\1\0\2", b"abc")) == 0


def _sums_to_zero(addresses: tuple[bytes, bytes], protocol: int, segment: bytes) -> bool:
    return frames.internet_checksum(frames.pseudo_header(addresses, protocol, len(segment)) + segment) == 0


def test_udp_never_sends_a_checksum_of_zero():
    """A computed zero is sent as 0xFFFF, because zero means "none" (RFC 768)."""
    addresses = (bytes(4), bytes(4))
    # 17 + length twice + ports + payload must sum to 0xFFFF.
    datagram = frames.udp(addresses, (0xFFFF - 17 - 16, 0), b"")
    assert datagram[6:8] == b"\xff\xff"


def test_cut_frames_claim_their_whole_length():
    """A builder given a length writes headers of the whole packet over the bytes it was given."""
    addresses = (pack_address("192.0.2.1")[12:], pack_address("192.0.2.2")[12:])
    segment = frames.tcp(addresses, (1, 2), flags=16, payload=b"begin", length=1_460)
    packet = frames.ipv4(*addresses, IpProtocol.TCP, segment, length=1_480)
    frame = frames.ethernet(bytes(6), bytes(6), EtherType.IPV4, packet)
    batch = decode(block_of(frame, wire_lengths=[1_514]))
    assert int(batch["payload_length"][0]) == 1_460
    assert int(batch["status"][0]) == Status.TRUNCATED
    whole = frames.tcp(addresses, (1, 2), flags=16, payload=b"begin".ljust(1_460, b"\0"))
    assert whole[:25] == segment


def test_padded_frames_are_sixty_bytes():
    """Padding brings a short frame to Ethernet's minimum and is not taken for payload."""
    packet = UDP_TICK[14:]
    frame = frames.ethernet(UDP_TICK[6:12], UDP_TICK[:6], EtherType.IPV4, packet, padded=True)
    assert len(frame) == frames.MINIMUM_FRAME
    assert int(decode(block_of(frame))["payload_length"][0]) == 4


def test_ipv6_builder_rebuilds_what_a_kernel_sent():
    """IPv6 headers come out as the kernel's, flow label and all."""
    label = int.from_bytes(UDP_6[14:18], "big") & 0xFFFFF
    packet = frames.ipv6(UDP_6[22:38], UDP_6[38:54], 17, UDP_6[54:], flow_label=label)
    assert frames.ethernet(UDP_6[6:12], UDP_6[:6], EtherType.IPV6, packet) == UDP_6


def test_every_frame_knows_its_incident():
    """Frames are labelled with their incident, as many as the ground truth counts, between its first and last."""
    sample = generate()
    labels = np.array(sample.incidents)
    assert len(labels) == len(sample.frames)
    for number, truth in enumerate(sample.truths, 1):
        mine = np.flatnonzero(labels == number) + 1
        assert (len(mine), mine[0], mine[-1]) == (truth.packets, truth.first_packet, truth.last_packet)


def test_default_seed_is_the_bundled_one(truths):
    """`generate()` without a seed is the sample that comes with the program."""
    sample = generate()
    assert sample.truths == generate(DEFAULT_SEED).truths
    assert [str(truth.packets) for truth in sample.truths] == [truth["packets"] for truth in truths]
