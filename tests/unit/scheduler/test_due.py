"""Which fire times are run: laws over any looks at any times, against a plain model that remembers every fire time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.triggers.due import LATE, MINUTE, Decision, caught_up, decide, jitter

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
MINUTES = st.lists(st.integers(1, 600), min_size=1, max_size=60, unique=True).map(sorted)
# Seconds from one look to the next: soon, after a while, after hours; and clocks are put back.
STEPS = st.lists(st.one_of(st.integers(0, 70), st.integers(0, 900), st.integers(0, 30_000), st.integers(-4_000, 0)), max_size=25)


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


class Looked:
    """A schedule that is looked at with `decide`, as often as that asks for. `most`: fire times of one look."""

    def __init__(self, fires: list[datetime], catch_up: str, seconds: float, most: int) -> None:
        self.fires, self.catch_up, self.delay, self.most = fires, catch_up, jitter("t", seconds), most
        self.handled_to, self.became = BEGIN, dict[datetime, str]()

    def look(self, now: datetime) -> Decision:
        while True:
            left = [fire for fire in self.fires if fire > self.handled_to]
            made = decide(iter(left), self.handled_to, now, catch_up=self.catch_up, delay=self.delay, most=self.most)
            for word, which in (("run", made.run), ("missed", made.missed), ("behind", made.behind)):
                assert list(which) == sorted(which)
                for fire in which:
                    assert fire not in self.became, "decided twice"
                    self.became[fire] = word
            assert made.handled_to >= self.handled_to
            self.handled_to = made.handled_to
            if made.look_at is None or made.look_at > now:
                return made


class Model:
    """The same by definition."""

    def __init__(self, fires: list[datetime], catch_up: str, seconds: float) -> None:
        delay = jitter("t", seconds)
        ends = [*fires[1:], None]
        self.due = {fire: fire + delay(fire, following) for fire, following in zip(fires, ends, strict=True)}
        self.catch_up, self.became = catch_up, dict[datetime, str]()

    def look(self, now: datetime) -> None:
        open_ = [fire for fire, due in self.due.items() if due <= now and fire not in self.became]
        late = [fire for fire in open_ if now - self.due[fire] > LATE]
        for fire in open_:
            if fire not in late:
                self.became[fire] = "run"
            elif self.catch_up == "all":
                self.became[fire] = "behind"
            else:
                self.became[fire] = "run" if self.catch_up == "last" and fire == max(late) else "missed"


@given(MINUTES, STEPS, st.sampled_from(["none", "last", "all"]), st.sampled_from([0, 1, 30, 240, 7200]), st.integers(2, 7))
@settings(max_examples=400, deadline=None)
def test_each_fire_time_is_decided_once_and_as_catch_up_says(
    minutes: list[int], steps: list[int], catch_up: str, seconds: float, most: int
) -> None:
    fires = [at(minute) for minute in minutes]
    real, model, now = Looked(fires, catch_up, seconds, most), Model(fires, catch_up, seconds), BEGIN
    for step in steps:
        now += timedelta(seconds=step)
        made = real.look(now)
        model.look(now)
        assert real.became == model.became
        waiting = [due for fire, due in model.due.items() if fire not in model.became]
        assert made.look_at == min(waiting, default=None), "the next look is when the next one is due"
    if catch_up != "all":
        assert "behind" not in real.became.values()


@given(st.lists(st.integers(1, 3000), max_size=40, unique=True).map(sorted), st.lists(st.integers(1, 200), max_size=80), st.integers(1, 6))
@settings(max_examples=200, deadline=None)
def test_all_that_are_behind_are_run_and_never_more_than_so_many_in_a_minute(minutes: list[int], steps: list[int], most: int) -> None:
    behind, now, not_before = [at(minute) for minute in minutes], at(4000), None
    ran: list[tuple[datetime, datetime]] = []
    for step in [*steps, *[61] * (len(minutes) + 1)]:
        now += timedelta(seconds=step)
        if behind:
            which, not_before = caught_up(behind, not_before, now, most)
            ran += [(now, fire) for fire in which]
            behind = behind[len(which) :]
    assert [fire for _, fire in ran] == [at(minute) for minute in minutes], "the oldest first, each once"
    for began, _ in ran:
        assert sum(began <= when < began + MINUTE for when, _ in ran) <= most


def test_a_clock_that_is_put_back_does_not_hold_up_for_longer_what_is_behind() -> None:
    _, then = caught_up([at(1), at(2)], None, at(600), 1)
    assert caught_up([at(2)], then, at(600), 1) == ((), then)
    assert caught_up([at(2)], then, at(300), 1)[0] == [at(2)]


def test_a_day_of_sleep_with_each_way_to_catch_up() -> None:
    hours = [at(60 * hour) for hour in range(1, 60)]
    woke = at(60 * 24 + 30)
    for catch_up, expected in (
        ("none", {"missed": 24}),
        ("last", {"missed": 23, "run": 1}),
        ("all", {"behind": 24}),
    ):
        slept = Looked(hours, catch_up, 0, 5)
        slept.look(woke)
        assert Counter(slept.became.values()) == expected
        assert slept.handled_to == at(60 * 24)
        assert catch_up != "last" or slept.became[at(60 * 24)] == "run", "the newest"


def test_a_fire_time_of_a_moment_ago_is_run_beside_the_newest_that_was_missed() -> None:
    slept = Looked([at(1), at(2), at(3)], "last", 0, 2)
    slept.look(at(3.5))
    assert slept.became == {at(1): "missed", at(2): "run", at(3): "run"}


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([1, 60, 100_000]))
def test_jitter_is_the_same_each_time_and_never_reaches_the_next_fire_time(minute: int, later: int, seconds: float) -> None:
    fire, following = at(minute), at(minute + later)
    drawn = jitter("a", seconds)(fire, following)
    assert drawn == jitter("a", seconds)(fire, following)
    assert timedelta(0) <= drawn < min(timedelta(seconds=seconds), following - fire)


def test_jitter_spreads_pipelines_and_fire_times() -> None:
    of_pipelines = {jitter(f"trigger-{number}", 60)(at(1), at(2)) for number in range(50)}
    of_times = {jitter("trigger", 60)(at(number), at(number + 1)) for number in range(50)}
    for delays in (of_pipelines, of_times):
        assert len(delays) == 50
        thirds = Counter(delay // timedelta(seconds=20) for delay in delays)
        assert min(thirds[third] for third in (0, 1, 2)) > 5
