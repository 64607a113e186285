"""`threats.threat_list`: whatever a file is, what can be used of it is, and the rest is told by its place."""

from __future__ import annotations

import csv
import gzip
import io
import ipaddress
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.packets.address import halves, pack_address
from trafficdesk.threats.problems import MOST
from trafficdesk.threats.threat_list import ThreatList, list_of, read_list

NOW_S = 1_790_000_000
DAY_S = 86_400


def a_list(raw: bytes | str) -> ThreatList:
    data = raw.encode() if isinstance(raw, str) else raw
    return list_of(data, name="x", path=Path("x.txt"), modified_s=NOW_S)


def holds(one: ThreatList, address: str) -> str:
    """The entry that an address lies in."""
    pair = halves(np.frombuffer(pack_address(address), "V16"))
    found = int(one.find_addresses(pair)[0])
    return one.address_entry(found) if found >= 0 else ""


def problems(one: ThreatList) -> list[int]:
    return [problem.place for problem in one.problems]


def test_plain_text() -> None:
    """One entry a line, with remarks of every kind; broken lines are told by their number."""
    one = a_list(
        "# Last updated: 2026-09-01\n"
        "203.0.113.7\n"
        "\n"
        "198.51.100.0/24 ; SBL1\n"
        "2001:db8::/32  # documentation\n"
        "2001:db8:1::7\n"
        "192.0.2.3 - 192.0.2.9\n"
        "bad.example\n"
        "*.worse.example\n"
        "what is this\n"
        "999.1.1.1\n"
        "203.0.113[.]99\n"
        "198.51.100.200:8080\n"
        "hxxp://shop.example/\n"
    )
    assert one.format == "text"
    assert problems(one) == [10, 11]
    assert holds(one, "203.0.113.7") == "203.0.113.7"
    assert holds(one, "203.0.113.8") == ""
    assert holds(one, "198.51.100.77") == "198.51.100.0/24"
    assert holds(one, "198.51.100.200") == "198.51.100.200"
    assert holds(one, "2001:db8:9::1") == "2001:db8::/32"
    assert holds(one, "2001:db8:1::7") == "2001:db8:1::7"
    assert holds(one, "192.0.2.5") == "192.0.2.3-192.0.2.9"
    assert holds(one, "203.0.113.99") == "203.0.113.99"
    assert one.domains.find([b"bad.example", b"a.bad.example", b"notbad.example", b"x.worse.example"]) == [
        b"bad.example", b"bad.example", b"", b"worse.example",
    ]  # fmt: skip
    assert one.domains.find([b"shop.example", b"example"]) == [b"shop.example", b""]
    assert one.dated_s == 1_788_220_800


@pytest.mark.parametrize("wrap", [
    lambda text: text.replace("\n", "\r\n").encode(),
    lambda text: text.replace("\n", "\r").encode(),
    lambda text: b"\xef\xbb\xbf" + text.encode(),
    lambda text: text.encode("utf-16"),
])  # fmt: skip
def test_line_ends_and_marks(wrap: object) -> None:
    """CRLF, CR, a byte order mark and UTF-16 change nothing, also not the numbers of lines."""
    one = a_list(wrap("203.0.113.7\nrubbish here\nbad.example\n"))  # type: ignore[operator]
    assert (one.entries, problems(one)) == (2, [2])


def test_names_of_the_world() -> None:
    """A name in its own letters is looked for as it travels (IDNA, RFC 5890)."""
    one = a_list("bücher.example\n例え.example\n")
    name = "例え.example".encode("idna")
    assert one.domains.find([b"www.xn--bcher-kva.example", name]) == [b"xn--bcher-kva.example", name]
    assert one.problem_count == 0


