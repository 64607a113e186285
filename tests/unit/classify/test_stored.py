"""What classifiers said stays with the rows, and is said in words."""

from __future__ import annotations

import numpy as np

from tests.helpers.planted import ordinary
from trafficdesk.classify.looks import Looks
from trafficdesk.classify.stored import LooksByIncident, replace_labels, store, words_of
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.log import PacketLog


def looks(ids, *names, likeness=0.87):
    ids = np.array(ids)
    numbers = np.arange(len(ids), dtype=np.int16) % len(names)
    return Looks(ids, numbers, np.full(len(ids), likeness, np.float32), names)


def a_log():
    log = PacketLog()
    log.append(ordinary(10, seed=1).batch())
    return log


def chosen(log, expression):
    display = compile_filter(expression, (), log.identities)
    return log.select(display.mask).tolist()


def test_rows_say_what_they_look_like():
    """Both classifiers' words, with the share of the votes; of others nothing."""
    log = a_log()
    store(log, looks([2, 4, 6], "backup"), looks([4], "DNS", likeness=0.911))
    assert words_of(log, 2) == "looks like what you called backup (0.87)"
    assert words_of(log, 4) == "looks like what you called backup (0.87) · behaves like DNS (0.91)"
    assert not words_of(log, 3)


def test_filters_find_them():
    """td.label, td.likeness and td.application."""
    log = a_log()
    store(log, looks([2, 4, 6], "backup", "scan"), looks([5], "DNS"))
    assert chosen(log, 'td.label == "backup"') == [2, 6]
    assert chosen(log, "td.label") == [2, 4, 6]
    assert chosen(log, "td.likeness > 0.9") == []
    assert chosen(log, "td.likeness > 0.8") == [2, 4, 6]
    assert chosen(log, 'td.application == "DNS"') == [5]


def test_another_classifier_takes_the_place_of_the_former():
    """Labels of the former one are gone, applications stay."""
    log = a_log()
    store(log, looks([2, 4], "backup"), looks([5], "DNS"))
    replace_labels(log, looks([4], "printer"))
    assert chosen(log, "td.label") == [4]
    assert chosen(log, "td.application") == [5]


def test_an_incident_looks_like_what_most_of_its_rows_do():
    """Counted as its rows come; half of them are not most, and rows that have left don't count."""
    log = a_log()
    store(log, looks([2, 3, 4], "backup"), Looks())
    store(log, looks([7], "backup", likeness=0.67), Looks())
    incidents = LooksByIncident(log)
    incidents.add(1, np.array([2, 3]))
    incidents.add(1, np.array([4, 5, 10**9]))
    assert incidents.words(1) == "looks like what you called backup (0.87)"
    incidents.add(1, np.array([7]))
    assert incidents.words(1) == "looks like what you called backup (0.82)"
    incidents.add(2, np.array([2, 3, 5, 6]))
    assert not incidents.words(2)
    assert not incidents.words(3)
    incidents.clear()
    assert not incidents.words(1)


def test_steps_are_joined():
    """Consecutive steps end to end; after a change of the classifier only what the newer one said."""
    both = Looks.joined([looks([1], "a"), looks([2], "a")])
    assert (both.ids.tolist(), both.names) == ([1, 2], ("a",))
    assert Looks.joined([looks([1], "a"), looks([2], "b")]).ids.tolist() == [2]
