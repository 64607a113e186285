"""`ui.dialogs.mail_presets`: protected, and each with a note."""

from __future__ import annotations

from trafficdesk.settings import MailSecurity
from trafficdesk.ui.dialogs.mail_presets import BY_NAME, PRESETS


def test_no_provider_is_talked_to_in_the_clear() -> None:
    """Every preset protects the password on its way."""
    assert all(preset.security is not MailSecurity.NONE for preset in PRESETS)


def test_every_provider_has_a_note() -> None:
    """What its users stumble over is said, one sentence at least."""
    assert all(preset.note.endswith(".") for preset in PRESETS)
    assert len(BY_NAME) == len(PRESETS)
