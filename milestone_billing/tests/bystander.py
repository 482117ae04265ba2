"""What people do on a database where nothing is billed by milestones.

Needs Odoo alone: the same acts are measured without the addon by `make bench` and with
it by the suite, which compares their queries.
"""

from contextlib import closing

from lxml import etree

from odoo.fields import Command

PROJECTS, MILESTONES = 12, 3

GROUPS = {
    "project user": "project.group_project_user",
    "project administrator": "project.group_project_manager",
    "accountant": "account.group_account_invoice",
}


class Bystanders:
    """People of a company, with projects and invoices, and what they do."""

    def __init__(self, env):
        """Create the company's data as it would be created by hand."""
        env = env(context={})
        company = env["res.company"].create({"name": "Bystanders"})
        env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
        self.env = env(context={"allowed_company_ids": company.ids})
        self.company = company.with_env(self.env)
        self.users = {name: self._create_user(name, env) for name in GROUPS}
        self.customer = self.env["res.partner"].create({"name": "Client"})
        self.product = self.env["product.product"].create(
            {"name": "Work", "type": "service"}
        )
        self.projects = self._create_projects()
        self.acts = {
            "create an invoice": self.create_invoice,
            "create 10 invoices": self.create_invoices,
            "edit a draft": self.edit,
            "post an invoice": self.post,
            "post 10 invoices": self.post_all,
            "pay an invoice": self.pay,
            "reset an invoice to draft": self.reset,
            "credit an invoice": self.credit,
            "open the list of invoices": self.open_invoices,
            "open an invoice": self.open_invoice,
            "open the projects": self.open_projects,
            "open the projects as administrator": self.administer_projects,
            "open the list of projects": self.list_projects,
            "open a project": self.open_project,
            "open a project as administrator": self.administer_project,
            "open a project's dashboard": self.open_dashboard,
            "open the milestones": self.open_milestones,
            "tick a milestone": self.tick,
            "tick 10 milestones": self.tick_all,
            "create a project": self.create_project,
        }

    def _create_user(self, name, env):
        return env["res.users"].create(
            {
                "name": name,
                "login": f"bystander: {name}",
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
                "group_ids": [Command.set([env.ref(GROUPS[name]).id])],
            }
        )

    def _create_projects(self):
        milestones = [
            Command.create({"name": f"Milestone {n}"}) for n in range(MILESTONES)
        ]
        return self.env["project.project"].create(
            [
                {
                    "name": f"Project {n}",
                    "partner_id": self.customer.id,
                    "user_id": self.users["project user"].id,
                    "milestone_ids": milestones,
                }
                for n in range(PROJECTS)
            ]
        )

    def measure(self, name, measure):
        """Return what ``measure(act)`` says of an act on a cold cache.

        The act is done once before, which fills the caches of the registry.
        """
        for measured in (lambda act: act(), measure):
            with closing(self.env.cr.savepoint()):
                act = self.acts[name]()
                self._forget()
                result = measured(act)
        return result

    def _forget(self):
        self.env.flush_all()
        self.env.invalidate_all()

    def _by(self, name, records):
        """Return the records as this user's request gets them."""
        user = self.users[name]
        # as a browser gives it, time zone included
        context = {
            "allowed_company_ids": self.company.ids,
            "lang": "en_US",
            "tz": "Europe/Brussels",
        }
        return records.with_env(self.env(user=user.id, su=False, context=context))

    def _done(self, function):
        """Return an act that ends with what it changed being written."""

        def act():
            function()
            self.env.flush_all()

        return act

    # -------------------------------------------------------------------------
    # INVOICES
    # -------------------------------------------------------------------------

    def _create_invoices(self, count):
        vals = {
            "move_type": "out_invoice",
            "partner_id": self.customer.id,
            "invoice_date": "2026-03-31",
            "invoice_line_ids": [
                Command.create({"product_id": self.product.id, "price_unit": price})
                for price in (100.0, 200.0)
            ],
        }
        moves = self._by("accountant", self.env["account.move"])
        return moves.create([vals for _index in range(count)])

    def _create_posted(self, count=1):
        moves = self._create_invoices(count)
        moves.action_post()
        return moves

    def create_invoice(self):
        return self._done(lambda: self._create_invoices(1))

    def create_invoices(self):
        return self._done(lambda: self._create_invoices(10))

    def edit(self):
        move = self._create_invoices(1)
        command = Command.update(move.invoice_line_ids[0].id, {"price_unit": 150.0})
        return self._done(lambda: move.write({"invoice_line_ids": [command]}))

    def post(self):
        return self._done(self._create_invoices(1).action_post)

    def post_all(self):
        return self._done(self._create_invoices(10).action_post)

    def pay(self):
        move = self._create_posted()
        wizards = self._by("accountant", self.env["account.payment.register"])
        wizards = wizards.with_context(active_model="account.move", active_ids=move.ids)
        return self._done(lambda: wizards.create({})._create_payments())

    def reset(self):
        return self._done(self._create_posted().button_draft)

    def credit(self):
        move = self._create_posted()
        wizards = self._by("accountant", self.env["account.move.reversal"])
        wizards = wizards.with_context(active_model="account.move", active_ids=move.ids)
        vals = {"journal_id": move.journal_id.id, "date": "2026-03-31"}
        return self._done(lambda: wizards.create(vals).reverse_moves())

    def open_invoices(self):
        return self._open_records(self._create_posted(10), "list")

    def open_invoice(self):
        return self._open_records(self._create_posted(), "form")

    # -------------------------------------------------------------------------
    # PROJECTS
    # -------------------------------------------------------------------------

    def open_projects(self):
        return self._open_records(self._by("project user", self.projects), "kanban")

    def administer_projects(self):
        projects = self._by("project administrator", self.projects)
        return self._open_records(projects, "kanban")

    def list_projects(self):
        return self._open_records(self._by("project user", self.projects), "list")

    def open_project(self):
        return self._open_records(self._by("project user", self.projects[0]), "form")

    def administer_project(self):
        project = self._by("project administrator", self.projects[0])
        return self._open_records(project, "form")

    def open_dashboard(self):
        return self._by("project user", self.projects[0]).get_panel_data

    def open_milestones(self):
        milestones = self._by("project user", self.projects.milestone_ids)
        return self._open_records(milestones, "list")

    def tick(self):
        milestone = self._by("project user", self.projects[0].milestone_ids[0])
        return self._done(lambda: milestone.toggle_is_reached(True))

    def tick_all(self):
        milestones = self._by(
            "project user", self.projects[:10].milestone_ids[::MILESTONES]
        )
        return self._done(lambda: milestones.write({"is_reached": True}))

    def create_project(self):
        vals = {
            "name": "Another",
            "partner_id": self.customer.id,
            "milestone_ids": [Command.create({"name": "Milestone"})],
        }
        projects = self._by("project administrator", self.projects.browse())
        return self._done(lambda: projects.create(vals))

    # -------------------------------------------------------------------------
    # SCREENS
    # -------------------------------------------------------------------------

    def _open_records(self, records, view_type):
        """Return the act of reading what a view shows of the records."""
        view = records.get_views([(False, view_type)])["views"][view_type]
        specification = self._get_specification(records, etree.fromstring(view["arch"]))
        if view_type == "form":
            return lambda: records.web_read(specification)
        domain = [("id", "in", records.ids)]
        return lambda: records.web_search_read(domain, specification, limit=80)

    def _get_specification(self, records, arch):
        """Return the specification by which a client reads the view's fields."""
        fields = records._fields
        shown = {
            node.get("name")
            for node in arch.iter("field")
            if next(node.iterancestors("field"), None) is None
            and node.get("optional") != "hide"
            and node.get("column_invisible") not in ("1", "True")
        }
        return {
            name: {"fields": {"display_name": {}}} if fields[name].relational else {}
            for name in sorted(shown)
            if name in fields
        }
