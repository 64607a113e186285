from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.numbered import numbered_batch, text_of_packet
from trafficdesk.packets import PacketBatch, PacketLog, log_chunk
from trafficdesk.packets import log as log_module
from trafficdesk.packets.fields import COLUMN_NAMES
from trafficdesk.packets.log import ANALYSIS_FIELDS, Verdict


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 8 rows, so that a few dozen packets cross their borders."""
    for module in (log_module, log_chunk):
        monkeypatch.setattr(module, "CHUNK_ROWS", 8)


def filled(rows: int, capacity: int = 1_000, step: int = 5) -> PacketLog:
    log = PacketLog(capacity)
    while log.end_id < rows:
        log.append(numbered_batch(log.end_id, min(step, rows - log.end_id)))
    return log


def assert_rows(batch: PacketBatch, ids: list[int]) -> None:
    for position, packet_id in enumerate(ids):
        truth = numbered_batch(packet_id, 1)
        for name in set(COLUMN_NAMES) - {"text_start"}:
            assert batch[name][position].tobytes() == truth[name][0].tobytes(), (name, packet_id)
        assert batch.text_of(position) == text_of_packet(packet_id)


@pytest.mark.parametrize("step", [1, 3, 8, 20, 50])
def test_keeps_what_was_appended(step):
    """Whatever the batches' sizes, every row comes back by its id, with its text."""
    log = filled(45, step=step)
    assert (len(log), log.first_id, log.end_id) == (45, 0, 45)
    assert_rows(log.slice(0, 45), list(range(45)))


def test_takes_rows_in_any_order():
    """Rows come in the order asked for, repeated if asked twice, out of any chunk."""
    log = filled(45)
    ids = [44, 0, 17, 17, 8, 7, 31]
    taken = log.take(np.array(ids))
    assert taken.first_id == 0
    assert_rows(taken, ids)
    assert len(log.take(np.empty(0, np.int64))) == 0


def test_slice_keeps_ids():
    """A slice names its packets as the log does."""
    batch = filled(45).slice(14, 20)
    assert batch.ids.tolist() == list(range(14, 20))
    assert_rows(batch, list(range(14, 20)))


def test_oldest_rows_leave_in_whole_chunks():
    """A full log forgets its oldest chunk when a new one is needed, and says how many rows left."""
    log = PacketLog(capacity=20)
    assert log.capacity == 24
    evicted = 0
    for _ in range(11):
        foretold = log.rows_evicted_by(5)
        left = log.append(numbered_batch(log.end_id, 5))
        assert left == foretold
        evicted += left
        assert len(log) <= log.capacity
    assert (log.first_id, log.end_id, evicted) == (32, 55, 32)
    assert_rows(log.slice(32, 55), list(range(32, 55)))
    with pytest.raises(IndexError):
        log.slice(31, 33)
    with pytest.raises(IndexError):
        log.column("length", np.array([55]))


def test_a_batch_larger_than_the_log_leaves_its_end():
    """One batch beyond the capacity passes through; its newest rows stay."""
    log = PacketLog(capacity=16)
    foretold = log.rows_evicted_by(45)
    left = log.append(numbered_batch(0, 45))
    assert log.end_id == 45
    assert len(log) <= log.capacity
    assert left == log.first_id == 32
    assert foretold == 0  # nothing that a table shows has to leave: it was empty
    assert_rows(log.slice(log.first_id, 45), list(range(log.first_id, 45)))


def test_refuses_a_gap():
    """A batch that does not continue the log is the caller's mistake."""
    log = filled(5)
    for first_id in (0, 4, 6):
        with pytest.raises(ValueError, match="log ends at 5"):
            log.append(numbered_batch(first_id, 3))


def test_clear_starts_again_at_zero():
    """After `clear` numbering begins anew."""
    log = filled(45)
    log.clear()
    assert (len(log), log.first_id, log.end_id) == (0, 0, 0)
    log.append(numbered_batch(0, 3))
    assert_rows(log.slice(0, 3), [0, 1, 2])


