"""Those who bill nothing by milestones, and the screens of those who do.

On two databases that differ by the addon alone.
"""

import importlib.util
import os

from odoo.modules.module import get_module_path

from .measuring import Cost, get_cost

# acts whose ratio is a goal: at most so many times the calls, and so many more queries
ACTS = {
    "create an invoice": (1.03, 0),
    "create 10 invoices": (1.03, 0),
    "edit a draft": (1.03, 0),
    "post 10 invoices": (1.03, 0),
    "pay an invoice": (1.03, 0),
    "tick a milestone": (1.2, 1),
    "tick 10 milestones": (1.2, 1),
}


def load_bystanders():
    """Load the acts from the tests, without Odoo's test framework."""
    path = os.path.join(get_module_path("milestone_billing"), "tests", "bystander.py")
    spec = importlib.util.spec_from_file_location("bystander", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Bystanders


def measure_acts(without, env, goals):
    """Add the goals of those who bill nothing, and print what each act takes."""
    both = [load_bystanders()(each) for each in (without, env)]
    for name in both[0].acts:
        rounds = 3 if name in ACTS else 1
        core, ours = (measure_act(bystanders, name, rounds) for bystanders in both)
        if name in ACTS:
            limit, more_queries = ACTS[name]
            title = f"non-user: {name}"
            goals.add_ratio(title, ours, core, limit, more_queries=more_queries)
        else:
            print(
                f"    {name}: {ours.calls / core.calls:.3f} × in calls,"
                f" {core.queries} → {ours.queries} q",
                flush=True,
            )


def measure_act(bystanders, name, rounds):
    """Return the :class:`Cost` of an act on a cold cache, its CPU the least of some."""
    env = bystanders.env
    turns = [
        bystanders.measure(name, lambda act: get_cost(env, act))
        for _round in range(rounds)
    ]
    profiled = bystanders.measure(name, lambda act: get_cost(env, act, profiled=True))
    return Cost(min(cost.cpu for cost in turns), profiled.calls, turns[-1].queries)


# --- screens, with 1,000 projects of 8 stages each ---------------------------------

SCREENS = (
    # title, model, view, rows, limit, more queries
    ("project kanban, 40 cards", "project.project", "kanban", 40, 1.05, 2),
    ("project list, 80 rows", "project.project", "list", 80, 1.05, 2),
    ("milestone list, 80 rows", "project.milestone", "list", 80, 1.05, 2),
    ("invoice list, 80 rows", "account.move", "list", 80, 1.05, 2),
    ("project form", "project.project", "form", 1, 1.10, None),
)


def measure_screens(without, env, goals):
    """Add the goals of Odoo's own screens, as an administrator opens them."""
    both = [load_bystanders()(each) for each in (without, env)]
    for title, *screen, limit, more_queries in SCREENS:
        costs = compare_both(both, lambda b, screen=screen: open_screen(b, *screen))
        goals.add_ratio(title, costs[1], costs[0], limit, more_queries=more_queries)
    costs = compare_both(both, open_panel)
    goals.add_ratio("project panel", costs[1], costs[0], 1.10)


def open_screen(bystanders, model, view, rows):
    """Return the act of opening a view on the first records of the benchmark."""
    env = bystanders.env
    domain = [("name", "=like", "Project %")] if model == "project.project" else []
    if model == "account.move":
        domain = [("state", "=", "posted")]
    records = env[model].search(domain, order="id", limit=rows)
    admin = env(user=env.ref("base.user_admin").id, su=False, context={"lang": "en_US"})
    return bystanders._open_records(records.with_env(admin), view)


def open_panel(bystanders):
    env = bystanders.env
    admin = env(user=env.ref("base.user_admin").id, su=False, context={"lang": "en_US"})
    project = env["project.project"].search([("name", "=", "Project 0")], limit=1)
    return project.with_env(admin).get_panel_data


def compare_both(both, prepare):
    """Return the :class:`Cost` of the same act on both databases, by turns."""
    acts = [prepare(bystanders) for bystanders in both]
    for act in acts:
        act()
    turns = [
        [get_cost(b.env, act) for b, act in zip(both, acts, strict=True)]
        for _round in range(3)
    ]
    profiled = [
        get_cost(b.env, act, profiled=True) for b, act in zip(both, acts, strict=True)
    ]
    return [
        Cost(min(cost.cpu for cost in costs), last.calls, costs[-1].queries)
        for costs, last in zip(zip(*turns, strict=True), profiled, strict=True)
    ]
