"""`identity.Identity`: whose rows they are, and what the peer is called, early and late."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.named import CLIENT, SERVER, answer, batch_of, client_hello, multicast_answer, tcp, udp
from trafficdesk.identity import Identity, RecentRows
from trafficdesk.identity.sockets import OpenSocket
from trafficdesk.packets.address import pack_address
from trafficdesk.packets.identities import Certainty, Host, Identities, NameSource, Program
from trafficdesk.packets.log import PacketLog
from trafficdesk.packets.protocol import IpProtocol

OWN = np.frombuffer(pack_address(CLIENT), "V16")
OTHER = "192.168.1.77"


class Desk:
    """A log, its identity, and what is late."""

    def __init__(self) -> None:
        self.log = PacketLog(200_000)
        self.identity = Identity(self.log.identities)
        self.recent = RecentRows(self.log)

    def take(self, *frames: bytes, at_s: float = 0.0) -> None:
        batch = self.identity.identify(batch_of(*frames, first_id=self.log.end_id, at_s=at_s))
        self.log.append(batch)
        self.recent.add(batch)
        self.settle()

    def settle(self) -> tuple[int, int] | None:
        changes = self.identity.take_changes()
        return self.recent.tell(changes) if changes is not None else None

    @property
    def hosts(self) -> list[Host]:
        return [self.log.identities.hosts[number] for number in self._column("host")]

    @property
    def names(self) -> list[str]:
        return [host.name for host in self.hosts]

    @property
    def programs(self) -> list[Program]:
        return [self.log.identities.programs[number] for number in self._column("program")]

    def _column(self, name: str) -> list[int]:
        return self.log.column(name, np.arange(self.log.first_id, self.log.end_id)).tolist()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def a_socket(
    port: int, remote: str = "", *, pid: int = 7, name: str = "firefox", local: str = CLIENT
) -> OpenSocket:
    far = pack_address(remote) if remote else b""
    return OpenSocket(IpProtocol.TCP, pack_address(local), port, far, 443 if remote else 0, name, pid)


def test_a_conversation_is_called_what_was_asked_before(desk: Desk) -> None:
    """Both directions of it; the answer's own row is the resolver's, which nobody named."""
    desk.take(
        answer("a.example", ("a.example", SERVER)),
        tcp(CLIENT, SERVER, flags="S"),
        tcp(SERVER, CLIENT, (443, 50_000)),
    )
    assert desk.hosts == [Host(), *[Host("a.example", NameSource.DNS)] * 2]


def test_names_change_between_conversations_of_one_batch(desk: Desk) -> None:
    """An address that gets another name names what begins after, not what began before."""
    desk.take(
        answer("a.example", ("a.example", SERVER)),
        tcp(CLIENT, SERVER, (50_001, 443), flags="S"),
        answer("b.example", ("b.example", SERVER)),
        tcp(CLIENT, SERVER, (50_002, 443), flags="S"),
        tcp(CLIENT, SERVER, (50_001, 443)),
    )
    desk.take(tcp(CLIENT, SERVER, (50_001, 443)), tcp(CLIENT, SERVER, (50_003, 443)))
    assert desk.names == ["", "a.example", "", "b.example", "a.example", "a.example", "b.example"]


def test_every_client_has_its_own_names(desk: Desk) -> None:
    """Two who were told different names for one address keep them; a third takes the newest."""
    desk.take(
        answer("a.example", ("a.example", SERVER), client=CLIENT),
        answer("b.example", ("b.example", SERVER), client=OTHER),
        tcp(CLIENT, SERVER),
        tcp(OTHER, SERVER),
        tcp("192.168.1.99", SERVER),
    )
    assert desk.names[2:] == ["a.example", "b.example", "b.example"]


def test_the_server_name_beats_the_answer(desk: Desk) -> None:
    """For that conversation alone, and for its rows that were there before it was told."""
    desk.take(answer("cdn.example", ("cdn.example", SERVER)), tcp(CLIENT, SERVER, flags="S"))
    assert desk.names[1] == "cdn.example"
    desk.take(
        tcp(CLIENT, SERVER, payload=client_hello("Shop.Example"), flags="PA"),
        tcp(CLIENT, SERVER, (50_009, 443)),
    )
    assert desk.hosts[1] == desk.hosts[2] == Host("shop.example", NameSource.TLS)
    assert desk.names[3] == "cdn.example"


def test_an_address_is_no_name(desk: Desk) -> None:
    """Some clients put the address where the name belongs."""
    desk.take(tcp(CLIENT, SERVER, payload=client_hello(SERVER), flags="PA"))
    assert desk.names == [""]


def test_a_name_that_comes_late_names_the_newest_rows(desk: Desk) -> None:
    """A neighbour's name that was told after its packets."""
    desk.take(tcp(CLIENT, "192.168.1.40", (50_000, 631)))
    desk.take(multicast_answer(("printer.local", "192.168.1.40")), at_s=1)
    assert desk.hosts[0] == Host("printer.local", NameSource.MDNS)
    desk.take(tcp(CLIENT, "192.168.1.41", (50_000, 631)), at_s=2)
    desk.take(multicast_answer(("scanner.local", "192.168.1.41")), at_s=60)
    assert desk.names[2] == "", "long ago is long ago"


