import numpy as np

from tests.helpers.planted import ACK, RST, SYN, Traffic, mac_of
from trafficdesk.features.keys import mix, rows_of
from trafficdesk.packets.address import is_local, pack_address


def rows_from(traffic):
    batch = traffic.batch()
    return rows_of(batch, np.zeros(len(batch)))


def test_mix_depends_on_order_and_collides_never_in_a_million():
    """Keys of different pairs differ, also when the pair is swapped."""
    a = np.arange(1_000, dtype=np.int64).repeat(1_000)
    b = np.tile(np.arange(1_000, dtype=np.int64), 1_000)
    assert len(np.unique(mix(a, b))) == 1_000_000


def test_a_host_is_its_address_and_in_arp_its_mac():
    """The same host in two IP packets has one key; an ARP frame's host is the device, not the address it claims."""
    traffic = Traffic()
    traffic.tcp(0, "10.0.0.1", 1, "10.0.0.2", 2)
    traffic.udp(1, "10.0.0.2", 1, "10.0.0.1", 2)
    traffic.arp(2, "10.0.0.1", "10.0.0.9", mac=7)
    traffic.arp(3, "10.0.0.5", "10.0.0.9", mac=7)
    rows = rows_from(traffic)
    assert rows.source[0] == rows.destination[1]
    assert rows.source[2] == rows.source[3] != rows.source[0]
    assert rows.sender_address[2] == rows.source[0]


def test_flags_and_kinds():
    """SYN alone opens, SYN with ACK answers, RST resets; neighbour discovery is no ICMP to count."""
    traffic = Traffic()
    traffic.tcp(0, "10.0.0.1", 1, "10.0.0.2", 2, SYN)
    traffic.tcp(1, "10.0.0.2", 2, "10.0.0.1", 1, SYN | ACK)
    traffic.tcp(2, "10.0.0.2", 2, "10.0.0.1", 1, RST)
    traffic.icmp(3, "10.0.0.1", "10.0.0.2")
    traffic.add(4, "fe80::1", "fe80::2", ip_protocol=58, message_type=135)
    traffic.add(5, "fe80::1", "fe80::2", ip_protocol=58, message_type=128)
    rows = rows_from(traffic)
    assert rows.syn.tolist() == [True, False, False, False, False, False]
    assert rows.syn_ack.tolist() == [False, True, False, False, False, False]
    assert rows.rst.tolist() == [False, False, True, False, False, False]
    assert rows.icmp.tolist() == [False, False, False, True, False, True]


def test_multicast_and_broadcast():
    """Groups of IPv4, IPv6 and Ethernet are no hosts to fan out to; a unicast MAC is."""
    traffic = Traffic()
    for at, destination in enumerate(["224.0.0.251", "255.255.255.255", "10.0.0.255", "10.0.0.7"]):
        traffic.udp(at, "10.0.0.1", 5353, destination, 5353)
    traffic.udp(4, "fe80::1", 5353, "ff02::fb", 5353)
    traffic.arp(5, "10.0.0.1", "10.0.0.2")
    traffic.arp(6, "10.0.0.1", "10.0.0.2", operation=2, to_mac=mac_of("10.0.0.2"))
    assert rows_from(traffic).multicast.tolist() == [True, True, True, False, True, True, False]


def test_later_fragments_have_no_ports():
    """A TCP packet without ports is not taken for one that opens something."""
    traffic = Traffic()
    traffic.add(0, "10.0.0.1", "10.0.0.2", ip_protocol=6, fragment_offset=1_480)
    rows = rows_from(traffic)
    assert not rows.ported[0]
    assert not rows.tcp[0]


def test_what_is_local():
    """Private, link-local, shared, benchmark and multicast ranges are local; public addresses are not."""
    texts = ["10.1.2.3", "172.16.0.1", "172.32.0.1", "192.168.1.1", "169.254.3.4", "100.64.0.1", "127.0.0.1"]
    texts += ["198.18.134.1", "224.0.0.1", "8.8.8.8", "fe80::1", "fd00::1", "2606:4700::1", "ff02::1", "::1"]
    packed = np.array([np.void(pack_address(text)) for text in texts], "V16")
    outside = [text for text, local in zip(texts, is_local(packed), strict=True) if not local]
    assert outside == ["172.32.0.1", "8.8.8.8", "2606:4700::1"]
