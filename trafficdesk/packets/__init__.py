"""What a packet is to us: frames as blocks of bytes, packets as immutable columns, and the log they end in.

Nothing here reads a wire format; `trafficdesk.decode` does. Nothing here knows where frames come from.
"""

from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.block import FrameBlock
from trafficdesk.packets.fields import PACKET_DTYPE
from trafficdesk.packets.log import PacketLog

__all__ = ["PACKET_DTYPE", "FrameBlock", "PacketBatch", "PacketLog"]
