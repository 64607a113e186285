"""scapy's own socket, the last resort, on a real cable."""

from __future__ import annotations

import pytest

from tests.helpers.capture_bytes import column, frames_of
from tests.helpers.namespaces import cable, needs_namespaces, within
from tests.helpers.wire import TCP_SYN, UDP_TICK
from tests.unit.capture.test_libpcap import received
from trafficdesk.capture.scapy_socket import ScapySource
from trafficdesk.errors import CaptureError
from trafficdesk.settings.declared import CaptureSettings

pytestmark = [pytest.mark.root, needs_namespaces]


def test_frames_come_as_they_were_sent() -> None:
    """Bytes, link type and counters; an interface that is not there is a sentence."""
    with cable() as wire:

        def run() -> None:
            import scapy.arch  # noqa: F401
            from scapy.config import conf

            conf.ifaces.reload()
            with pytest.raises(CaptureError):
                ScapySource("nothing0", CaptureSettings())
            source = ScapySource("v0", CaptureSettings(promiscuous=True))
            wire.send(TCP_SYN, UDP_TICK)
            blocks = received(source, 2)
            assert frames_of(blocks) == [TCP_SYN, UDP_TICK]
            assert set(column(blocks, "link_types")) == {1}
            assert source.statistics().received == 2
            source.close()
            source.close()

        within(wire.near, run)
