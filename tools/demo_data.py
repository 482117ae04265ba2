"""Demo data: four projects that are billed in stages. Run in an Odoo shell.

Everything happens through the same calls as in daily work: milestones are marked done
by the project manager, the accountant posts the drafts and registers the payments.
"""

from datetime import timedelta

from odoo import Command, fields

TODAY = fields.Date.today()
TASKS_ACTION = env.ref("project.act_project_project_2_project_task_all")


def day(offset):
    return TODAY + timedelta(days=offset)


def create_user(login, name, *groups):
    return env["res.users"].create(
        {
            "name": name,
            "login": login,
            "password": login,
            "email": f"{login}@example.com",
            "group_ids": [Command.set([env.ref(group).id for group in groups])],
        }
    )


def create_customer(name, **values):
    return env["res.partner"].create({"name": name, "is_company": True, **values})


def create_contact(login, name, company):
    """Create a contact of a customer who logs in to the portal."""
    return env["res.users"].create(
        {
            "name": name,
            "login": login,
            "password": login,
            "email": f"{login}@example.com",
            "partner_id": env["res.partner"]
            .create({"name": name, "parent_id": company.id})
            .id,
            "group_ids": [Command.set(env.ref("base.group_portal").ids)],
        }
    )


def create_project(name, customer):
    """Create a project with a few tasks."""
    project = env["project.project"].create(
        {"name": name, "partner_id": customer.id, "user_id": project_manager.id}
    )
    stages = env["project.task.type"].create(
        [
            {"name": stage, "project_ids": [Command.link(project.id)], "sequence": n}
            for n, stage in enumerate(("To do", "In progress", "Done"))
        ]
    )
    env["project.task"].create(
        [
            {"name": task, "project_id": project.id, "stage_id": stage.id}
            for task, stage in zip(
                ("Review", "Content", "Kick-off"), stages, strict=True
            )
        ]
    )
    return project


def create_contract(project, stages, **values):
    """Create a contract of a project with its billing schedule.

    :param stages: (name, kind, basis, figure, deadline, acceptance criteria) of each; a
        milestone in place of name, deadline and criteria shares it with another contract
    """
    contract = env["milestone.billing.contract"].create(
        {"project_id": project.id, "user_id": accountant.id, **values}
    )
    for sequence, (stage, kind, basis, figure, *plan) in enumerate(stages):
        vals = {
            "contract_id": contract.id,
            "kind": kind,
            "basis": basis,
            "amount" if basis == "fixed" else "percent": figure,
            "sequence": sequence,
        }
        if plan:
            deadline, criteria = plan
            line = env["milestone.billing.line"].create(
                {**vals, "name": stage, "deadline": day(deadline)}
            )
            line.milestone_id.write(
                {"acceptance_criteria": criteria, "sequence": sequence}
            )
        else:
            env["milestone.billing.line"].create({**vals, "milestone_id": stage.id})
    return contract


def mark_done(lines):
    """Tick the milestones as the project manager does."""
    lines.milestone_id.with_user(project_manager).is_reached = True
    return lines.move_line_ids.move_id


def post(moves, offset):
    moves.invoice_date = day(offset)
    moves.with_user(accountant).action_post()
    return moves


def pay(move, offset):
    env["account.payment.register"].with_user(accountant).with_context(
        active_model="account.move", active_ids=move.ids
    ).create({"payment_date": day(offset)})._create_payments()


company = env.company
company.write(
    {
        "name": "Northlight Studio",
        "street": "18 Harbour Road",
        "zip": "04101",
        "city": "Portland",
        "email": "accounts@example.com",
        "phone": "+1 555 010 0199",
    }
)
env["account.chart.template"].try_loading("generic_coa", company)
env.ref("base.EUR").active = True
env["res.currency.rate"].create(
    {
        "currency_id": env.ref("base.EUR").id,
        "company_id": company.id,
        "name": day(-400),
        "rate": 0.92,
    }
)
env.ref("base.user_admin").write({"name": "Alex Administrator"})
project_manager = create_user("pm", "Petra Manager", "project.group_project_user")
accountant = create_user(
    "accountant",
    "Anton Accountant",
    "account.group_account_invoice",
    "project.group_project_user",
)

