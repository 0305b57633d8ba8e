"""The timetable: a night on one screen. What is started when, and what ends it."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.beating import forget_the_dead
from adapters.bootstrap import App
from adapters.cutoffs import start_missing_cutoffs
from adapters.reconciling import plan_comparisons
from adapters.runs import close_finished, start_missing
from adapters.sealing import seal_events


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`run_once` finds by itself what is due by now, does it once, and answers how much that was. Running it
    late, twice or in two places at once changes nothing."""

    name: str
    every_s: float
    run_once: Callable[[App], int]


# fmt: off
TIMETABLE = (
    # what                               how often looked at   how
    Line(name="nights that have begun",  every_s=2.0,          run_once=start_missing),
    Line(name="cut-offs of e-checks",    every_s=2.0,          run_once=start_missing_cutoffs),
    Line(name="runs that are over",      every_s=5.0,          run_once=close_finished),
    Line(name="events not sealed yet",   every_s=10.0,         run_once=seal_events),
    Line(name="days to compare",         every_s=60.0,         run_once=plan_comparisons),
    Line(name="processes long gone",     every_s=600.0,        run_once=forget_the_dead),
)
# fmt: on
