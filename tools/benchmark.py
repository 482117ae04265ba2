"""Benchmarks, run in an Odoo shell on a throw-away database: `make bench`.

Prints, measured side by side in one run, what the addon adds to Odoo's own screens with
1,000 projects of 8 milestone lines each, and what a tick costs over the bare creation
of the invoices it makes. Ratios and queries count; the seconds are this machine's.
"""

import gc
import statistics
import time

from odoo import Command

PROJECTS, LINES, TICKS, ROUNDS = 1000, 8, 100, 7

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
    """Create projects with an analytic account and eight lines each."""
    accounts = env["account.analytic.account"].create(
        [{"name": f"Project {n}", "plan_id": plan.id} for n in range(count)]
    )
    return env["project.project"].create(
        [
            {
                "name": f"Project {n}",
                "partner_id": customer.id,
                "user_id": project_user.id,
                "account_id": accounts[n].id,
                "allow_milestone_billing": True,
                "contract_sum": 80000,
                "billing_line_ids": [
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
            for n in range(count)
        ]
    )


def measure(function):
    """Return (seconds, queries) of a call on a cold cache: the median of some."""
    results = []
    for _round in range(ROUNDS):
        env.flush_all()
        env.invalidate_all()
        gc.collect()
        queries, start = env.cr.sql_log_count, time.perf_counter()
        function()
        env.flush_all()
        results.append((time.perf_counter() - start, env.cr.sql_log_count - queries))
    return statistics.median(r[0] for r in results), results[-1][1]


def report(title, core, ours):
    print(
        f"{title:45} core {core[0] * 1000:8.1f} ms {core[1]:4} queries"
        f"   with the addon {ours[0] * 1000:8.1f} ms {ours[1]:4} queries"
        f"   {ours[0] / core[0]:5.2f} x"
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
CARD_OURS = ["billing_progress", "is_ready_to_bill", "contract_ready",
             "allow_milestone_billing", "contract_currency_id"]  # fmt: skip
for model, limit, title, core, ours in (
    ("project.project", 40, "project kanban, 40 cards", CARD, CARD_OURS),
    ("project.project", 80, "project list, 80 rows", CARD,
     ["billing_state", "contract_ready", "contract_currency_id"]),
    ("project.milestone", 80, "milestone list, 80 rows",
     ["name", "deadline", "is_reached", "task_count"], ["billing_state"]),
):  # fmt: skip
    report(
        title,
        measure(read(model, core, limit)),
        measure(read(model, core + ours, limit)),
    )

queue = ["project_name", "partner_id", "name", "reached_date", "amount_open",
         "amount_drafted", "state", "blocking_reason", "has_documents"]  # fmt: skip
seconds, queries = measure(read("milestone.billing.line", queue, 80))
print(f"{'lines, 80 rows':45} {seconds * 1000:.1f} ms, {queries} queries")

stages = iter(f"Stage {i}" for i in range(1, LINES))


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


ROUNDS = 1
bare, ticks = [], []
for stage in list(stages)[:3]:
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
