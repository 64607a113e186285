import pytest

from trafficdesk.detect.words import amount, listed, phrase, reason_of, seconds, usually
from trafficdesk.features import FEATURES, INDEX


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (212.4, "", "212"),
        (2_310.0, "", "2,310"),
        (999.0, "bytes", "999 bytes"),
        (23_400_000.0, "bytes", "23 MB"),
        (2_340_000.0, "bytes", "2.3 MB"),
        (0.25, "s", "250 ms"),
        (60.2, "s", "60 s"),
        (1.5, "s", "1.5 s"),
        (300.0, "s", "5 min"),
        (9_000.0, "s", "2.5 h"),
        (4.43, "bits", "4.4 bits"),
        (133.3, "characters", "133 characters"),
    ],
)
def test_amounts_are_rounded_to_what_can_be_believed(value, unit, text):
    """Two or three digits, with the unit a person knows."""
    assert amount(value, unit) == text


def test_words_agree_in_number():
    """One packet, two packets; nothing is "usually none"."""
    feature = FEATURES[INDEX["icmp_out_60s"]]
    assert phrase(feature, 1.0) == "about 1 ICMP packet in 60 s"
    assert phrase(feature, 2.0) == "about 2 ICMP packets in 60 s"
    assert usually(0.2) == "usually none"
    assert usually(5_000.0, "bytes") == "usually ≤ 5.0 kB"
    assert usually(0.9977, "", 1.0) == "usually less"
    assert usually(0.9977, "", 1.6) == "usually ≤ 1"
    assert usually(0.9977, "", 0.9) == "usually ≤ 1"


def test_a_reason_without_a_reference_says_no_usual():
    """Before the first fit only the value is known."""
    assert reason_of(INDEX["length"], 1_500.0, float("nan")).words == "a packet of 1.5 kB"


def test_lists_are_cut():
    """A few by name, the others as a number."""
    assert listed(("a", "b")) == "a, b"
    assert listed(("a", "b", "c", "d", "e")) == "a, b, c and 2 more"
    assert seconds(0.0) == "0 ms"
