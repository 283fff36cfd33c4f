"""The axes of a picture: round ticks, and values where they belong."""

import re

import numpy as np
import pytest

from _helpers.pages import Page
from skmia.audit._report._html._chart import Axis, Chart, linear_axis, rates_axis
from skmia.audit._report._html._looks import Line


def labels(axis):
    return [label.replace("\N{MINUS SIGN}", "-") for _, label in axis.shown]


def points(chart):
    """The corners of the last path that was drawn."""
    path = re.findall(r' d="M([^"]*)"', chart.svg(""))
    (drawn,) = [p for p in path if p.count("L") == 2 and "M" not in p]
    return [tuple(map(float, at.split())) for at in drawn.split("L")]


def test_rates_have_a_tick_a_decade_and_one_between_where_few_are():
    assert labels(rates_axis(1e-4, 1.0)) == ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"]
    assert labels(rates_axis(0.02, 1.0)) == ["3 %", "10 %", "30 %", "100 %"]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-10.2, 7.1, ["-10", "-5", "0", "5"]),
        (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (
            -0.6,
            0.7,
            ["-0.50", "-0.25", "0.00", "0.25", "0.50"],
        ),
        (
            0.0,
            4e-7,
            ["0", "1e-07", "2e-07", "3e-07"],
        ),
        (0.0, 2.5e8, ["0", "5e+07", "1e+08", "1.5e+08", "2e+08", "2.5e+08"]),
    ],
)
def test_linear_ticks_are_round(low, high, expected):
    assert labels(linear_axis(low, high))[: len(expected)] == expected


@pytest.mark.parametrize("width", [3e-9, 0.7, 1.0, 13.0, 4.2e5])
@pytest.mark.parametrize("start", [-1.3, 0.0, 2.0])
def test_there_are_some_ticks_and_not_too_many(width, start):
    for most in (5, 7):
        ticks = linear_axis(start * width, (start + 1) * width, most=most).shown
        assert 2 <= len(ticks) <= most + 1
        assert len({label for _, label in ticks}) == len(ticks)


def test_values_are_drawn_where_they_belong():
    chart = Chart("a", (200, 100), rates_axis(0.01, 1.0), linear_axis(0.0, 2.0))
    chart.line(np.array([0.01, 0.1, 1.0]), np.array([0.0, 1.0, 2.0]), "")
    (x0, y0), (x1, y1), (x2, y2) = points(chart)
    assert (x0, y0) == pytest.approx((chart.left, chart.bottom), abs=0.01)
    assert (x2, y2) == pytest.approx((chart.right, chart.above), abs=0.01)
    # The middle of the decades and of the heights.
    assert (x1, y1) == pytest.approx(((x0 + x2) / 2, (y0 + y2) / 2), abs=0.01)


def test_a_rate_of_zero_is_below_the_picture_and_cut_off():
    chart = Chart("a", (200, 100), rates_axis(0.01, 1.0), rates_axis(0.01, 1.0))
    chart.line(np.array([0.01, 0.1, 1.0]), np.array([0.0, 0.0, 1.0]), "")
    (_, y, *_), *_ = points(chart)
    assert y > 100
    page = Page(str(chart.svg("")))
    inside = page.of("clippath")[0]["id"]
    assert f"url(#{inside})" in [of.get("clip-path") for of in page.of("g")]


def test_words_are_no_markup():
    axis = Axis(0.0, 1.0, [(0.5, "<b>")], title="a & b")
    svg = str(Chart("a", (200, 100), axis, axis).svg('"><script>'))
    page = Page(svg)
    assert not page.of("b")
    assert not page.of("script")
    assert page.of("svg")[0]["aria-label"] == '"><script>'


def test_lines_are_told_apart_without_colour():
    lines = [Line.of(number) for number in range(8)]
    assert len({(line.dash, line.marker) for line in lines}) == 8
    assert Line.of(8) == lines[0]
