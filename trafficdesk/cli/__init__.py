"""The command line: `trafficdesk packets | analyze | monitor | interfaces | self-test`; no Qt.

Exit codes are a promise: 0 done, 1 our own fault, 2 wrong usage, 3 the environment's fault, 4 unreadable input,
130 ended by Ctrl-C.
"""

from trafficdesk.cli.arguments import COMMANDS, main

__all__ = ["COMMANDS", "main"]