def test_a_batch_on_its_way_is_told_when_it_arrives(desk: Desk) -> None:
    """What became known between the naming of rows and their arrival in the log."""
    first = desk.identity.identify(batch_of(tcp(CLIENT, SERVER), first_id=0))
    second = desk.identity.identify(
        batch_of(tcp(CLIENT, SERVER, payload=client_hello("a.example"), flags="PA"), first_id=1)
    )
    desk.settle()
    for batch in (first, second):
        desk.log.append(batch)
        desk.recent.add(batch)
    assert desk.names == ["a.example", "a.example"]


def test_the_far_end_is_named(desk: Desk) -> None:
    """Of two named ends the public one, and never this computer itself."""
    desk.identity.set_own(OWN)
    desk.take(
        multicast_answer(("me.local", CLIENT), source=CLIENT),
        tcp(CLIENT, SERVER),
        answer("a.example", ("a.example", SERVER)),
        tcp(OTHER, CLIENT, (50_000, 22)),
        udp("0.0.0.0", "255.255.255.255", (68, 67)),
    )
    assert desk.names == ["", "a.example", "", "", ""]


def test_reverse_dns_is_the_last_resort(desk: Desk) -> None:
    """It names the nameless, late, and gives way to any answer."""
    desk.take(tcp(CLIENT, SERVER))
    desk.identity.learn_name(pack_address(SERVER), "host-80.provider.example")
    assert desk.settle() == (0, 1)
    assert desk.hosts == [Host("host-80.provider.example", NameSource.REVERSE_DNS)]
    desk.take(answer("a.example", ("a.example", SERVER)), tcp(CLIENT, SERVER), at_s=1)
    assert desk.names == ["a.example", "", "a.example"]
    desk.identity.learn_name(pack_address(SERVER), "host-80.provider.example")
    desk.take(tcp(CLIENT, SERVER, (50_001, 443)), at_s=2)
    assert desk.names[-1] == "a.example"


def test_the_very_conversation_is_seen(desk: Desk) -> None:
    """A socket with both ends: its program, whichever way the packet goes."""
    desk.identity.set_own(OWN)
    assert not desk.identity.learn_sockets([a_socket(50_000, SERVER)], OWN, 0.0)
    desk.take(tcp(CLIENT, SERVER), tcp(SERVER, CLIENT, (443, 50_000)), tcp(OTHER, SERVER))
    assert desk.programs == [*[Program("firefox", 7, Certainty.SEEN)] * 2, Program()]
    assert not desk.identity.searching


def test_a_program_found_late_is_written_into_the_rows(desk: Desk) -> None:
    """Packets come before the table of sockets is read."""
    desk.identity.set_own(OWN)
    desk.take(tcp(CLIENT, SERVER, flags="S"), tcp(OTHER, SERVER))
    assert desk.identity.searching
    assert desk.programs == [Program()] * 2
    assert not desk.identity.learn_sockets([a_socket(50_000, SERVER)], OWN, 1.0)
    assert desk.settle() == (0, 1)
    assert desk.programs[0] == Program("firefox", 7, Certainty.SEEN)


def test_a_port_alone_is_a_guess_until_it_is_seen(desk: Desk) -> None:
    """A listening socket answers for its port; the accepted one says for sure."""
    desk.identity.set_own(OWN)
    listening = a_socket(22, name="sshd", pid=1, local="0.0.0.0")
    desk.identity.learn_sockets([listening], OWN, 0.0)
    desk.take(tcp(SERVER, CLIENT, (40_000, 22), flags="S"))
    assert desk.programs == [Program("sshd", 1, Certainty.GUESSED)]
    accepted = OpenSocket(
        IpProtocol.TCP, pack_address(CLIENT), 22, pack_address(SERVER), 40_000, "sshd-session", 2
    )
    desk.identity.learn_sockets([listening, accepted], OWN, 1.0)
    desk.settle()
    assert desk.programs == [Program("sshd-session", 2, Certainty.SEEN)]


