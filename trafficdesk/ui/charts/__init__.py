"""The charts. Importing this package costs nothing: pyqtgraph comes with the first chart that is asked for.

The chart modules import pyqtgraph at their top, so they belong after the first window has been shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trafficdesk.ui.charts.distribution import DistributionChart
    from trafficdesk.ui.charts.lengths import LengthChart
    from trafficdesk.ui.charts.protocols import ProtocolChart
    from trafficdesk.ui.charts.volume import VolumeChart

__all__ = ["DistributionChart", "LengthChart", "ProtocolChart", "VolumeChart"]


def __getattr__(name: str) -> Any:
    """Import a chart when it is first named (PEP 562)."""
    if name == "VolumeChart":
        from trafficdesk.ui.charts.volume import VolumeChart

        return VolumeChart
    if name == "ProtocolChart":
        from trafficdesk.ui.charts.protocols import ProtocolChart

        return ProtocolChart
    if name == "LengthChart":
        from trafficdesk.ui.charts.lengths import LengthChart

        return LengthChart
    if name == "DistributionChart":
        from trafficdesk.ui.charts.distribution import DistributionChart

        return DistributionChart
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
