"""`trafficdesk interfaces`: what can be captured on, and whether it is permitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trafficdesk.capture.interfaces import default_interface, list_interfaces
from trafficdesk.capture.permission import explain
from trafficdesk.cli.exit_codes import Exit
from trafficdesk.cli.terminal import say, visible

if TYPE_CHECKING:
    import argparse

    from trafficdesk.capture.interfaces import InterfaceInfo


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    found, usual, guide = list_interfaces(), default_interface(), explain()
    if arguments.json:
        import json

        from trafficdesk.export.atomic import atomic_file

        table = {
            "permitted": guide.permitted,
            "why": guide.why,
            "command": guide.command,
            "default": usual,
            "interfaces": [_entry(item) for item in found],
        }
        with atomic_file(arguments.json) as out:
            out.write((json.dumps(table, indent=1) + "\n").encode())
    if arguments.json != "-":
        for item in found:
            say(_line(item, is_default=item.name == usual))
        if not guide.permitted:
            say(f"\nCapturing is not permitted: {guide.why}")
            say(f"  {guide.command}")
    return Exit.DONE


def _entry(item: InterfaceInfo) -> dict[str, Any]:
    return {
        "name": item.name,
        "friendly_name": item.friendly_name,
        "addresses": list(item.addresses),
        "is_up": item.is_up,
        "link": item.link.value,
        "is_loopback": item.is_loopback,
        "permitted": item.permitted,
    }


def _line(item: InterfaceInfo, *, is_default: bool) -> str:
    state = [item.link_words]
    state += ["default"] if is_default else []
    state += [] if item.permitted else ["not permitted"]
    name = item.name if item.friendly_name in {"", item.name} else f"{item.name} ({item.friendly_name})"
    return f"{visible(name):<32} {', '.join(state):<24} {', '.join(item.addresses)}".rstrip()