@pytest.mark.parametrize("entry", [
    "0.0.0.0/0", "::/0", "10.0.0.0/8", "10.1.2.3", "127.0.0.1", "192.168.0.0/16", "169.254.1.1", "224.0.0.1", "1.0.0.0/7",
    "172.0.0.0/8", "255.255.255.255", "fe80::1", "fc00::/7", "::1", "2000::/3", "9.255.255.250-10.0.0.3", "com", "localhost",
    "printer.local", "1.0.168.192.in-addr.arpa", "https://example.com/a/page", "fe80::1%eth0", "0.0.0.0",
])  # fmt: skip
def test_what_would_accuse_everybody_is_refused(entry: str) -> None:
    """The whole Internet, private and reserved networks, top-level domains and single pages: a line each, none used."""
    one = a_list(f"203.0.113.7\n{entry}\n")
    assert one.entries == 1
    assert problems(one) == [2]
    assert one.problems[0].words.isprintable()


def test_hosts_file() -> None:
    """Names that are led nowhere, several on a line; what every hosts file begins with is no entry."""
    one = a_list(
        "127.0.0.1 localhost\n::1 ip6-localhost\n0.0.0.0 bad.example worse.example # both\n0.0.0.0 Third.Example\n8.8.8.8 x.example\n"
    )
    assert one.format == "hosts"
    assert one.entries == 3
    assert problems(one) == [5]
    assert one.domains.find([b"third.example"]) == [b"third.example"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_finds_its_column(delimiter: str) -> None:
    """By the title it goes by, else by what stands in it; quoted cells, and titles in a remark."""
    out = io.StringIO()
    rows = csv.writer(out, delimiter=delimiter)
    rows.writerow(["first_seen", "malware", "dst_ip", "dst_port", "reporter"])
    rows.writerow(["2026-01-01", "win.emotet", "203.0.113.7", "443", "a, b; c"])
    rows.writerow(["2026-01-02", "win.emotet", "nowhere", "443", "x"])
    rows.writerow(["2026-01-03", "win.emotet", "198.51.100.9:447", "443", "x"])
    titled = a_list(out.getvalue())
    assert titled.format == "CSV"
    assert (titled.entries, problems(titled)) == (2, [3])
    bare = a_list(out.getvalue().partition("\r\n")[2])
    assert (bare.entries, problems(bare)) == (2, [2])
    remarked = a_list("# made by us\n# " + out.getvalue())
    assert (remarked.entries, problems(remarked)) == (2, [4])


def test_csv_without_entries_says_so() -> None:
    """A table of something else is no list."""
    one = a_list("a,b\n1,2\n3,4\n")
    assert one.entries == 0
    assert one.problem_count >= 1


def indicator(pattern: str, **changes: object) -> dict[str, object]:
    return {
        "type": "indicator",
        "pattern_type": "stix",
        "pattern": pattern,
        "modified": "2026-09-10T08:00:00.000Z",
        **changes,
    }


def test_stix() -> None:
    """Simple patterns are used, one of several too; what is joined, revoked or over is told by its object."""
    things = [
        {"type": "malware", "name": "x"},
        indicator("[ipv4-addr:value = '203.0.113.7']"),
        indicator("[ipv4-addr:value ISSUBSET '198.51.100.0/24'] OR [ipv6-addr:value = '2001:db8::7']"),
        indicator("[domain-name:value IN ('bad.example', 'worse.example')]"),
        indicator("[domain-name:value = 'a.example' AND ipv4-addr:value = '192.0.2.1']"),
        indicator("[domain-name:value = 'gone.example']", revoked=True),
        indicator("[domain-name:value = 'old.example']", valid_until="2020-01-01T00:00:00Z"),
        indicator("[file:hashes.MD5 = 'x']"),
        indicator("[domain-name:value != 'good.example']"),
        indicator("alert tcp any", pattern_type="snort"),
        "rubbish",
    ]
    one = a_list(json.dumps({"type": "bundle", "objects": things}))
    assert (one.format, one.unit) == ("STIX", "object")
    assert one.entries == 5
    assert problems(one) == [5, 6, 7, 8, 9, 10]
    assert holds(one, "198.51.100.3") == "198.51.100.0/24"
    assert one.domains.find([b"worse.example", b"gone.example", b"a.example"]) == [b"worse.example", b"", b""]
    assert one.dated_s == 1_789_027_200


@pytest.mark.parametrize(
    "raw", [b"{", b"[" * 100_000, b'{"objects": 5}', b'{"objects": [{"type": "indicator", "pattern": 7}]}']
)
def test_broken_json_is_a_problem(raw: bytes) -> None:
    """Cut off, nested without end, of other types."""
    one = a_list(raw)
    assert one.entries == 0


def test_its_own_date_counts_and_the_future_does_not() -> None:
    """A list says of when it is; one that claims a later day than its file's is not believed."""
    assert a_list("# Generated 2026-09-01 by x\n203.0.113.7\n").dated_s == 1_788_220_800
    assert a_list("# Generated 2031-01-01\n203.0.113.7\n").dated_s == NOW_S
    assert a_list("203.0.113.7\n").dated_s == NOW_S


def test_problems_are_bounded() -> None:
    """A file that is no list has a problem a line: the first are told, all are counted."""
    one = a_list("this is no list\n" * 5_000)
    assert len(one.problems) == MOST
    assert one.problem_count == 5_000


def test_files(tmp_path: Path) -> None:
    """Packed ones are read; what is missing, a folder, a pipe or no gzip at all is an error in words, at once."""
    packed = tmp_path / "feed.txt.gz"
    packed.write_bytes(gzip.compress(b"203.0.113.7\n"))
    assert (read_list(packed).entries, read_list(packed).name) == (1, "feed")
    cut = tmp_path / "cut.gz"
    cut.write_bytes(packed.read_bytes()[:-9])
    pipe = tmp_path / "pipe"
    if hasattr(os, "mkfifo"):
        os.mkfifo(pipe)
    for path in (tmp_path / "none.txt", tmp_path, pipe, cut):
        one = read_list(path)
        assert one.entries == 0
        assert one.error


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(raw: bytes) -> None:
    """Whatever lies in the folder: nothing is raised, and what is told can be shown."""
    one = a_list(raw)
    assert one.entries >= 0
    assert all(problem.words.isprintable() for problem in one.problems)


TEXTS = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.ip_addresses().map(str),
        st.sampled_from(["0.0.0.0 a.example", "{", "[1]", '"a","b"', "# x", "a,b,c", "::/0", "1.2.3.4-", "-1", "é.example", ".", "*."]),
    ),
    max_size=20,
)  # fmt: skip


