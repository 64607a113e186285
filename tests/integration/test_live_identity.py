"""Whose packets they are, live: real sockets of this computer, a real capture, the real table of sockets."""

from __future__ import annotations

import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from tests.helpers.named import answer, client_hello
from trafficdesk.capture.frame_store import RecentFrames
from trafficdesk.capture.live import open_live
from trafficdesk.capture.pump import CapturePump, CreditGate
from trafficdesk.errors import CaptureError
from trafficdesk.metrics.conversations import Kind
from trafficdesk.metrics.tables import TrafficTables
from trafficdesk.metrics.traffic_sheets import conversation_sheet
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.identities import Certainty, Program
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import CaptureSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trafficdesk.capture.source import LiveSource

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="captures on Linux' loopback")
HOME = "127.0.0.1"


class Watching:
    """A session that listens on loopback, with a filter for the ports of this test."""

    def __init__(self, source: LiveSource) -> None:
        self.session = AnalysisSession(200_000)
        self.session.begin()
        self.session.identifier.watch_sockets()
        self._source = source
        self._stop = threading.Event()
        self._gate = CreditGate(8)
        self._arrived: list = []
        self._pump = CapturePump(gate=self._gate, stop=self._stop, emit=self._emit)
        self._thread = threading.Thread(target=self._pump.run_live, args=(source, RecentFrames(1 << 20)))
        self._thread.start()

    def _emit(self, batch) -> None:
        self._arrived.append(self.session.identifier.identify(batch))
        self._gate.release()

    def rows(self, port: int) -> np.ndarray:
        """packet_ids to or from a port so far."""
        while self._arrived:
            self.session.ingest(self._arrived.pop(0))
        self.session.settle()
        chosen = compile_filter(f"tcp.port == {port} || udp.port == {port}")
        return self.session.log.select(chosen.mask)

    def programs(self, port: int) -> set[Program]:
        numbers = self.session.log.column("program", self.rows(port))
        return {self.session.log.identities.programs[number] for number in numbers.tolist()}

    def wait(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not true() and time.monotonic() < deadline:
            time.sleep(0.05)

    def end(self) -> None:
        self._stop.set()
        self._thread.join(60)
        self._source.close()
        self.session.identifier.close()


@pytest.fixture
def watching() -> Iterator[Watching]:
    try:
        source = open_live("lo", CaptureSettings())
    except CaptureError as error:
        pytest.skip(str(error))
    made = Watching(source)
    yield made
    made.end()


@pytest.mark.root
def test_a_connection_names_its_program(watching: Watching) -> None:
    """Every row of it, those before the table of sockets was read, too: this very process, seen."""
    with (
        socket.create_server((HOME, 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        port = client.getsockname()[1]
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        me = psutil.Process()
        wanted = {Program(me.name(), me.pid, Certainty.SEEN)}
        watching.wait(lambda: len(watching.rows(port)) >= 4 and watching.programs(port) == wanted)
        assert len(watching.rows(port)) >= 4
        assert watching.programs(port) == wanted
        log = watching.session.log
        tables = TrafficTables(identities=log.identities)
        for batch in log.batches():
            tables.add(batch)
        sheet = conversation_sheet(tables.tell(log.snapshot()).conversations(Kind.TCP), 0, log.identities)
        told = {column.name: column for column in sheet.file_columns}
        ends = zip(told["port_a"].values, told["port_b"].values, strict=True)
        row = next(row for row, ports in enumerate(ends) if port in ports)
        assert (told["program"].plain(row), told["program_source"].plain(row)) == (me.name(), "seen")


@pytest.mark.root
def test_an_unconnected_socket_is_a_guess(watching: Watching) -> None:
    """Only its port says who it is."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there,
    ):
        there.bind((HOME, 0))
        here.bind((HOME, 0))
        here.sendto(b"hello", there.getsockname())
        port = here.getsockname()[1]
        me = psutil.Process()
        wanted = {Program(me.name(), me.pid, Certainty.GUESSED)}
        watching.wait(lambda: watching.programs(port) == wanted)
        assert watching.programs(port) == wanted


@pytest.mark.root
def test_a_closed_connection_keeps_its_program(watching: Watching) -> None:
    """What was seen is not forgotten with the socket."""
    with (
        socket.create_server((HOME, 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        port = client.getsockname()[1]
        watching.wait(lambda: any(program.name for program in watching.programs(port)))
    rows = len(watching.rows(port))
    watching.wait(lambda: len(watching.rows(port)) > rows)
    assert {program.certainty for program in watching.programs(port)} == {Certainty.SEEN}


LISTED_AS_NOBODY = """
import os, sys
from trafficdesk.identity.sockets import ProcessNames, open_sockets
port, names = int(sys.argv[1]), ProcessNames()
open_sockets(names)  # imports what lies where nobody may not read
os.setgroups([]); os.setgid(65534); os.setuid(65534)
print([(one.pid, one.program) for one in open_sockets(names) if one.local_port == port])
"""


@pytest.mark.root
def test_another_users_socket_has_no_name() -> None:
    """Listed by somebody without rights, a socket of root's is there, its program is not."""
    import os
    import subprocess

    if os.geteuid() != 0:
        pytest.skip("becoming somebody else needs root")
    with socket.create_server((HOME, 0)) as listener:
        command = [sys.executable, "-c", LISTED_AS_NOBODY, str(listener.getsockname()[1])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        assert done.stdout.strip() == "[(0, '')]", done.stderr


def test_names_travel_the_whole_way() -> None:
    """Frames with an answer and a Client Hello, through decoder and session, as the window and the terminal do it."""
    from tests.helpers.named import CLIENT, SERVER, batch_of, tcp

    session = AnalysisSession(200_000)
    session.begin()
    frames = (
        answer("www.example.com", ("www.example.com", "edge.example.net"), ("edge.example.net", SERVER)),
        tcp(CLIENT, SERVER, (50_001, 443), flags="S"),
        tcp(CLIENT, SERVER, (50_002, 443), payload=client_hello("api.example.com"), flags="PA"),
    )
    session.ingest(session.identifier.identify(batch_of(*frames)))
    numbers = session.log.column("host", np.arange(3)).tolist()
    told = [session.log.identities.hosts[number] for number in numbers]
    assert [(host.name, host.source.words) for host in told] == [
        ("", ""),
        ("www.example.com", "DNS answer"),
        ("api.example.com", "TLS SNI"),
    ]
