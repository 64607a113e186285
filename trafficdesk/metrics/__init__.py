"""What the charts show: volume, protocol shares, endpoints, delays; pure numbers, vectorised and bounded."""

from trafficdesk.metrics.snapshot import Latency, MetricsSnapshot, Talker
from trafficdesk.metrics.traffic import METRICS, TrafficMetrics

__all__ = ["METRICS", "Latency", "MetricsSnapshot", "Talker", "TrafficMetrics"]