@given(TEXTS)
def test_any_lines_are_survived(lines: list[str]) -> None:
    """Nearly right ones above all."""
    one = a_list("\n".join(lines).encode("utf-8", "surrogatepass"))
    assert all(problem.words.isprintable() for problem in one.problems)


NETWORKS = st.one_of(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(8, 32)).map(
        lambda pair: ipaddress.ip_network((pair[0], pair[1]), strict=False)
    ),
    st.tuples(st.integers(0x2000 << 112, (0x3FFF << 112) + 2**112 - 1), st.integers(16, 128)).map(
        lambda pair: ipaddress.ip_network((pair[0], pair[1]), strict=False)
    ),
)


@given(st.lists(NETWORKS, max_size=30), st.lists(st.ip_addresses(), max_size=10), st.integers(0, 2**16))
def test_addresses_are_found_as_ipaddress_finds_them(
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network],
    others: list[ipaddress.IPv4Address | ipaddress.IPv6Address],
    step: int,
) -> None:
    """Nested and overlapping networks, either version: an address is on the list if one that was used contains it."""
    one = a_list("\n".join(map(str, networks)))
    refused = {problem.place for problem in one.problems}
    # A list of a few lines may look like nothing but text, and its places are lines.
    used = [network for line, network in enumerate(networks, 1) if line not in refused]
    within = [network[step % network.num_addresses] for network in networks]
    for address in (*others, *within, *(network[-1] for network in networks)):
        if address.version == 6 and address.ipv4_mapped is not None:
            continue
        inside = [network for network in used if network.version == address.version and address in network]
        entry = holds(one, str(address))
        assert bool(entry) == bool(inside)
        if entry:
            assert ipaddress.ip_network(entry) in inside
