"""The most active addresses as a sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.metrics.sheets import Form, Sheet, SheetColumn, keys_of, texts
from trafficdesk.metrics.traffic_sheets import address_filter
from trafficdesk.metrics.whose_sheets import whose_columns

if TYPE_CHECKING:
    from trafficdesk.metrics.activity import Activity
    from trafficdesk.packets.identities import Identities

_NS: Final = 1e9


def activity_sheet(
    activity: Activity, began_ns: int, identities: Identities | None = None, *, gone: int = 0
) -> Sheet:
    """Addresses with what is known of them.

    Parameters
    ----------
    began_ns : the capture's first timestamp.
    identities : what names, programs and hits stand for.
    gone : packets that have left the table: their flags are not counted.
    """
    whose, aside = whose_columns(activity.whose, len(activity), identities)
    numbers = activity.threats.tolist()
    hits = [identities.threats[number] for number in numbers] if identities is not None else []
    lists, entries = texts([hit.list_name for hit in hits]), texts([hit.entry for hit in hits])
    listed = (SheetColumn("threat_list", "Threat list", Form.TEXT, lists),) if any(numbers) else ()
    columns = (
        SheetColumn("address", "Address", Form.IP, activity.words),
        *whose,
        *listed,
        SheetColumn("packets", "Packets", Form.COUNT, activity.packets),
        SheetColumn("bytes", "Bytes", Form.BYTES, activity.bytes),
        SheetColumn("conversations", "Talked with", Form.COUNT, activity.conversations),
        SheetColumn("flagged", "Flagged", Form.COUNT, activity.flagged),
        SheetColumn("first_s", "First seen (s)", Form.SECONDS, (activity.first_ns - began_ns) / _NS),
        SheetColumn("last_s", "Last seen (s)", Form.SECONDS, (activity.last_ns - began_ns) / _NS),
    )
    if listed:
        aside = (*aside, SheetColumn("threat_entry", "List's entry", Form.TEXT, entries))
    note = f"Flags of {gone:,} packets that have left the table are not counted." if gone else ""
    return Sheet(
        columns,
        keys_of((activity.words,)),
        lambda row: address_filter(activity.words[row]),
        note,
        aside,
    )
