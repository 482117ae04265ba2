"""Posting, paying, changing schedules, the queue, and a worker's first request."""

import os
import time

from odoo.fields import Command

from . import seed
from .drafting import Drafting
from .measuring import compare, get_cost, undo

POSTED, PAID = 100, 50


# --- posting and paying ------------------------------------------------------------


def draft(drafting, count, is_ours):
    """Return ``count`` drafts of milestones, or the same ones made with core alone."""
    if is_ours:
        lines = drafting.lines[:count]
        drafting.tick(count)()
        moves = lines.move_line_ids.move_id
    else:
        moves = drafting.plain(count)()
    moves.write({"invoice_date": seed.DAY})
    # as a request gets them: all are read together
    return drafting.by(drafting.accountant, moves.browse(moves.ids))


def prepare_posting(drafting, is_ours):
    return draft(drafting, POSTED, is_ours).action_post


def prepare_paying(drafting, is_ours):
    moves = draft(drafting, PAID, is_ours)
    moves.action_post()
    wizards = moves.env["account.payment.register"].with_context(
        active_model="account.move", active_ids=moves.ids
    )
    return lambda: wizards.create({"group_payment": False})._create_payments()


def measure_documents(env, goals):
    """Add the goals of posting and paying milestone invoices."""
    drafting = Drafting(env)
    for title, prepare, limit in (
        (f"posting {POSTED} milestone invoices, × ordinary", prepare_posting, 1.25),
        (f"paying {PAID} milestone invoices, × ordinary", prepare_paying, 1.10),
    ):
        ours, ordinary = compare(
            env,
            lambda prepare=prepare: prepare(drafting, True),
            lambda prepare=prepare: prepare(drafting, False),
            rounds=1,
        )
        goals.add_ratio(title, ours, ordinary, limit)


# --- schedules ---------------------------------------------------------------------


def prepare_schedule(env, count):
    """Prepare another sum for a contract of ``count`` stages."""
    project = env["project.project"].create({"name": f"Project of {count} stages"})
    contract = env["milestone.billing.contract"].create(
        {
            "project_id": project.id,
            "contract_sum": 100000,
            "line_ids": [
                Command.create(
                    {"name": f"Stage {n}", "percent": 100 / count, "sequence": n}
                )
                for n in range(count)
            ],
        }
    )
    return lambda: contract.write({"contract_sum": 200000})


def measure_schedules(env, goals):
    """Add that another sum is linear in the stages, with the same queries."""
    counts = (8, 40, 200)
    costs = compare(
        env, *(lambda count=count: prepare_schedule(env, count) for count in counts)
    )
    slopes = [
        (more.calls - less.calls) / (high - low)
        for less, more, low, high in zip(
            costs, costs[1:], counts, counts[1:], strict=False
        )
    ]
    goals.add(
        # core writes rows by the hundred
        "another sum for 8, 40, 200 stages: linear, a query more a hundred rows",
        f"{' · '.join(f'{cost.cpu * 1000:.0f} ms' for cost in costs)},"
        f" {slopes[1] / slopes[0]:.2f} × calls a further stage,"
        f" {' · '.join(str(cost.queries) for cost in costs)} q",
        slopes[1] <= 1.1 * slopes[0] and costs[2].queries - costs[0].queries <= 1,
    )


# --- the queue ---------------------------------------------------------------------

QUEUE = ("contract_id", "partner_id", "name", "reached_date", "amount_open",
         "amount_drafted", "status", "blocking_reason", "has_documents")  # fmt: skip


def make_ready(env, count):
    """Make ``count`` lines ready, in the database alone."""
    seed.copy_rows(env, "milestone.billing.line", count)
    env.cr.execute(
        """UPDATE milestone_billing_line SET state = 'ready', is_reached = TRUE
           WHERE id IN (SELECT id FROM milestone_billing_line ORDER BY id LIMIT %s)""",
        [count],
    )
    env.cr.execute("ANALYZE milestone_billing_line")


def measure_queue(env, goals):
    """Add that the queue takes the same queries however long it is."""
    user = seed.get_user(env, "accountant")
    lines = env(user=user.id, su=False)["milestone.billing.line"]
    domain = [("state", "in", ("ready", "blocked"))]
    specification = {name: {} for name in QUEUE}
    acts = {
        "search": lambda: lines.web_search_read(domain, specification, limit=80),
        "group": lambda: lines.formatted_read_group(
            domain, ["contract_id"], ["amount_open:sum", "__count"], limit=80
        ),
        "count": lambda: lines.search_count(domain),
    }

    def measure(count):
        make_ready(env, count)
        for act in acts.values():
            act()
        return [get_cost(env, act) for act in acts.values()]

    few, many = (undo(env, lambda n=n: measure(n)) for n in (100, 10000))
    goals.add(
        "queue of 100 and 10,000: search, group, count with the same queries",
        ", ".join(
            f"{name} {a.queries} · {b.queries} q ({b.cpu * 1000:.0f} ms)"
            for name, a, b in zip(acts, few, many, strict=True)
        ),
        [a.queries for a in few] == [b.queries for b in many],
    )


# --- once a database, once a worker -----------------------------------------------------------------

MODELS = ("account.move", "account.move.line", "account.partial.reconcile",
          "account.payment", "project.milestone", "project.project")  # fmt: skip


def build_trees(registry):
    """Return the CPU seconds of building the trigger trees that requests will need."""
    registry._field_trigger_trees.clear()
    start = time.process_time()
    for model in MODELS:
        for field in registry[model]._fields.values():
            registry.get_field_trigger_tree(field)
    return time.process_time() - start


def measure_trees(without, env, goals):
    """Add that the first request of a worker takes little longer."""
    turns = [
        [build_trees(each.registry) for each in (without, env)] for _round in range(3)
    ]
    core, ours = (min(times) for times in zip(*turns, strict=True))
    goals.add(
        "trigger trees of a worker: within 0.2 s of core's",
        f"{core:.2f} → {ours:.2f} s CPU",
        ours - core <= 0.2,
    )


def add_installation(goals):
    """Add that the installation of the addon moved no row of the ledger."""
    before, after = os.environ.get("LEDGER_BEFORE"), os.environ.get("LEDGER_AFTER")
    items = "200,000" if os.environ.get("LONG") else "3,000"
    goals.add(
        f"installation on {items} journal items rewrites no table",
        "no row moved" if before == after else "rows moved",
        before == after,
    )
