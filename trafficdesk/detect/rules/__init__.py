"""Behaviour rules: one file per family, one list.

To add one: write its file with `find`, `tell` and a `RULE`, name its family in `families`, append it here.
"""

from typing import Final

from trafficdesk.detect.rules import (
    arp_spoof,
    arp_sweep,
    beacon,
    brute_force,
    dga,
    dns_tunnel,
    exfiltration,
    flood,
    host_sweep,
    icmp_tunnel,
    new_device,
    new_service,
    nxdomain,
    port_scan,
    upload_burst,
)
from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

RULES: Final = (
    port_scan.RULE,
    host_sweep.RULE,
    arp_sweep.RULE,
    flood.RULE,
    brute_force.RULE,
    arp_spoof.RULE,
    dns_tunnel.RULE,
    dga.RULE,
    nxdomain.RULE,
    icmp_tunnel.RULE,
    beacon.RULE,
    upload_burst.RULE,
    exfiltration.RULE,
    new_service.RULE,
    new_device.RULE,
)
"""A row takes the family of the first rule that holds."""

__all__ = ["RULES", "Rule", "Scene", "Sighting", "Story"]
