"""What all who watch one run share: each gets every frame once, in order, and it is read once for all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress

import pytest

from services.api import tail
from services.api.feed import Feed, Full
from services.api.tail import Frame, Tail
from shared.errors import UnavailableError
from shared.store.database import Database

BATCH = 10


class Source:
    """A run as the store has it."""

    def __init__(self, said: int = 0, *, over: bool = False) -> None:
        self.said, self.over, self.reads, self.away = said, over, 0, False

    def read(self, after: int) -> tuple[Sequence[Frame], bool]:
        self.reads += 1
        if self.away:
            raise UnavailableError("away")
        return [(number, f"frame {number} ") for number in range(after + 1, self.said + 1)][:BATCH], self.over


def watched(of: Tail, after: int = 0, within_s: float = 20.0) -> list[int]:
    """The numbers that a watcher gets, to the end."""
    numbers: list[int] = []
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        frames, over = of.behind(after)
        numbers += [number for number, _ in frames]
        if over:
            return numbers
        if frames:
            after = frames[-1][0]
        else:
            of.wait()
    raise AssertionError(f"no end, after {numbers[-5:]}")


def test_all_who_watch_while_it_is_said_get_everything_once_and_in_order() -> None:
    source = Source()
    shared = Tail(source.read, BATCH)
    found: dict[int, list[int]] = {}
    threads = [threading.Thread(target=lambda who=who: found.update({who: watched(shared)})) for who in range(50)]
    for thread in threads:
        thread.start()
    for said in range(1, 201):
        source.said = said
        shared.ring()
        if said % 20 == 0:
            time.sleep(0.005)
    source.over = True
    shared.ring()
    for thread in threads:
        thread.join()
    assert len(found) == 50
    assert all(numbers == list(range(1, 201)) for numbers in found.values())
    # Each for himself would have read some 50 times as often.
    assert source.reads < 500


def test_who_comes_later_or_back_gets_what_is_behind_his_number() -> None:
    shared = Tail(Source(35, over=True).read, BATCH)
    assert watched(shared) == list(range(1, 36))
    assert watched(shared) == list(range(1, 36))
    assert watched(shared, 20) == list(range(21, 36))
    assert watched(shared, 35) == []


def test_who_is_behind_what_is_kept_reads_it_by_himself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "KEPT", 50)
    source = Source(35, over=True)
    shared = Tail(source.read, BATCH)
    assert watched(shared) == list(range(1, 36))
    assert watched(shared, 3) == list(range(4, 36))


def test_a_number_that_is_yet_to_come_keeps_nothing_from_others() -> None:
    source = Source(5)
    shared = Tail(source.read, BATCH)
    assert shared.behind(1_000_000) == ([], False)
    source.over = True
    shared.ring()
    assert watched(shared) == [1, 2, 3, 4, 5]
    assert watched(shared, 1_000_000) == []


def test_while_the_store_is_away_it_is_asked_once_a_second_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "LOOK_AGAIN_S", 0.2)
    source = Source(5, over=True)
    source.away = True
    shared = Tail(source.read, BATCH)
    assert [shared.behind(0)[1] for _ in range(20)] == [False] * 20
    assert source.reads <= 3 * 2
    source.away = False
    assert watched(shared) == [1, 2, 3, 4, 5]


def test_no_more_are_let_in_than_there_may_be_however_many_ask_at_once(store: Database) -> None:
    feed = Feed(store, most=5)
    barrier, let_in = threading.Barrier(20), []

    def ask() -> None:
        barrier.wait()
        with suppress(Full):
            let_in.append(feed.join("a run", "events", lambda: Tail(Source().read, BATCH)))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(let_in), feed.watchers) == (5, 5)
    assert len({id(watcher.tail) for watcher in let_in}) == 1
    with pytest.raises(Full), feed.watch("another"):
        pass
    let_in[0].leave()
    let_in[0].leave()
    assert feed.watchers == 4