website = create_contract(
    create_project(
        "Website relaunch",
        create_customer(
            "Brightwater Interiors",
            street="7 Mill Lane",
            zip="02139",
            city="Cambridge",
            email="office@brightwater.example.com",
        ),
    ),
    [
        ("Project start", "deposit", "percent", 25, -80, "The contract is signed."),
        (
            "Designs approved",
            "progress",
            "percent",
            25,
            -20,
            "The client approved the page designs in writing.",
        ),
        (
            "Build complete",
            "progress",
            "percent",
            25,
            12,
            "All pages work on the test server, in the three agreed browsers.",
        ),
        (
            "Launch / delivery",
            "final",
            "balance",
            0,
            45,
            "The site is online and the client's editors are trained.",
        ),
    ],
    contract_sum=10000,
    reference="C-2026-014",
    date=day(-85),
)
deposit, designs, _build, _launch = website.line_ids
pay(post(mark_done(deposit), -80), -66)
post(mark_done(designs), -15)

controls = create_contract(
    create_project(
        "Plant controls",
        create_customer(
            "Rheinwerk Anlagenbau GmbH",
            street="Industriestraße 4",
            zip="50735",
            city="Köln",
            country_id=env.ref("base.de").id,
        ),
    ),
    [
        ("Order", "deposit", "percent", 30, -40, "The order is confirmed."),
        (
            "Cabinets delivered",
            "progress",
            "percent",
            40,
            5,
            "All switch cabinets stand in the client's hall.",
        ),
        ("Commissioning", "final", "percent", 30, 60, "The test run is signed off."),
    ],
    currency_id=env.ref("base.EUR").id,
    contract_sum=48000,
    reference="RW-77/26",
    date=day(-45),
)
post(mark_done(controls.line_ids[0]), -38)
mark_done(controls.line_ids[1])

# Two contracts for one project: the tenant and the landlord share its milestones.
office = create_contract(
    create_project(
        "Office refit", create_customer("Hollis & Green LLP", city="Boston")
    ),
    [
        ("Site set up", "progress", "fixed", 6500, -10, "Fences and power are there."),
        ("Partition walls", "progress", "fixed", 18250, 20, "Walls stand, plastered."),
        ("Handover", "final", "balance", 0, 75, "The handover is signed."),
    ],
    contract_sum=42000,
    date=day(-30),
    automation="manual",
)
_site, walls, handover = office.line_ids.milestone_id
create_contract(
    office.project_id,
    [
        (walls, "progress", "percent", 40),
        (handover, "final", "balance", 0),
    ],
    partner_id=create_customer("Quincy Properties", city="Quincy").id,
    contract_sum=15000,
    reference="QP-311",
    date=day(-28),
)
mark_done(office.line_ids[0])

audit = create_contract(
    create_project("Accessibility audit", env["res.partner"]),
    [
        ("Report", "progress", "percent", 60, -3, "The report was handed over."),
        ("Re-test", "final", "balance", 0, 40, "All findings were tested again."),
    ],
    contract_sum=3600,
)
mark_done(audit.line_ids[0])

# The customer's portal, with acceptance and Odoo's own way to try paying online.
website.allow_acceptance = True
create_contact("client", "Clara Brightwater", website.partner_id)
env.ref("payment.payment_provider_demo").write({"state": "test", "is_published": True})

# The tabs above a project's tasks are each user's own choice: show Billing to all.
tabs = env["ir.embedded.actions"].search(
    [
        ("parent_action_id", "=", TASKS_ACTION.id),
        ("name", "in", ["Milestones", "Billing", "Dashboard"]),
    ]
)
shown = ",".join(["false", *map(str, tabs.ids)])
for user in project_manager | accountant | env.ref("base.user_admin"):
    settings = env["res.users.settings"]._find_or_create_for_user(user)
    for project in (website | controls | office | audit).project_id:
        env["res.users.settings.embedded.action"].create(
            {
                "user_setting_id": settings.id,
                "action_id": TASKS_ACTION.id,
                "res_model": "project.project",
                "res_id": project.id,
                "embedded_actions_order": shown,
                "embedded_actions_visibility": shown,
                "embedded_visibility": True,
            }
        )

# No bot that greets in front of the screens.
users = project_manager | accountant | env.ref("base.user_admin")
if "odoobot_state" in users._fields:
    users.odoobot_state = "disabled"

env.cr.commit()