def test_a_port_of_several_programs_says_nothing(desk: Desk) -> None:
    """mDNS' port is shared: no name is better than a wrong one."""
    desk.identity.set_own(OWN)
    sockets = [
        a_socket(50_000, local="0.0.0.0", name=name, pid=pid) for name, pid in (("avahi", 1), ("chrome", 2))
    ]
    desk.identity.learn_sockets(sockets, OWN, 0.0)
    desk.take(tcp(CLIENT, SERVER))
    assert desk.programs == [Program()]


def test_another_users_socket_is_said_to_be_one(desk: Desk) -> None:
    """The table shows it without its owner."""
    desk.identity.set_own(OWN)
    desk.identity.learn_sockets([a_socket(50_000, SERVER, pid=0, name="")], OWN, 0.0)
    desk.take(tcp(CLIENT, SERVER))
    assert desk.programs == [Program(certainty=Certainty.NOT_PERMITTED)]
    assert desk.programs[0].label == "not permitted"


def test_a_socket_is_remembered_for_a_while(desk: Desk) -> None:
    """Packets wait to be decoded while their socket is closed already; much later its ports are somebody else's."""
    desk.identity.set_own(OWN)
    desk.identity.learn_sockets([a_socket(50_000, SERVER), a_socket(50_001, SERVER)], OWN, 0.0)
    desk.identity.learn_sockets([], OWN, 5.0)
    desk.take(tcp(CLIENT, SERVER))
    desk.identity.learn_sockets([], OWN, 100.0)
    desk.take(tcp(CLIENT, SERVER, (50_001, 443)))
    assert [program.name for program in desk.programs] == ["firefox", ""]


def test_ports_that_are_used_again_belong_to_nobody_yet(desk: Desk) -> None:
    """A SYN begins a new conversation, with other words for program and peer."""
    desk.identity.set_own(OWN)
    desk.identity.learn_sockets([a_socket(50_000, SERVER)], OWN, 0.0)
    desk.take(tcp(CLIENT, SERVER, payload=client_hello("a.example"), flags="PA"))
    desk.identity.learn_sockets([a_socket(50_000, SERVER, pid=8, name="curl")], OWN, 20.0)
    desk.take(tcp(CLIENT, SERVER, flags="S"), at_s=20)
    assert [program.name for program in desk.programs] == ["firefox", "curl"]
    assert desk.names == ["a.example", ""]


def test_a_file_has_no_programs(desk: Desk) -> None:
    """Sockets of now say nothing of packets of then."""
    desk.take(tcp(CLIENT, SERVER))
    assert not desk.identity.searching
    assert desk.programs == [Program()]


def test_hostile_names_are_escaped_and_bounded() -> None:
    """What a packet says is shown as it is, and takes no more room than a name may."""
    identities = Identities()
    identity = Identity(identities)
    identity.identify(batch_of(tcp(CLIENT, SERVER, payload=client_hello("a\n\u202eb" * 60), flags="PA")))
    names = [host.name for host in identities.hosts.since(1)]
    assert len(names) == 1
    assert names[0].isprintable()
    assert len(names[0]) <= 255


def test_full_tables_forget_what_is_old_and_keep_what_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversation that is spoken in again survives a flood of others; memory does not grow."""
    monkeypatch.setattr("trafficdesk.identity.conversations.BITS", 8)
    from trafficdesk.identity import identity as module
    from trafficdesk.identity.conversations import Conversations

    monkeypatch.setattr(module, "Conversations", lambda: Conversations(8))
    desk = Desk()
    desk.take(tcp(CLIENT, SERVER, payload=client_hello("a.example"), flags="PA"))
    for number in range(20):
        desk.take(*(tcp(CLIENT, OTHER, (1_000 + 100 * number + port, 80)) for port in range(100)))
        desk.take(tcp(SERVER, CLIENT, (443, 50_000)))
    assert set(desk.names[101::101]) == {"a.example"}
    assert len(desk.identity._conversations) <= 128
