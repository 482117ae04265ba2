"""Benchmarks, run in an Odoo shell on throw-away databases: `make bench`.

Prints what the addon costs, in one process and interleaved with what it is measured by:

* those who do not use it, on this database beside one without the addon, whose name is
  in the environment variable WITHOUT. The queries are constants of test_performance.py;
* Odoo's own screens with 1,000 projects of 8 milestone lines each, without and with the
  addon's fields;
* a tick over the bare creation of the invoices it makes.

Ratios, calls and queries count; the seconds are this machine's.
"""

import cProfile
import gc
import importlib.util
import os
import pstats
import statistics
import time

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.module import get_module_path
from odoo.modules.registry import Registry

PROJECTS, LINES, TICKS, ROUNDS = 1000, 8, 100, 7


# --- those who do not use it ------------------------------------------------------


def load_bystander():
    """Load the acts from the tests, without Odoo's test framework."""
    path = os.path.join(get_module_path("milestone_billing"), "tests", "bystander.py")
    spec = importlib.util.spec_from_file_location("bystander", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def count_queries(cr, act):
    before = cr.sql_log_count
    act()
    return cr.sql_log_count - before


def count_calls(act):
    profile = cProfile.Profile()
    profile.runcall(act)
    return pstats.Stats(profile).total_calls


def measure_cpu(act):
    gc.collect()
    start = time.process_time()
    act()
    return time.process_time() - start


def seed_history(bystanders):
    """Post some invoices, so that the statistics are those of a used database."""
    for _batch in range(3):
        bystanders._create_posted(100)
    bystanders.env.flush_all()
    bystanders.env.cr.execute("ANALYZE")
    bystanders.env.invalidate_all()


def compare_bystanders(without_cr, with_cr):
    """Print the cost of each act without the addon and with it."""
    bystander = load_bystander()
    both = [
        bystander.Bystanders(api.Environment(cr, SUPERUSER_ID, {}))
        for cr in (without_cr, with_cr)
    ]
    print(f"{'those who bill nothing by milestones':40} queries        CPU ms   calls")
    # counted as the suite does, before there is a history
    queries = {
        name: [
            b.measure(name, lambda act, b=b: count_queries(b.env.cr, act)) for b in both
        ]
        for name in both[0].acts
    }
    for bystanders in both:
        seed_history(bystanders)
    for name in both[0].acts:
        cpu = [[b.measure(name, measure_cpu) for b in both] for _round in range(ROUNDS)]
        before, after = (statistics.median(row[i] for row in cpu) for i in (0, 1))
        calls = [b.measure(name, count_calls) for b in both]
        print(
            f"{name:40} {queries[name][0]:3} {queries[name][1]:3}"
            f"   {before * 1000:7.1f} {after * 1000:7.1f}"
            f"   {calls[1] / calls[0]:6.3f} x",
            flush=True,
        )
    print("constants of test_performance.py:")
    for name, (before, _after) in queries.items():
        print(f'    "{name}": {before},')
    print(flush=True)


def bench_bystanders():
    with (
        Registry(os.environ["WITHOUT"]).cursor() as without_cr,
        env.registry.cursor() as with_cr,
    ):
        try:
            compare_bystanders(without_cr, with_cr)
        finally:
            without_cr.rollback()
            with_cr.rollback()


if os.environ.get("WITHOUT"):
    bench_bystanders()

# --- those who use it -------------------------------------------------------------

env["account.chart.template"].try_loading("generic_coa", env.company)
project_user = env["res.users"].create(
    {
        "name": "Project user",
        "login": "bench",
        "group_ids": [Command.set([env.ref("project.group_project_user").id])],
    }
)
customer = env["res.partner"].create({"name": "Client"})
plan, _others = env["account.analytic.plan"]._get_all_plans()


def create_projects(count):
    """Create projects with an analytic account and a contract of eight lines each."""
    accounts = env["account.analytic.account"].create(
        [{"name": f"Project {n}", "plan_id": plan.id} for n in range(count)]
    )
    projects = env["project.project"].create(
        [
            {
                "name": f"Project {n}",
                "partner_id": customer.id,
                "user_id": project_user.id,
                "account_id": accounts[n].id,
            }
            for n in range(count)
        ]
    )
    env["milestone.billing.contract"].create(
        [
            {
                "project_id": project.id,
                "contract_sum": 80000,
                "line_ids": [
                    Command.create(
                        {
                            "name": f"Stage {i}",
                            "basis": "balance" if i == LINES - 1 else "percent",
                            "percent": 0 if i == LINES - 1 else 100 / LINES,
                            "sequence": i,
                        }
                    )
                    for i in range(LINES)
                ],
            }
            for project in projects
        ]
    )
    return projects


def measure(function):
    """Return (seconds, queries) of a call on a cold cache."""
    env.flush_all()
    env.invalidate_all()
    gc.collect()
    queries, start = env.cr.sql_log_count, time.perf_counter()
    function()
    env.flush_all()
    return time.perf_counter() - start, env.cr.sql_log_count - queries


def measure_by_turns(*functions):
    """Return the median (seconds, queries) of functions that are called by turns."""
    rounds = [[measure(function) for function in functions] for _ in range(ROUNDS)]
    return [
        (statistics.median(seconds for seconds, _queries in turns), turns[-1][1])
        for turns in zip(*rounds, strict=True)
    ]


def report(title, core, ours):
    print(
        f"{title:45} core {core[0] * 1000:8.1f} ms {core[1]:4} queries"
        f"   with the addon {ours[0] * 1000:8.1f} ms {ours[1]:4} queries"
        f"   {ours[0] / core[0]:5.2f} x",
        flush=True,
    )


def read(model, names, limit):
    records = env[model].with_user(env.ref("base.user_admin"))
    return lambda: records.web_search_read(
        [], {name: {} for name in names}, limit=limit
    )


start = time.perf_counter()
projects = create_projects(PROJECTS)
env.flush_all()
print(
    f"{PROJECTS} projects of {LINES} lines created in {time.perf_counter() - start:.0f} s"
)

# a history, so that the statistics of PostgreSQL are those of a used database
history = projects[: PROJECTS // 4].milestone_ids.filtered(
    lambda m: m.name == "Stage 0"
)
history.with_user(project_user).is_reached = True
env.flush_all()
env.cr.commit()
env.cr.execute("ANALYZE")

CARD = ["display_name", "partner_id", "milestone_count", "milestone_count_reached",
        "open_task_count", "next_milestone_id", "user_id", "tag_ids"]  # fmt: skip
CARD_OURS = ["billing_status", "billing_stage_count", "billing_stage_done_count",
             "billing_share", "billing_amounts"]  # fmt: skip
for model, limit, title, core, ours in (
    ("project.project", 40, "project kanban, 40 cards", CARD, CARD_OURS),
    ("project.project", 80, "project list, 80 rows", CARD,
     ["billing_status", "billing_amounts"]),
    ("project.milestone", 80, "milestone list, 80 rows",
     ["name", "deadline", "is_reached", "task_count"], ["billing_status"]),
):  # fmt: skip
    report(
        title,
        *measure_by_turns(read(model, core, limit), read(model, core + ours, limit)),
    )

queue = ["contract_id", "partner_id", "name", "reached_date", "amount_open",
         "amount_drafted", "status", "blocking_reason", "has_documents"]  # fmt: skip
for title, model, names in (
    ("lines, 80 rows", "milestone.billing.line", queue),
    ("contracts, 80 rows", "milestone.billing.contract",
     ["display_name", "partner_id", "amount_to_date", "amount_billed", "amount_paid",
      "amount_ready", "status"]),
):  # fmt: skip
    [(seconds, queries)] = measure_by_turns(read(model, names, 80))
    print(f"{title:45} {seconds * 1000:.1f} ms, {queries} queries")


def bare_creation(milestones):
    env["account.move"].with_user(project_user).sudo().create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "invoice_user_id": project_user.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": env.ref(
                                "milestone_billing.product_milestone_billing"
                            ).id,
                            "name": milestone.name,
                            "price_unit": 10000,
                            "analytic_distribution": (
                                milestone.project_id._get_analytic_distribution()
                            ),
                        }
                    )
                ],
            }
            for milestone in milestones
        ]
    )


bare, ticks = [], []
for stage in ("Stage 1", "Stage 2", "Stage 3"):
    milestones = projects[:TICKS].milestone_ids.filtered(
        lambda m, stage=stage: m.name == stage
    )
    bare.append(measure(lambda milestones=milestones: bare_creation(milestones)))
    ticks.append(
        measure(
            lambda milestones=milestones: milestones.with_user(project_user).write(
                {"is_reached": True}
            )
        )
    )
report(f"{TICKS} milestones marked done at once", min(bare), min(ticks))
env.cr.rollback()
