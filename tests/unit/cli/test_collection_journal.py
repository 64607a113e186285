"""The journal gives back what it was given, to this run and to the next, whatever a crash cut off."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from trafficdesk.cli.collection.finding import Found
from trafficdesk.cli.collection.journal import Journal
from trafficdesk.errors import ExportError

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = Found("one.pcap", 1, "1"), Found("two\udcff.pcap", 2, "2")
TOLD = {"status": "complete", "fault": "", "incidents": [{"sentence": "\N{RIGHT-TO-LEFT OVERRIDE}\n"}]}


def written(folder: Path) -> None:
    with Journal(str(folder), "conditions", 7) as journal:
        journal.add(ONE, TOLD, final=True)
        journal.add(TWO, TOLD | {"status": "failed"}, final=False)
        assert journal.outcome(TWO.path)["status"] == "failed"


def test_what_is_final_is_known_to_the_next_run(tmp_path: Path) -> None:
    """A finished file need not be done again, one that failed is; the first run's moment holds."""
    written(tmp_path)
    with Journal(str(tmp_path), "conditions", 8) as journal:
        assert (journal.knows(ONE), journal.knows(TWO), journal.now_ns) == (True, False, 7)
        assert journal.outcome(ONE.path) == TOLD
        assert journal.outcome(TWO.path)["status"] == "stopped"


def test_other_conditions_are_another_matter(tmp_path: Path) -> None:
    """Results of another seed, version or rule are neither used nor lost."""
    written(tmp_path)
    with Journal(str(tmp_path), "others", 8) as journal:
        assert not journal.knows(ONE)
        journal.add(ONE, TOLD | {"status": "partial"}, final=True)
    with Journal(str(tmp_path), "conditions", 9) as journal:
        assert journal.knows(ONE)
        assert journal.outcome(ONE.path) == TOLD
        journal.add(TWO, TOLD, final=True)
    with Journal(str(tmp_path), "conditions", 9) as journal:
        assert journal.knows(TWO)


def test_a_line_cut_off_is_one_file_to_be_done_again(tmp_path: Path) -> None:
    """Cut at any byte, the journal opens, knows all whole lines, and takes more."""
    written(tmp_path)
    file = tmp_path / "done.jsonl"
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with Journal(str(tmp_path), "conditions", 8) as journal:
            if not journal.knows(ONE):
                journal.add(ONE, TOLD, final=True)
            assert journal.outcome(ONE.path) == TOLD
        with Journal(str(tmp_path), "conditions", 8) as journal:
            assert journal.knows(ONE)


def test_a_folder_belongs_to_one_run_at_a_time(tmp_path: Path) -> None:
    """The second one says so instead of mixing in."""
    with Journal(str(tmp_path), "conditions", 7), pytest.raises(ExportError, match="Another run"):
        Journal(str(tmp_path), "conditions", 7)


@pytest.mark.skipif(sys.platform == "win32", reason="other rights there")
def test_what_is_kept_is_for_its_owner_only(tmp_path: Path) -> None:
    """Folder and file: names and addresses are in it."""
    written(tmp_path / "kept")
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0
    assert (tmp_path / "kept" / "done.jsonl").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "line",
    [
        b"\x80\x04K\x01.",
        b"[1]",
        b'{"identity": "1"}',
        b'{"identity": "1", "outcome": 7}',
        b"\xff\n\n",
        b"[" * 99_999,
        b'{"conditions": "others"}',
    ],
)
def test_foreign_lines_are_passed_over(tmp_path: Path, line: bytes) -> None:
    """Pickles, other JSON and rubbish in the journal are nothing that was done."""
    written(tmp_path)
    with (tmp_path / "done.jsonl").open("ab") as file:
        file.write(line + b"\n")
    with Journal(str(tmp_path), "conditions", 8) as journal:
        assert journal.knows(ONE)
        assert journal.outcome(ONE.path) == TOLD


def test_without_a_folder_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not to be kept is in no folder by any name."""
    monkeypatch.chdir(tmp_path)
    with Journal(None, "conditions", 7) as journal:
        journal.add(ONE, TOLD, final=True)
        assert journal.outcome(ONE.path) == TOLD
    assert not list(tmp_path.iterdir())


def test_a_place_that_can_not_hold_it_is_said(tmp_path: Path) -> None:
    """A file where the folder should be: one sentence of cause, one of remedy."""
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="can't keep what is done"):
        Journal(str(tmp_path / "file"), "conditions", 7)
