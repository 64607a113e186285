"""The capture in a dozen numbers, and who sent and received most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from trafficdesk.metrics.traffic_sheets import talker_sheet
from trafficdesk.ui import theme
from trafficdesk.ui.labels import ElidedLabel, plain_label
from trafficdesk.ui.models.sheet_cells import bit_rate, byte_count, milliseconds
from trafficdesk.ui.panels.sheet_table import SheetTable
from trafficdesk.ui.wording import clock_time, thousands

if TYPE_CHECKING:
    from trafficdesk.metrics import Latency, MetricsSnapshot

_COLUMNS: Final = 5
_MARGIN: Final = 12
_NS: Final = 1e9
_NONE: Final = "—"
TITLES: Final = (
    "Packets", "Bytes", "Now", "Mean", "Busiest second",
    "IP addresses", "Link addresses", "TCP handshake", "DNS answer", "Time",
)  # fmt: skip


class Tile(QFrame):
    """One number with its name."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("class", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, 2 * theme.SPACING, _MARGIN, 2 * theme.SPACING)
        column.setSpacing(0)
        self._title = title
        self._value = plain_label(_NONE, "figure")
        self._value.setFont(theme.number_font(18))
        self._more = ElidedLabel("", "muted")
        column.addWidget(plain_label(title, "muted"))
        column.addWidget(self._value)
        column.addWidget(self._more)

    def say(self, value: str, more: str = "") -> None:
        """Show a number and what goes with it."""
        self._value.setText(value)
        self._more.set_whole(more)
        self.setAccessibleName(f"{self._title}: {value} {more}".strip())

    def text(self) -> str:
        """Number and what goes with it."""
        return f"{self._value.text()} {self._more.whole()}".strip()


class Overview(QWidget):
    """Tiles above, two tables below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles = {title: Tile(title) for title in TITLES}
        self.sources = SheetTable("Top senders")
        self.destinations = SheetTable("Top receivers")
        for table in (self.sources, self.destinations):
            table.stretch_first()
        self._shown = False
        grid = QGridLayout()
        grid.setSpacing(_MARGIN)
        for number, tile in enumerate(self.tiles.values()):
            grid.addWidget(tile, *divmod(number, _COLUMNS))
            grid.setColumnStretch(number % _COLUMNS, 1)
        across = QHBoxLayout()
        across.setSpacing(_MARGIN)
        across.addWidget(_card("Top senders", self.sources))
        across.addWidget(_card("Top receivers", self.destinations))
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        column.setSpacing(_MARGIN)
        column.addLayout(grid)
        column.addLayout(across, 1)

    def set_data(self, snapshot: MetricsSnapshot, rate: tuple[float, float] | None) -> None:
        """Show a capture; `rate`: bytes/s and packets/s now, None where nothing is being captured."""
        say = {title: tile.say for title, tile in self.tiles.items()}
        span_s = (snapshot.last_ns - snapshot.first_ns) / _NS
        say["Packets"](thousands(snapshot.packets), _per_second(snapshot.packets, span_s))
        say["Bytes"](byte_count(snapshot.bytes), _per_packet(snapshot.bytes, snapshot.packets))
        say["Now"](
            bit_rate(rate[0] * 8) if rate else _NONE,
            f"{thousands(rate[1])} packets/s" if rate else "not capturing",
        )
        say["Mean"](bit_rate(snapshot.throughput_bps) if span_s > 0 else _NONE, "from first to last packet")
        say["Busiest second"](bit_rate(snapshot.peak_bps) if snapshot.packets else _NONE, "")
        say["IP addresses"](_at_least(snapshot.unique_ip, exact=snapshot.unique_ip_exact), "distinct")
        say["Link addresses"](_at_least(snapshot.unique_mac, exact=snapshot.unique_mac_exact), "distinct")
        say["TCP handshake"](*_delay(snapshot.tcp_handshake))
        say["DNS answer"](*_delay(snapshot.dns))
        began = clock_time(snapshot.first_ns) if snapshot.packets else _NONE
        say["Time"](
            f"{span_s:,.3f} s" if snapshot.packets else _NONE, f"from {began}" if snapshot.packets else ""
        )
        for table, talkers, direction in (
            (self.sources, snapshot.top_sources, "src"),
            (self.destinations, snapshot.top_destinations, "dst"),
        ):
            table.show_sheet(talker_sheet(talkers, snapshot.bytes, direction), newer=self._shown)
        self._shown = snapshot.packets > 0


def _card(title: str, table: SheetTable) -> QFrame:
    card = QFrame()
    card.setProperty("class", "card")
    column = QVBoxLayout(card)
    column.setContentsMargins(1, 2 * theme.SPACING, 1, theme.SPACING)
    column.setSpacing(theme.SPACING)
    head = plain_label(title, "head")
    head.setContentsMargins(_MARGIN, 0, 0, 0)
    column.addWidget(head)
    column.addWidget(table, 1)
    return card


def _delay(latency: Latency) -> tuple[str, str]:
    if not latency.n:
        return _NONE, "none seen"
    return milliseconds(latency.median_ms), f"95 % within {milliseconds(latency.p95_ms)}, {latency.n:,} seen"


def _at_least(number: int, *, exact: bool) -> str:
    return f"{number:,}" if exact else f"≥ {number:,}"


def _per_second(packets: int, span_s: float) -> str:
    return f"{packets / span_s:,.1f} a second" if span_s > 0 else ""


def _per_packet(octets: int, packets: int) -> str:
    return f"{octets / packets:,.0f} a packet" if packets else ""
