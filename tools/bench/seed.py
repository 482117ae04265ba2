"""The data of the benchmark: a used database, as people of a company fill it.

Without the addon first, so that the same records are there with it and without it.
"""

from odoo.fields import Command
from odoo.tools import SQL

PROJECTS, STAGES, CUSTOMERS, HISTORY = 1000, 8, 50, 1000
PRICE = 10000.0
USERS = {
    "accountant": "account.group_account_invoice",
    "project user": "project.group_project_user",
    "project administrator": "project.group_project_manager",
}
DAY = "2026-03-31"


def seed(env):
    """Make a company with users, projects of milestones, and a history of invoices."""
    # no e-mails to those who are assigned
    env = env(context={**env.context, "mail_auto_subscribe_no_notify": True})
    env["account.chart.template"].try_loading("generic_coa", env.company)
    env["res.users"].create(
        [
            {
                "name": name,
                "login": f"bench: {name}",
                "group_ids": [Command.set([env.ref(group).id])],
            }
            for name, group in USERS.items()
        ]
    )
    env["product.product"].create(
        {
            "name": "Work",
            "default_code": "bench",
            "type": "service",
            "taxes_id": [Command.set(env.company.account_sale_tax_id.ids)],
        }
    )
    customers = env["res.partner"].create(
        [{"name": f"Client {n}", "ref": "bench"} for n in range(CUSTOMERS)]
    )
    create_projects(env, customers)
    post_history(env, customers)
    env.flush_all()
    env.cr.commit()
    env.cr.execute("ANALYZE")


def create_projects(env, customers):
    """Create projects with milestones and an analytic account each."""
    plan, _others = env["account.analytic.plan"]._get_all_plans()
    accounts = env["account.analytic.account"].create(
        [{"name": f"Project {n}", "plan_id": plan.id} for n in range(PROJECTS)]
    )
    milestones = [Command.create({"name": f"Stage {n}"}) for n in range(STAGES)]
    env["project.project"].create(
        [
            {
                "name": account.name,
                "allow_milestones": True,
                "partner_id": customers[n % CUSTOMERS].id,
                "user_id": get_user(env, "project user").id,
                "account_id": account.id,
                "milestone_ids": milestones,
            }
            for n, account in enumerate(accounts)
        ]
    )


def post_history(env, customers):
    """Post invoices, a hundred at a time."""
    accountant = env(user=get_user(env, "accountant"))
    for _batch in range(HISTORY // 100):
        accountant["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "invoice_date": DAY,
                    "partner_id": customers[n % CUSTOMERS].id,
                    "invoice_line_ids": [Command.create(prepare_line(env))],
                }
                for n in range(100)
            ]
        ).action_post()
        env.flush_all()
        # else PostgreSQL plans as if there were none
        env.cr.execute("ANALYZE")
        env.invalidate_all()


def prepare_line(env, **values):
    """Return the values of an ordinary invoice line."""
    return {"product_id": get_product(env).id, "price_unit": PRICE, **values}


def get_product(env):
    return env["product.product"].search([("default_code", "=", "bench")])


def get_user(env, name):
    return env["res.users"].search([("login", "=", f"bench: {name}")])


def create_contracts(env):
    """Give each project a contract of all its milestones, in equal parts."""
    projects = env["project.project"].search([], order="id")
    contracts = env["milestone.billing.contract"].create(
        [
            {
                "project_id": project.id,
                "contract_sum": PRICE * STAGES,
                "product_id": get_product(env).id,
                "line_ids": [
                    Command.create(
                        {
                            "milestone_id": milestone.id,
                            "percent": 100 / STAGES,
                            "sequence": n,
                        }
                    )
                    for n, milestone in enumerate(project.milestone_ids.sorted("id"))
                ],
            }
            for project in projects
            if len(project.milestone_ids) == STAGES
        ]
    )
    env.flush_all()
    env.cr.commit()
    env.cr.execute("ANALYZE")
    return contracts


def copy_rows(env, model, count):
    """Copy rows of a model in the database alone until there are ``count``."""
    columns = SQL(", ").join(
        SQL.identifier(field.name)
        for field in env[model]._fields.values()
        if field.store and field.column_type and field.name != "id"
    )
    table = SQL.identifier(env[model]._table)
    env.cr.execute(SQL("SELECT COUNT(*) FROM %s", table))
    rows = env.cr.fetchone()[0]
    env.cr.execute(
        SQL(
            "INSERT INTO %(table)s (%(columns)s) SELECT %(columns)s FROM %(table)s,"
            " GENERATE_SERIES(1, %(times)s) LIMIT %(missing)s",
            table=table,
            columns=columns,
            times=count // max(rows, 1),
            missing=max(count - rows, 0),
        )
    )


def add_items(env, count):
    """Make the ledger long."""
    copy_rows(env, "account.move.line", count)
    env.cr.commit()
    env.cr.execute("ANALYZE")
