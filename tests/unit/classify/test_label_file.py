"""Labels of every form call the packets they are about, and a broken line is told by its number."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.planted import START_NS, SYN, Traffic
from trafficdesk.classify.classifier import NORMAL
from trafficdesk.classify.label_file import read_labels
from trafficdesk.errors import BadLabels
from trafficdesk.packets.batch import PacketBatch

START = START_NS // 1_000_000_000


@pytest.fixture
def batch():
    """A SYN, a DNS question, its answer, an ARP request, a ping and a late SYN, one a second."""
    traffic = Traffic()
    traffic.tcp(0, "10.0.0.1", 40_000, "10.0.0.2", 22, SYN)
    traffic.dns(1, "10.0.0.1", "10.0.0.9", "a.Evil.example")
    traffic.udp(2, "10.0.0.9", 53, "10.0.0.1", 40_001)
    traffic.arp(3, "10.0.0.3", "10.0.0.4")
    traffic.icmp(4, "10.0.0.5", "10.0.0.1")
    traffic.tcp(500, "10.0.0.1", 40_000, "10.0.0.2", 22, SYN)
    plain = traffic.batch()
    name = np.frombuffer(b"a.Evil.example", np.uint8).copy()
    lengths = np.where(np.arange(len(plain)) == 1, len(name), 0).astype(np.uint16)
    columns = {**plain.columns, "text_length": lengths, "text_start": np.zeros(len(plain), np.int64)}
    return PacketBatch(0, columns, name)


def told(path, batch, capture=""):
    labels = read_labels(path, capture)
    said = labels.told(batch, 1)
    return [labels.names[number] if number >= 0 else "" for number in said.name], said.event.tolist()


def written(tmp_path, *lines):
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_packets_are_called_by_their_number(tmp_path, batch):
    """attack is called by its family, benign is normal, ambiguous and missing ones are not learned from."""
    path = written(
        tmp_path, "index,label,family", "4,attack,scan", "1,benign,web", "2,ambiguous,x", "3,backup,"
    )
    assert told(path, batch)[0] == [NORMAL, "", "backup", "scan", "", ""]


@pytest.mark.parametrize(
    ("kind", "value", "rows"),
    [
        ("ip", "10.0.0.9", [1, 2]),
        ("time", f"{START + 2}/{START + 3}", [2, 3]),
        ("flow", "src=10.0.0.1", [0, 1, 5]),
        ("flow", "dst=10.0.0.1|10.0.0.9", [1, 2, 4]),
        ("flow", "ip=10.0.0.1;ip=10.0.0.2", [0, 5]),
        ("flow", "proto=udp;sport=53", [2]),
        ("flow", "proto=tcp|icmp", [0, 4, 5]),
        ("flow", "proto=arp;arp_op=1;arp_spa=10.0.0.3", [3]),
        ("flow", "arp_tpa=10.0.0.4", [3]),
        ("flow", "port=22;flags=0x0002", [0, 5]),
        ("flow", "dns=evil.example", [1]),
        ("flow", f"t0={START + 1};t1={START + 2}", [1, 2]),
        ("flow", "i0=2;i1=3", [1, 2]),
        ("default", "*", [0, 1, 2, 3, 4, 5]),
    ],
)
def test_rules_find_their_packets(tmp_path, batch, kind, value, rows):
    """Each kind of rule and each key of a flow, alone."""
    path = written(tmp_path, "kind,value,label,family,note", f"{kind},{value},attack,bad,")
    names, _ = told(path, batch)
    assert [at for at, name in enumerate(names) if name == "bad"] == rows


def test_addresses_of_cards_are_found(tmp_path, batch):
    """By either end, or by the sender alone."""
    mac = int(batch["source_mac"][4]).to_bytes(6, "big").hex(":")
    path = written(
        tmp_path, "kind,value,label,family,note", f"flow,macsrc={mac},attack,bad,", f"flow,mac={mac},ok,,"
    )
    assert told(path, batch)[0] == ["", "", "", "", "bad", ""]


def test_the_first_rule_that_holds_counts(tmp_path, batch):
    """In order; bounded rules are events of their own, others are not."""
    path = written(
        tmp_path,
        "kind,value,label,family,note",
        f"flow,src=10.0.0.1;t1={START + 10},attack,bad,",
        "flow,src=10.0.0.1,attack,bad,",
        "default,*,benign,background,",
    )
    names, events = told(path, batch)
    assert names == ["bad", "bad", NORMAL, NORMAL, NORMAL, "bad"]
    assert events == [1, 1, 0, 0, 0, 0]


def test_incidents_are_spans_of_an_attacker(tmp_path, batch):
    """Of this capture only, by address or card; attackers described in words are left out, the rest is normal."""
    mac = int(batch["source_mac"][3]).to_bytes(6, "big").hex(":")
    path = written(
        tmp_path,
        "capture,family,attacker,start_epoch,end_epoch",
        f"a/one.pcap,scan,10.0.0.1,{START},{START + 1}",
        f"a/one.pcap,sweep,{mac},{START},{START + 9}",
        f"a/one.pcap,other,see packets,{START},{START + 9}",
        f"a/two.pcap,flood,10.0.0.5,{START},{START + 9}",
    )
    names, events = told(path, batch, "/x/a/one.pcap")
    assert names == ["scan", "scan", NORMAL, "sweep", NORMAL, NORMAL]
    assert events[:4] == [1, 1, 0, 2]


@pytest.mark.parametrize(
    ("head", "line", "why"),
    [
        ("index,label,family", "x,attack,scan", "'x' is no frame number"),
        ("index,label,family", f"{'9' * 30},attack,scan", "no frame number"),
        ("index,label,family", "²,attack,scan", "no frame number"),
        ("kind,value,label,family", "flow,ip=nowhere,attack,scan", "'nowhere' is no address"),
        ("kind,value,label,family", "flow,colour=red,attack,scan", "'colour' is not known"),
        ("kind,value,label,family", "flow,port=http,attack,scan", "'http' is no number"),
        ("kind,value,label,family", "flow,t0=soon,attack,scan", "'soon' is no time"),
        ("kind,value,label,family", "flow,t0=NaN,attack,scan", "'NaN' is no time"),
        ("kind,value,label,family", "flow,i0=a,attack,scan", "'a' is no"),
        ("kind,value,label,family", "flow,mac=zz,attack,scan", "'zz' is no address of a network card"),
        ("kind,value,label,family", "flow,proto=quux,attack,scan", "'quux' is no protocol"),
        ("kind,value,label,family", "moon,full,attack,scan", "'moon' is no kind of rule"),
    ],
)
def test_a_line_that_means_nothing_is_told_by_its_number(tmp_path, head, line, why):
    """The third line of the file is called the third line."""
    good = "1,benign,web" if head.startswith("index") else "default,*,benign,web"
    with pytest.raises(BadLabels, match=f"Line 3 of .*{why}"):
        read_labels(written(tmp_path, head, good, line))


@pytest.mark.parametrize("data", [b"a,b\n1,2\n", b"", b"\xff\xfe\x00", b"index,label\n\x00"])
def test_what_holds_no_labels_is_refused(tmp_path, data):
    """Another file, an empty one, no text at all."""
    path = tmp_path / "labels.csv"
    path.write_bytes(data)
    with pytest.raises(BadLabels):
        read_labels(path)


def test_a_missing_file_is_told(tmp_path):
    """With its name."""
    with pytest.raises(BadLabels, match=r"none\.csv can't be read"):
        read_labels(tmp_path / "none.csv")


def test_rows_far_into_a_capture_are_numbered_on(tmp_path, batch):
    """A later batch's packets have later numbers."""
    path = written(tmp_path, "index,label,family", "1002,attack,scan")
    said = read_labels(path).told(batch, 1001)
    assert np.flatnonzero(said.name >= 0).tolist() == [1]
