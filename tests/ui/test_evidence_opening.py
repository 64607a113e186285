"""Evidence opened again: the window shows what was recorded, says by whom, and judges nothing anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.unit.evidence.test_opening import files_of, zipped
from trafficdesk.evidence.bundle import bundle
from trafficdesk.evidence.opening import opened
from trafficdesk.evidence.verifying import Verification
from trafficdesk.export.evidence import CAPTURE, evidence_ids
from trafficdesk.ui.workers.evidence_job import EvidenceJob

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.helpers.analysed import Analysed
    from trafficdesk.app import Desktop


def said(desktop: Desktop) -> str:
    return desktop.window.banner.text


def test_the_view_is_restored(
    qtbot: QtBot, tmp_path: Path, desktop: Desktop, analysed_sample: Analysed
) -> None:
    """Rows have the scores and verdicts that were told, the incident its reasons; saved again it is as provable as before."""
    told: list[object] = []

    class Sink:
        def handle(self, incidents: object, _session: object) -> None:
            told.append(incidents)

        def set_settings(self, _settings: object) -> None: ...

    desktop.desk.alerts = Sink()
    session = analysed_sample.session
    for family in ("beacon", "port scan"):
        path, incident = tmp_path / f"{family}.zip", analysed_sample.incident(family)
        bundle(path, analysed_sample.scene(), incident)
        desktop.desk.open_file(path)
        qtbot.waitUntil(lambda: "Evidence as TrafficDesk" in said(desktop), timeout=30_000)
        log, ids = desktop.session.log, evidence_ids(session.log, incident)
        assert len(log) == len(ids)
        every = np.arange(len(ids))
        for column in ("score", "verdict", "family", "incident"):
            assert np.array_equal(log.column(column, every), session.log.column(column, ids), equal_nan=True)
        (again,) = desktop.session.incidents
        assert again.sentence == incident.sentence
        assert repr(again.reasons) == repr(incident.reasons)  # NaN is not itself
        flagged = int(np.flatnonzero(np.isin(ids, session.findings.flagged_rows(ids).ids))[-1])
        assert desktop.session.findings.sentence_of(flagged) == session.findings.sentence_of(
            int(ids[flagged])
        )
        assert "are equal" in said(desktop)
        assert "Nothing is learned" in said(desktop)
        assert desktop.desk.analysis._worker is None
        assert desktop.session.pending == 0
        again_path = tmp_path / "again.zip"
        desktop.commands.evidence.save(again_path, again)
        qtbot.waitUntil(lambda: not desktop.commands.evidence.running, timeout=30_000)
        first, second = (Verification.of(opened(one).recording) for one in (path, again_path))
        assert first == second
        desktop.window.banner.dismiss()
    assert not told


def test_a_changed_one_is_refused(
    qtbot: QtBot, tmp_path: Path, desktop: Desktop, analysed_sample: Analysed
) -> None:
    """Nothing of it is shown but a sentence."""
    path = tmp_path / "e.zip"
    bundle(path, analysed_sample.scene(), analysed_sample.incident("arp spoof"))
    files = files_of(path.read_bytes())
    changed = bytearray(files[CAPTURE])
    changed[-20] ^= 1
    path.write_bytes(zipped({**files, CAPTURE: bytes(changed)}, signed=False))
    desktop.desk.open_file(path)
    qtbot.waitUntil(lambda: "was changed after it was written" in said(desktop), timeout=30_000)
    qtbot.waitUntil(lambda: not desktop.desk.capture.running, timeout=10_000)
    assert len(desktop.session.log) == 0


def test_its_packets_lie_in_a_folder_that_goes(
    qtbot: QtBot, tmp_path: Path, desktop: Desktop, analysed_sample: Analysed
) -> None:
    """Another capture, or the end, removes what was unpacked."""
    path = tmp_path / "e.zip"
    bundle(path, analysed_sample.scene(), analysed_sample.incident("arp spoof"))
    desktop.desk.open_file(path)
    qtbot.waitUntil(lambda: "Evidence as TrafficDesk" in said(desktop), timeout=30_000)
    job = desktop.desk.capture.job
    assert isinstance(job, EvidenceJob)
    assert job._folder is not None
    folder = Path(job._folder.name)
    assert (folder / CAPTURE).exists()
    with qtbot.waitSignal(desktop.desk.loaded, timeout=60_000):
        desktop.desk.open_sample()
    assert not folder.exists()


def test_without_packets_it_says_so(
    qtbot: QtBot, tmp_path: Path, desktop: Desktop, analysed_sample: Analysed
) -> None:
    """A mail's evidence of rows alone has nothing to show in the table."""
    path = tmp_path / "e.zip"
    bundle(path, replace(analysed_sample.scene(), frames=None), analysed_sample.incident("arp spoof"))
    desktop.desk.open_file(path)
    qtbot.waitUntil(lambda: "has no packets to show" in said(desktop), timeout=30_000)
