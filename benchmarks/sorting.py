"""Sorting a million rows by each column: how long it takes, and the longest the window stands still meanwhile."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from _support import big_capture, row, working_folder
from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import decode
from trafficdesk.decode.conversations import Conversations
from trafficdesk.packets.conversation import conversation_mask
from trafficdesk.packets.find_text import TextSearch
from trafficdesk.session import AnalysisSession
from trafficdesk.ui.models.packet_page import TITLES, Column
from trafficdesk.ui.models.packet_table_model import PacketTableModel
from trafficdesk.ui.panels.packet_table import PacketTable
from trafficdesk.ui.panels.sort_note import SortNote
from trafficdesk.ui.sort_controller import SortController
from trafficdesk.ui.theme import LIGHT

COLUMNS = (
    Column.TIME, Column.SOURCE, Column.DESTINATION, Column.PROTOCOL, Column.LENGTH, Column.SCORE, Column.INFO,
)  # fmt: skip


class Pulse(QObject):
    """Measures the longest time between two turns of the event loop, in seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.restart()
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self.beat)
        self._timer.start()

    def restart(self) -> None:
        self._last, self.longest = time.perf_counter(), 0.0

    @Slot()
    def beat(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self._last)
        self._last = now


def main() -> int:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=1_000_000)
    packets = parser.parse_args().packets
    application = QApplication([])
    session = AnalysisSession(packets)
    with working_folder() as folder, CaptureFile(big_capture(folder / "big.pcap", packets)) as file:
        conversations = Conversations()
        for block in file.blocks():
            session.log.append(conversations.follow(decode(block)))
    print(f"Sorting {len(session.log):,} rows")
    model = PacketTableModel(session, LIGHT, ("Unusual",))
    table = PacketTable(model, LIGHT)
    table.resize(1200, 700)
    table.show()
    sorting, pulse = SortController(model, SortNote()), Pulse()
    for column in COLUMNS:
        for descending in (False, True):
            application.processEvents()
            pulse.restart()
            begin = time.perf_counter()
            sorting.sort(column, descending=descending)
            while sorting.busy or model.sorted_by != (column, descending):
                application.processEvents()
            took = time.perf_counter() - begin
            pulse.beat()
            name = f"{TITLES[column]}, {'descending' if descending else 'ascending'}"
            row(name, f"{took:,.2f} s", f"window stood still {pulse.longest * 1e3:,.0f} ms at most")
    sorting.shut_down()
    walks(session)
    return 0


def walks(session: AnalysisSession) -> None:
    """The next packet of a conversation, and a text that is nowhere."""
    log = session.log
    begin = time.perf_counter()
    found = log.select(conversation_mask(log, len(log) // 2))
    row("rows of one conversation", f"{(time.perf_counter() - begin) * 1e3:,.1f} ms", f"{len(found):,} rows")
    search = TextSearch(log, log.identities.hosts, "no such text anywhere")
    begin = time.perf_counter()
    search.first(np.arange(log.first_id, log.end_id, dtype=np.int64))
    row("text that is nowhere (in a thread)", f"{time.perf_counter() - begin:,.2f} s")


if __name__ == "__main__":
    sys.exit(main())
