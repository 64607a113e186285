"""The self-test: harmless made-up incidents through the whole path, frames to mail, and a score card.

A file of frames is written, read, decoded, matched with a threat list, analysed in the analysis process, and what is
found is mailed to a server of our own on loopback, that keeps it. Nothing else is sent anywhere.
"""

from trafficdesk.self_test.card import Line, ScoreCard, card_json
from trafficdesk.self_test.process import run_trial_apart
from trafficdesk.self_test.trial import Stopped, run_trial

__all__ = ["Line", "ScoreCard", "Stopped", "card_json", "run_trial", "run_trial_apart"]
