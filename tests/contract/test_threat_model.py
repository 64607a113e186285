"""THREAT_MODEL.md claims nothing without a test that exists."""

from __future__ import annotations

import re

from tests.conftest import ROOT

DEFINITION = re.compile(r"^\s*def (test_\w+)\(", re.MULTILINE)


def test_every_claim_names_a_test_that_exists() -> None:
    """Each row of the tables of claims has one, and whoever renames a test is told."""
    text = (ROOT / "THREAT_MODEL.md").read_text()
    claims = [
        line
        for line in text.splitlines()
        if line.startswith("|") and not line.startswith(("| claim", "|---"))
    ]
    there = {
        name for path in (ROOT / "tests").rglob("test_*.py") for name in DEFINITION.findall(path.read_text())
    }
    assert len(claims) > 30
    for claim in claims:
        named = re.findall(r"`(test_\w+)`", claim)
        assert named, f"no test shows: {claim}"
        assert not set(named) - there, f"tests that do not exist: {set(named) - there}"


def test_installation_and_policy_name_the_same_places() -> None:
    """Where the note puts the helper is where polkit knows it and where TrafficDesk looks for it."""
    from trafficdesk.capture import permission_linux

    folder = ROOT / "resources" / "linux"
    policy = (folder / "org.trafficdesk.capture.policy").read_text()
    note = (folder / "INSTALL.md").read_text()
    paths = re.findall(r"exec\.path\">([^<]+)<", policy)
    assert len(paths) == 2
    for path in paths:
        assert path in note
        assert path in map(str, permission_linux._INSTALLED)
    assert policy.count("auth_admin_keep") == 2
    assert "<allow_active>yes" not in policy
