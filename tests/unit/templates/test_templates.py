"""Templates: what they mean, what is wrong with them, and where."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.pipelines.language.templates import Moment, TemplateProblem, Type, Value, evaluated, findings, templates, text_of, type_of_text

WARSAW = ZoneInfo("Europe/Warsaw")


def moment(logical: str, start: str | None = None, zone: ZoneInfo = WARSAW) -> dict[str, Value]:
    at = datetime.fromisoformat(logical)
    return Moment("01a1", at, datetime.fromisoformat(start) if start else at, zone).values()


def value(body: str, **names: Value) -> Value:
    return evaluated(body, {**moment("2026-03-29T00:00:00+00:00"), **names}, {"REGION": "north"})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("today", date(2026, 3, 29)),
        ("yesterday", date(2026, 3, 28)),
        ("run_id", "01a1"),
        ("date_add(today, -7)", date(2026, 3, 22)),
        ("date_add(today,-7)", date(2026, 3, 22)),
        ("month_start(today)", date(2026, 3, 1)),
        ("month_end(date_add(today, -40))", date(2026, 2, 28)),
        ("week_start(today)", date(2026, 3, 23)),
        ("year_start(now)", date(2026, 1, 1)),
        ('format_date(today, "%Y%m%d")', "20260329"),
        ("format_date(now, '%H:%M %z')", "01:00 +0100"),
        ("format_date(old, '%Y-%m-%d %%')", "0099-01-02 %"),
        ("month_end(last)", date(9999, 12, 31)),
        ("env(REGION)", "north"),
        ('env("REGION")', "north"),
        ("'{{'", "{{"),
        ("-1.5", -1.5),
        ("true", True),
        ("region", "it's"),
        ("nothing", None),
    ],
)
def test_a_template_has_its_value(body: str, expected: Value) -> None:
    names: dict[str, Value] = {"old": date(99, 1, 2), "last": date(9999, 12, 5), "region": "it's", "nothing": None}
    assert value(body, **names) == expected
    assert type(value(body, **names)) is type(expected)


# The day on which Warsaw's clocks go forward has 23 hours, the one on which they go back 25.
@pytest.mark.parametrize(
    ("logical", "now", "today", "yesterday"),
    [
        ("2026-03-28T23:30:00+00:00", "2026-03-29T00:30:00+01:00", "2026-03-29", "2026-03-28"),
        ("2026-03-29T00:30:00+00:00", "2026-03-29T01:30:00+01:00", "2026-03-29", "2026-03-28"),
        ("2026-03-29T01:00:00+00:00", "2026-03-29T03:00:00+02:00", "2026-03-29", "2026-03-28"),
        ("2026-03-29T21:59:00+00:00", "2026-03-29T23:59:00+02:00", "2026-03-29", "2026-03-28"),
        ("2026-03-29T22:00:00+00:00", "2026-03-30T00:00:00+02:00", "2026-03-30", "2026-03-29"),
        ("2026-10-24T22:00:00+00:00", "2026-10-25T00:00:00+02:00", "2026-10-25", "2026-10-24"),
        ("2026-10-25T00:30:00+00:00", "2026-10-25T02:30:00+02:00", "2026-10-25", "2026-10-24"),
        ("2026-10-25T01:30:00+00:00", "2026-10-25T02:30:00+01:00", "2026-10-25", "2026-10-24"),
        ("2026-10-25T22:59:00+00:00", "2026-10-25T23:59:00+01:00", "2026-10-25", "2026-10-24"),
        ("2026-10-25T23:00:00+00:00", "2026-10-26T00:00:00+01:00", "2026-10-26", "2026-10-25"),
    ],
)
def test_days_are_those_of_the_zone_whatever_the_clocks_do(logical: str, now: str, today: str, yesterday: str) -> None:
    names = moment(logical, "2026-03-27T23:00:00+00:00")
    shown = {name: text_of(found) for name, found in names.items()}
    assert (shown["now"], shown["today"], shown["yesterday"]) == (now, today, yesterday)
    assert (shown["data_interval_end"], shown["data_interval_start"]) == (now, "2026-03-28T00:00:00+01:00")


@pytest.mark.parametrize(
    ("logical", "days", "expected"),
    [
        ("2026-03-28T12:00:00+00:00", 1, "2026-03-29T13:00:00+02:00"),
        ("2026-03-28T01:30:00+00:00", 1, "2026-03-29T03:30:00+02:00"),
        ("2026-10-24T12:00:00+00:00", 1, "2026-10-25T14:00:00+01:00"),
        ("2026-10-26T12:00:00+00:00", -1, "2026-10-25T13:00:00+01:00"),
    ],
)
def test_days_are_added_on_the_clock_of_the_zone(logical: str, days: int, expected: str) -> None:
    assert text_of(evaluated(f"date_add(now, {days})", moment(logical), {})) == expected


@settings(deadline=None)
@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)), st.sampled_from(["Europe/Warsaw", "America/New_York", "Asia/Kolkata", "UTC"])
)
def test_yesterday_is_the_day_before_today_everywhere(at: datetime, zone: str) -> None:
    names = Moment("r", at.replace(tzinfo=UTC), at.replace(tzinfo=UTC), ZoneInfo(zone)).values()
    assert names["today"] - names["yesterday"] == timedelta(days=1)  # type: ignore[operator]
    assert names["now"] == at.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "words"),
    [("date_add(today, 9999999)", "leaves the calendar"), ("env(HOME)", "PENSTOCK_TEMPLATE_ENV"), ("month_start(nothing)", "has no value")],
)
def test_what_cannot_be_computed_is_said(body: str, words: str) -> None:
    with pytest.raises(TemplateProblem, match=words):
        value(body, nothing=None)


# text -> where, words, suggestion
MISTAKES = {
    "{{todai}}": (2, "did you mean 'today'", "today"),
    "{{ load_dat }}": (3, "did you mean 'load_date'", "load_date"),
    "{{month_strat(today)}}": (2, "did you mean 'month_start'", "month_start"),
    "{{date_add(today)}}": (2, "takes 2 arguments, not 1: date_add(d, days)", None),
    "a {{date_add(load_date, today)}}": (24, "'days' of date_add must be a whole number, not a date", None),
    "{{month_start('2026-01-01')}}": (14, "'d' of month_start must be a date or a timestamp, not text", None),
    '{{format_date(today, "%Q")}}': (21, "knows no '%Q'", None),
    "{{today - 7}}": (8, "write date_add(today, -7)", None),
    "{{today-7}}": (7, "write date_add(today, -7)", None),
    "{{date_add}}": (2, "is a function; call it: date_add(d, days)", "date_add(…)"),
    "{{env()}}": (2, "env takes the name of one environment variable", None),
    "{{}}": (2, "not nothing", None),
    "{{f(}}": (4, "expected, not nothing", None),
    "{{today today}}": (8, "'today' is left over", None),
    "{{__import__('os').system('id')}}": (18, "is left over", None),
    "{{today.__class__}}": (7, "is left over", None),
    "{{[].__class__}}": (2, "not '['", None),
    "{{vault:secret/path}}": (2, "write {{vault:secret/path#key}}", None),
    "{{credential: a#b}}": (2, "write {{credential:name#field}}", None),
    "{{" + "month_start(" * 40 + "today" + ")" * 40 + "}}": (242, "more than 20 deep", None),
    "{{" + "9" * 400 + "}}": (2, "too long", None),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told_at_its_character_with_the_right_word(text: str) -> None:
    at, words, suggestion = MISTAKES[text]
    (found,) = findings(text, {"load_date": Type.DATE})
    assert found.problem is not None
    assert words in found.problem.message
    assert (found.problem.offset, found.problem.suggestion) == (at, suggestion)


def test_a_template_that_is_not_closed_is_told() -> None:
    with pytest.raises(TemplateProblem, match="not closed") as problem:
        templates("a {{today}} {{now")
    assert problem.value.offset == 12


def test_templates_are_found_in_a_text_with_all_kinds_of_braces_in_it() -> None:
    found = templates("{a} }} {{ today }}{{'}}'}}{{\"{{\"}} {{it's}} {")
    assert [one.body for one in found] == ["today", "'}}'", '"{{"', "it's"]


@pytest.mark.parametrize("text", ["{{" * 500_000, "{{'" * 300_000, '{{"}}{{' + "'" * 900_000, "{{a" * 300_000 + "}}"])
def test_a_large_text_of_braces_costs_little(text: str) -> None:
    begun = datetime.now(UTC)
    with suppress(TemplateProblem):
        templates(text)
    assert datetime.now(UTC) - begun < timedelta(seconds=5)


@settings(deadline=None)
@given(st.text(alphabet="{}'\"()abtody_,#: 1-.%", max_size=60))
def test_any_text_is_read_or_told_of(text: str) -> None:
    try:
        found = findings(text, {"a": Type.STRING})
    except TemplateProblem as problem:
        assert 0 <= problem.offset <= len(text)
        return
    for one in found:
        assert one.problem is None or 0 <= one.problem.offset <= len(text)
        assert (one.problem is None) == (one.type is not None or one.reference is not None)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("{{today}}", Type.DATE), (" {{now}}\n", Type.TIMESTAMP), ("{{n}}", Type.LIST), ("a{{n}}", Type.STRING), ("{{vault:a/b#c}}", None)],
)
def test_only_a_text_that_is_nothing_but_one_template_keeps_its_type(text: str, kind: Type | None) -> None:
    assert type_of_text(text, findings(text, {"n": Type.LIST})) is kind


@pytest.mark.parametrize(
    ("given_value", "shown"), [(True, "true"), (1.0, "1.0"), (["a", 2, False], "a,2,false"), (date(2026, 1, 2), "2026-01-02"), (-3, "-3")]
)
def test_a_value_inside_a_text_is_its_text(given_value: Value, shown: str) -> None:
    assert text_of(given_value) == shown
