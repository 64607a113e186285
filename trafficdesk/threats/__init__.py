"""Threat lists: addresses, networks and names that somebody says are bad, from files that the person has.

None is shipped and none is fetched. A hit is one reason among others: it raises a score, it never is the headline.
"""

from trafficdesk.threats.library import Library
from trafficdesk.threats.matching import Matching
from trafficdesk.threats.threat_list import ThreatList, read_list

__all__ = ["Library", "Matching", "ThreatList", "read_list"]
