"""What `make demo` adds to the addon's demo data: company, passwords, screens.

Run in an Odoo shell, on a database without Odoo's own demo data.
"""

from odoo.modules.module import Manifest
from odoo.tools.convert import convert_file

TASKS_ACTION = env.ref("project.act_project_project_2_project_task_all")


def load_demo_data(module):
    for file in Manifest.for_addon(module)["demo"]:
        convert_file(
            env(context={**env.context, "install_mode": True}),
            module,
            file,
            {},
            mode="init",
            noupdate=True,
        )


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
env.ref("base.user_admin").write({"name": "Alex Administrator"})
load_demo_data("milestone_billing")

users = env["res.users"].search([("login", "in", ["pm", "accountant", "client"])])
for user in users:
    user.password = user.login

# Odoo's own way to try paying online.
env.ref("payment.payment_provider_demo").write({"state": "test", "is_published": True})

# The tabs above a project's tasks are each user's own choice: show Billing to all.
tabs = env["ir.embedded.actions"].search(
    [
        ("parent_action_id", "=", TASKS_ACTION.id),
        ("name", "in", ["Milestones", "Billing", "Dashboard"]),
    ]
)
shown = ",".join(["false", *map(str, tabs.ids)])
staff = env.ref("base.user_admin") | users.filtered(lambda user: not user.share)
for user in staff:
    settings = env["res.users.settings"]._find_or_create_for_user(user)
    for project in env["milestone.billing.contract"].search([]).project_id:
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
if "odoobot_state" in staff._fields:
    staff.odoobot_state = "disabled"

env.cr.commit()
