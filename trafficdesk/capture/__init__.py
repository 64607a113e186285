"""Where frames come from: capture files and network interfaces.

Importing this package stays cheap: scapy and psutil are loaded when an interface is asked for.
"""

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.capture.source import CaptureStatistics, Frame, FrameStore, LiveSource

__all__ = ["CaptureFile", "CaptureStatistics", "Frame", "FrameStore", "LiveSource"]
