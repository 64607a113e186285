"""Every reader of foreign bytes that is fuzzed: one literal list."""

from __future__ import annotations

import sys
from typing import Final

from tests.fuzz.target import Target

TARGETS: Final = (
    Target("pcap", "files:check_capture_file", runs=6_000),
    Target("pcapng", "files:check_capture_file", runs=4_000),
    Target("gzip", "files:check_capture_file", runs=2_000, longest=1_024),
    Target("decode", "frames:check_decode", runs=3_000, longest=1_024),
    Target("applications", "frames:check_applications", runs=6_000, longest=1_024),
    Target("answers", "frames:check_answers", runs=3_000, longest=1_024),
    Target("conversations", "conversations:check_conversations", runs=1_000, longest=402),
    Target("dissect", "frames:check_dissect", runs=2_400, longest=512),
    Target("analysis", "analysis:check_analysis", runs=500, longest=1_024),
    Target("display_filter", "words:check_display_filter", runs=3_000, longest=512, compares=True),
    Target("threat_lists", "lists:check_threat_list", runs=2_000, longest=1_024, compares=True),
    Target("model", "classifiers:check_model", runs=2_000),
    Target("recording", "evidences:check_recording", runs=2_000, longest=8_192),
    Target("labels", "classifiers:check_labels", runs=1_500, longest=1_024, compares=True),
    Target("dumpcap_words", "words:check_dumpcap_words", runs=10_000, longest=600, compares=True),
    # SO_PEERCRED, SCM_RIGHTS and packet sockets are Linux's, and so is the helper.
    *(
        [Target("hand_over", "words:check_hand_over", runs=4_000, longest=256, compares=True)]
        if sys.platform == "linux"
        else []
    ),
)

BY_NAME: Final = {target.name: target for target in TARGETS}
