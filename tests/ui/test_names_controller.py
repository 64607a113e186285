"""`ui.names_controller`, and programs and names that reach the table late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.mmdb import write_mmdb
from tests.helpers.named import CLIENT, batch_of, client_hello, tcp
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import NamesSettings
from trafficdesk.ui.models.packet_page import Column
from trafficdesk.ui.models.packet_table_model import PacketTableModel
from trafficdesk.ui.names_controller import NamesController
from trafficdesk.ui.panels.packet_table import PacketTable
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from trafficdesk.errors import SettingsError

OUTSIDE = "198.51.100.7"


class Shown:
    def __init__(self, qtbot: QtBot) -> None:
        self.session = AnalysisSession(200_000)
        self.session.begin()
        self.model = PacketTableModel(self.session, LIGHT, ("Unusual", "Port scan"))
        self.table = PacketTable(self.model, LIGHT)
        qtbot.addWidget(self.table)
        self.table.resize(2_000, 300)
        self.table.show()
        self.names = NamesController(self.session, self.model, self.table.header, self.table)
        self.failures: list[SettingsError] = []
        self.names.failed.connect(self.failures.append)

    def take(self, *frames: bytes) -> None:
        first = self.session.log.end_id
        self.session.ingest(self.session.identifier.identify(batch_of(*frames, first_id=first)))
        self.model.append(np.arange(first, self.session.log.end_id))

    def texts(self, column: Column) -> list[str]:
        return [self.model.text(row, column) for row in range(self.model.rowCount())]


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    return Shown(qtbot)


def test_a_database_fills_and_shows_its_columns(shown: Shown, tmp_path: Path) -> None:
    """Of rows that were there before, too; without one the columns leave."""
    record = {"country": {"iso_code": "DE"}, "autonomous_system_number": 64_500}
    path = str(write_mmdb(tmp_path / "a.mmdb", {"198.51.100.0/24": record}))
    shown.take(tcp(CLIENT, OUTSIDE), tcp(CLIENT, "192.168.1.2"))
    assert shown.texts(Column.COUNTRY) == ["", ""]
    shown.names.apply(NamesSettings(country_database=path, provider_database=path))
    assert shown.texts(Column.COUNTRY) == ["DE", ""]
    assert shown.texts(Column.SYSTEM) == ["AS64500", ""]
    assert {Column.COUNTRY, Column.SYSTEM} <= set(shown.table.header.shown_columns())
    assert shown.session.describer.who(0) == "AS64500 · DE"
    shown.names.apply(NamesSettings())
    assert shown.texts(Column.COUNTRY) == ["", ""]
    assert not {Column.COUNTRY, Column.SYSTEM} & set(shown.table.header.shown_columns())


def test_a_broken_database_is_said_and_breaks_nothing(shown: Shown, tmp_path: Path) -> None:
    """In the banner's words; no column of it is shown."""
    shown.names.apply(NamesSettings(country_database=str(tmp_path / "none.mmdb")))
    assert len(shown.failures) == 1
    assert "none.mmdb" in shown.failures[0].title
    assert Column.COUNTRY not in shown.table.header.shown_columns()


def test_reverse_dns_follows_the_setting(shown: Shown) -> None:
    """On and off again while a capture runs."""
    shown.names.apply(NamesSettings(reverse_dns=True))
    assert shown.session.identifier.identity.reverse is not None
    shown.names.apply(NamesSettings())
    assert shown.session.identifier.identity.reverse is None


def test_late_names_reach_the_cells(shown: Shown) -> None:
    """A page that was formatted already shows what became known since, and only those rows are told of."""
    shown.take(tcp(CLIENT, "203.0.113.1"), tcp(CLIENT, OUTSIDE, flags="S"))
    assert shown.texts(Column.HOST) == ["", ""]
    shown.take(tcp(CLIENT, OUTSIDE, payload=client_hello("a\u202eb.example"), flags="PA"))
    changed = []
    shown.model.dataChanged.connect(lambda first, last: changed.append((first.row(), last.row())))
    span = shown.session.settle()
    assert span is not None
    shown.model.refresh_identity(*span)
    # The newest row came with its name, and belongs to the conversation as the other does.
    assert changed == [(1, 2)]
    assert shown.texts(Column.HOST)[1:] == ["a\\u202eb.example"] * 2
    assert "TLS SNI" in str(shown.model.index(1, Column.HOST).data(3))
