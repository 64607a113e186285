"""Follows the settings of names: whether the resolver is asked, and which databases tell country and provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from trafficdesk.errors import SettingsError
from trafficdesk.ui.models.packet_page import Column

if TYPE_CHECKING:
    from trafficdesk.session import AnalysisSession
    from trafficdesk.settings import NamesSettings
    from trafficdesk.ui.models.packet_table_model import PacketTableModel
    from trafficdesk.ui.panels.packet_header import PacketHeader


class NamesController(QObject):
    """Joins the settings with the session and the columns they fill."""

    failed = Signal(object)
    """`SettingsError`: a database can't be used; the others are."""
    settled = Signal()
    """Programs and names became known of rows that are shown already."""

    def __init__(
        self, session: AnalysisSession, model: PacketTableModel, header: PacketHeader, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._model = model
        self._header = header

    @Slot()
    def settle(self) -> None:
        """Show programs and names that became known after their rows were, and the names' column once there is one."""
        self._header.set_useful(Column.HOST, useful=len(self._session.log.identities.hosts) > 1)
        span = self._session.settle()
        if span is not None:
            self._model.refresh_identity(*span)
            self.settled.emit()

    def apply(self, names: NamesSettings) -> None:
        """Use other settings from now on."""
        self._session.set_reverse_dns(names.reverse_dns)
        identities = self._session.log.identities
        identities.locations = None
        databases = {
            Column.COUNTRY: names.country_database,
            Column.SYSTEM: names.provider_database,
        }
        if any(databases.values()):
            from trafficdesk.identity.locations import Locations

            try:
                identities.locations = Locations(databases.values())
            except SettingsError as error:
                self.failed.emit(error)
        for column, path in databases.items():
            self._header.set_useful(column, useful=bool(path) and identities.locations is not None)
        self._model.refresh_identity()