def analysis(first: int, rows: int) -> dict[str, np.ndarray]:
    ids = np.arange(first, first + rows)
    return {
        "score": (ids / 10).astype(np.float32),
        "verdict": (ids % 7).astype(np.uint8),
        "family": (ids % 5).astype(np.uint8),
        "incident": ids.astype(np.int32),
    }


def test_analysis_crosses_chunks():
    """What the detector says of consecutive rows lands on these rows, whatever chunks they lie in."""
    log = filled(45)
    log.set_analysis(6, **analysis(6, 30))
    ids = np.arange(45)
    for name, values in analysis(6, 30).items():
        assert log.column(name, ids)[6:36].tolist() == values.tolist()
    assert np.isnan(log.column("score", ids)[[5, 36]]).all()
    assert log.column("incident", ids)[[5, 36]].tolist() == [0, 0]


def test_late_analysis_of_rows_that_left_is_passed_over():
    """Analysis comes later than eviction may; only rows still here are marked."""
    log = filled(55, capacity=20)
    assert log.first_id > 30
    log.set_analysis(0, **analysis(0, 40))
    log.set_analysis(50, **analysis(50, 30))
    here = np.arange(log.first_id, log.end_id)
    expected = np.where((here < 40) | (here >= 50), here, 0)
    assert log.column("incident", here).tolist() == expected.tolist()
    log.set_analysis(0, **analysis(0, 10))
    log.update_analysis("family", np.array([0, 33, 54, 99]), np.array([9, 9, 9, 9], np.uint8))
    assert log.column("family", np.array([33, 54])).tolist() == [9, 9]


def test_new_rows_are_not_analysed_yet():
    """A chunk that is used again after eviction carries nothing of the rows before."""
    log = filled(24, capacity=20)
    log.set_analysis(0, **analysis(0, 24))
    log.append(numbered_batch(24, 8))
    new = np.arange(24, 32)
    assert np.isnan(log.column("score", new)).all()
    assert not log.column("verdict", new).any()


def test_selects_by_packet_and_analysis():
    """A mask over batch and analysis becomes ascending packet_ids, in a log that has lost rows, too."""
    log = filled(55, capacity=20)
    here = np.arange(log.first_id, log.end_id)
    log.set_analysis(log.first_id, **analysis(log.first_id, len(here)))
    found = log.select(lambda batch, judged: (batch.ids % 3 == 1) & (judged["family"] == 2))
    assert found.dtype == np.int64
    assert found.tolist() == [packet_id for packet_id in here if packet_id % 3 == 1 and packet_id % 5 == 2]
    assert PacketLog().select(lambda batch, _: batch["length"] > 0).tolist() == []


def test_batches_show_the_text_that_was_appended():
    """Iterating gives every row once, with its id and text, without waiting for a full chunk."""
    log = filled(45)
    seen = []
    for batch in log.batches():
        assert_rows(batch, batch.ids.tolist())
        seen += batch.ids.tolist()
    assert seen == list(range(45))


def test_a_held_batch_does_not_change_when_the_log_grows():
    """Rows handed out are read-only and stay what they were."""
    log = filled(5)
    held = next(iter(log.batches()))
    log.append(numbered_batch(5, 20))
    assert_rows(held, [0, 1, 2, 3, 4])
    with pytest.raises(ValueError, match="read-only"):
        held["length"][0] = 1


def test_dataframe_has_packets_and_analysis():
    """pandas gets one row per packet, indexed by packet_id, with what analysis said."""
    log = filled(55, capacity=20)
    log.set_analysis(40, **analysis(40, 2))
    table = log.to_dataframe()
    assert table.index.tolist() == list(range(log.first_id, 55))
    assert table.loc[41, "incident"] == 41
    assert table.loc[43, "text"] == text_of_packet(43).decode()
    assert {name for name, _ in ANALYSIS_FIELDS} <= set(table.columns)


def test_flagged_is_unusual_or_named():
    """A row is highlighted for the model's or a rule's sake, not for being scored, dimmed or skipped."""
    flagged = {verdict for verdict in Verdict if verdict.flagged}
    assert flagged == {Verdict.UNUSUAL, Verdict.FAMILY}
    assert (Verdict.SCORED | Verdict.FAMILY).flagged
