"""The benchmark, run by ``make bench`` in an Odoo shell on a throw-away database.

Prints one table: goal, what was measured, whether it is met. Two databases differ by
the addon alone; the name of the one without it is in the environment variable WITHOUT.
LONG=1 adds a run of 5,000; PARTS=tick,screens are just these.
"""

import os
import sys
import time

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

sys.path.insert(0, os.environ["TOOLS"])

from bench import bystanders, drafting, life
from bench.measuring import Goals


def run(without, env, goals):
    """Measure all goals, subject by subject."""
    parts = {
        "installation": lambda: life.add_installation(goals),
        "trees": lambda: life.measure_trees(without, env, goals),
        "tick": lambda: drafting.measure(without, env, goals),
        "documents": lambda: life.measure_documents(env, goals),
        "schedules": lambda: life.measure_schedules(env, goals),
        "queue": lambda: life.measure_queue(env, goals),
        "screens": lambda: bystanders.measure_screens(without, env, goals),
        "acts": lambda: bystanders.measure_acts(without, env, goals),
    }
    if os.environ.get("LONG"):
        parts["long"] = lambda: drafting.measure_long(env, goals)
    for name in (os.environ.get("PARTS") or ",".join(parts)).split(","):
        start = time.perf_counter()
        print(f"{name}:", flush=True)
        try:
            parts[name]()
        finally:
            without.cr.rollback()
            env.cr.rollback()
            env.invalidate_all()
        print(f"    in {time.perf_counter() - start:.0f} s", flush=True)


goals = Goals()
with Registry(os.environ["WITHOUT"]).cursor() as without_cr:
    run(api.Environment(without_cr, SUPERUSER_ID, {}), env, goals)
goals.print()
