"""Measuring acts beside each other, and the table of goals.

CPU drifts with the machine: variants are measured by turns in one process, and ratios
are read. Calls are function calls under cProfile, repeatable to a thousandth.
"""

import cProfile
import gc
import pstats
import time
from contextlib import closing
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What an act costs."""

    cpu: float
    calls: int
    queries: int


def forget(env):
    """Let the next act read everything anew."""
    env.flush_all()
    env.invalidate_all()
    gc.collect()


def get_cost(env, act, profiled=False):
    """Return the :class:`Cost` of an act on a cold cache, which stays done."""
    forget(env)
    profile = cProfile.Profile() if profiled else None
    queries, start = env.cr.sql_log_count, time.process_time()
    if profile:
        profile.runcall(act)
    else:
        act()
    env.flush_all()
    cpu, queries = time.process_time() - start, env.cr.sql_log_count - queries
    calls = pstats.Stats(profile).total_calls if profile else 0
    return Cost(cpu, calls, queries)


def undo(env, function):
    """Return what a function returns, with its work undone."""
    with closing(env.cr.savepoint()):
        result = function()
        env.cr.flush()
    env.invalidate_all()
    return result


def compare(env, *prepares, rounds=3):
    """Return the costs of acts done by turns on one database: see compare_in()."""
    return compare_in(*((env, prepare) for prepare in prepares), rounds=rounds)


def compare_in(*acts, rounds=3, warm_up=True):
    """Return the costs of acts done by turns, each undone before the next.

    :param acts: ``(env, prepare)``, where ``prepare`` prepares an act and returns it
    :param int rounds: how often the CPU is measured: the least counts
    :param bool warm_up: whether to do each once before, which fills the registry's caches
    :return: a list of :class:`Cost`
    """
    for env, prepare in acts if warm_up else ():
        undo(env, lambda prepare=prepare: prepare()())
    turns = [
        [
            undo(env, lambda env=env, prepare=prepare: get_cost(env, prepare()))
            for env, prepare in acts
        ]
        for _round in range(rounds)
    ]
    profiled = [
        undo(env, lambda env=env, prepare=prepare: get_cost(env, prepare(), True))
        for env, prepare in acts
    ]
    return [
        Cost(min(cost.cpu for cost in costs), last.calls, costs[-1].queries)
        for costs, last in zip(zip(*turns, strict=True), profiled, strict=True)
    ]


class Goals:
    """The table: goal, what was measured, whether it is met."""

    def __init__(self):
        self.rows = []

    def add(self, goal, measured, is_met):
        self.rows.append((goal, measured, is_met))
        print(f"  {'met   ' if is_met else 'MISSED'}  {goal}: {measured}", flush=True)

    def add_ratio(self, title, cost, base, limit, by="calls", more_queries=None):
        """Add that a cost is at most ``limit`` times another.

        :param str by: ``calls`` or ``cpu``, which decides; the other one is printed, too
        :param int more_queries: how many more queries it may take, if that is a goal
        """
        ratios = {"calls": cost.calls / base.calls, "cpu": cost.cpu / base.cpu}
        is_met = round(ratios[by], 3) <= limit
        goal = f"{title} ≤ {limit:.2f} ×"
        if more_queries is not None:
            goal += f", + {more_queries} q"
            is_met = is_met and cost.queries <= base.queries + more_queries
        other = "cpu" if by == "calls" else "calls"
        measured = (
            f"{ratios[by]:.3f} × in {by}, {ratios[other]:.2f} × in {other},"
            f" {base.queries} → {cost.queries} q"
        )
        self.add(goal, measured, is_met)

    def print(self):
        width = max(len(goal) for goal, _measured, _is_met in self.rows)
        values = max(len(measured) for _goal, measured, _is_met in self.rows)
        print(f"\n{'goal':{width}}  {'measured':{values}}  met")
        for goal, measured, is_met in self.rows:
            print(f"{goal:{width}}  {measured:{values}}  {'yes' if is_met else 'NO'}")
        missed = [row for row in self.rows if not row[2]]
        print(f"\n{len(self.rows) - len(missed)} of {len(self.rows)} goals met")
