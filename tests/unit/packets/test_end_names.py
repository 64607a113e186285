from tests.helpers.planted import SYN, Traffic
from trafficdesk.packets.end_names import EndNames
from trafficdesk.packets.log import PacketLog


def test_both_ends_have_their_names_and_who_has_left_has_none():
    """Addresses of rows in the log, across blocks, also of those appended later."""
    traffic = Traffic()
    for number in range(1_200):
        traffic.tcp(number * 0.01, "10.0.0.66", 50_000, f"10.0.{number // 250}.{number % 250}", 80, SYN)
    batch = traffic.batch()
    log = PacketLog(2_000)
    log.append(batch.slice(0, 600))
    names = EndNames(log)
    assert names(0) == ("10.0.0.66", "10.0.0.0")
    assert names(599) == ("10.0.0.66", "10.0.2.99")
    assert names(600) == ("", "")
    log.append(batch.slice(600, 1_200))
    assert names(600) == ("10.0.0.66", "10.0.2.100")
    assert names(1_199) == ("10.0.0.66", "10.0.4.199")
    assert names(10**9) == ("", "")
    log.clear()
    assert EndNames(log)(0) == ("", "")
