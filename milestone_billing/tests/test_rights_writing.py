from contextlib import suppress

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.models import MAGIC_COLUMNS
from odoo.tests import new_test_user

from .common import draw_signature
from .common_rights import (
    CONTRACT,
    DECIDE,
    DECISION,
    EDITORS,
    INVOICING,
    LINE,
    MILESTONE,
    MOVE,
    PROJECT,
    RightsCommon,
)


class TestWriting(RightsCommon):
    """Nobody writes what is not his."""

    # --- who changes what ---

    def test_only_managers_edit_the_schedule(self):
        edits = [
            (self.build, "write", {"percent": 1.0}),
            (self.build, "unlink"),
            (self.build, "copy"),
            (self.lines, "create", {"name": "Mine", "contract_id": self.contract.id}),
            (self.lines, "create", {"milestone_id": self.milestone.id}),
            (self.contract, "write", {"contract_sum": 1.0}),
            (self.contract, "write", {"reference": "Mine"}),
            (self.contract, "write", {"active": False}),
            (self.contract, "unlink"),
            (self.contract, "copy"),
            (self.contract, "create", {"project_id": self.project.id}),
            (
                self.contract,
                "write",
                {"line_ids": [Command.update(self.build.id, {"percent": 1})]},
            ),
            (
                self.milestone,
                "write",
                {"billing_line_ids": [Command.update(self.build.id, {"percent": 1})]},
            ),
            (
                self.milestone,
                "write",
                {"billing_line_ids": [Command.delete(self.build.id)]},
            ),
            (
                self.milestone,
                "write",
                {"billing_line_ids": [Command.create({"name": "Mine"})]},
            ),
            (
                self.milestones,
                "create",
                {
                    "name": "Mine",
                    "project_id": self.project.id,
                    "billing_line_ids": [Command.create({"name": "Mine"})],
                },
            ),
        ]
        for kind, user in self.users.items():
            for records, method, *args in edits:
                with self.subTest(f"{kind}: {method} {args}"), self.undone():
                    if kind in EDITORS:
                        self.rpc(user, records, method, *args)
                    else:
                        self.assertRefused(user, records, method, *args)

    def test_invoicing_users_write_what_shapes_the_next_invoice(self):
        """Whom, when and how to bill, but neither the sum nor the schedule."""
        vals = {
            "partner_id": self.customer.id,
            "automation": "manual",
            "user_id": self.users["accountant"].id,
            "journal_id": self.company_data["default_journal_sale"].id,
            "product_id": self.product.id,
            "payment_term_id": self.pay_terms_a.id,
            "bill_deposit_when_signed": True,
        }
        fields = [
            field
            for field in self.get_addon_fields(CONTRACT, readonly=False, store=True)
            if field.name not in MAGIC_COLUMNS
        ]
        self.assertLessEqual(vals.keys(), {field.name for field in fields})
        for kind in INVOICING:
            for field in fields:
                value = self.contract.read([field.name], load=None)[0][field.name]
                change = {field.name: vals.get(field.name, value)}
                if field.type.endswith("2many"):
                    change = {field.name: [Command.create({"name": "Mine"})]}
                with self.subTest(f"{kind}: {field}"), self.undone():
                    if field.name in vals:
                        self.rpc(self.users[kind], self.contract, "write", change)
                    else:
                        self.assertRefused(
                            self.users[kind], self.contract, "write", change
                        )

    def test_automation_is_given_by_who_has_both_rights(self):
        user = new_test_user(
            self.env,
            login="both",
            groups="account.group_account_invoice,"
            "milestone_billing.group_milestone_billing_manager",
        )
        vals = {"automation": "post", "contract_sum": 70000.0}
        self.rpc(user, self.contract, "write", vals)
        self.assertRecordValues(self.contract, [vals])

    def test_manager_of_schedules_changes_no_project(self):
        user = self.users["manager"]
        self.assertTrue(self.rpc(user, self.project, "read", ["name"]))
        for vals in (
            {"name": "Mine"},
            {"partner_id": self.payer.id},
            {"privacy_visibility": "employees"},
        ):
            with self.subTest(vals):
                self.assertRefused(user, self.project, "write", vals)

    def test_read_only_fields_are_written_by_nobody(self):
        """Not by an RPC either: a schedule that can be told its totals would lie."""
        everyone = new_test_user(
            self.env,
            login="everyone",
            groups="project.group_project_manager,account.group_account_manager",
        )
        self.mark_done(self.build)
        records = {
            CONTRACT: self.contract,
            LINE: self.build,
            MILESTONE: self.milestone,
            PROJECT: self.project,
            MOVE: self.get_invoices(self.build),
        }
        for model, document in records.items():
            for field in self.get_addon_fields(model, readonly=True, store=True):
                if field.name in MAGIC_COLUMNS:
                    continue
                vals = {field.name: document.read([field.name])[0][field.name]}
                with self.subTest(f"{model}.{field.name}"), self.undone():
                    self.assertRefused(everyone, document, "write", vals)

    def test_project_user_writes_no_badge(self):
        user = self.users["project_user"]
        vals = {"billing_state": "paid"}
        self.assertRefused(user, self.milestone, "write", vals)
        self.assertRefused(
            user,
            self.milestones,
            "create",
            {"name": "Paid", "project_id": self.project.id, **vals},
        )

    def test_read_only_fields_are_given_to_no_new_line(self):
        vals = {"name": "Mine", "contract_id": self.contract.id}
        for given in (
            {"amount_billed": 10.0},
            {"state": "paid"},
            {"number": 1},
            {"check_code": "failed"},
            {"is_reached": True},
            {"move_line_ids": [Command.set([])]},
        ):
            with self.subTest(given):
                self.assertRefused(
                    self.users["manager"], self.lines, "create", {**vals, **given}
                )
                [(fname, value)] = given.items()
                if fname == "is_reached":  # which a manager may tick anyway
                    continue
                with self.undone():
                    ids = self.rpc(
                        self.users["manager"],
                        self.lines,
                        "create",
                        vals,
                        context={f"default_{fname}": value},
                    )
                    line = self.lines.browse(ids)
                    self.assertFalse(line.amount_billed or line.number)
                    self.assertFalse(line.check_code)
                    self.assertEqual(line.state, "upcoming")

    def test_automation_is_an_invoicing_right_on_every_road(self):
        user = self.users["project_admin"]
        vals = {"project_id": self.project.id}
        own = {"automation": "manual"}
        self.assertRefused(user, self.contract, "write", own)
        self.assertRefused(user, self.contract, "web_save", own, {})
        self.assertRefused(user, self.contract, "create", {**vals, **own})
        self.assertRefused(
            user,
            self.contract,
            "create",
            vals,
            context={"default_automation": "manual"},
        )
        self.assertRefused(user, self.contract, "copy", own)
        # nobody's own default gets round it either
        self.env["ir.default"].with_user(user).set(
            CONTRACT, "automation", "manual", user_id=user.id
        )
        self.assertRefused(user, self.contract, "create", vals)

    def test_copy_keeps_the_automation_whoever_copies(self):
        self.contract.automation = "manual"
        ids = self.rpc(self.users["project_admin"], self.project, "copy")
        copy = self.project.browse(ids).billing_contract_ids
        self.assertEqual(copy.automation, "manual")

    def test_manager_links_no_invoice_lines(self):
        self.mark_done(self.build)
        move_line = self.build.move_line_ids
        for kind in EDITORS:
            for command in (
                Command.link(move_line.id),
                Command.unlink(move_line.id),
                Command.clear(),
            ):
                with self.subTest(kind=kind, command=command):
                    vals = {"move_line_ids": [command]}
                    self.assertRefused(self.users[kind], self.designs, "write", vals)
                    self.assertRefused(self.users[kind], self.build, "write", vals)

    def test_link_and_its_plan_are_told_by_nobody(self):
        """A link that a request gives is left out: the line stays what it was."""
        self.mark_done(self.build)
        user = self.users["accountant"]
        move_line = self.build.move_line_ids
        plan = move_line.milestone_billing_planned
        for state in ("draft", "posted"):
            if state == "posted":
                self.post(move_line.move_id)
            for vals in (
                {"milestone_billing_line_id": False},
                {"milestone_billing_line_id": self.designs.id},
                {"milestone_billing_planned": 1.0},
            ):
                line_vals = {"invoice_line_ids": [Command.update(move_line.id, vals)]}
                with self.subTest(state=state, vals=vals):
                    self.rpc(user, move_line, "write", vals)
                    with suppress(UserError):  # a posted invoice is not edited at all
                        self.rpc(user, move_line.move_id, "write", line_vals)
                    self.assertEqual(move_line.milestone_billing_line_id, self.build)
                    self.assertEqual(move_line.milestone_billing_planned, plan)
        self.assertEqual(self.build.state, "billed")
        self.assertEqual(self.designs.state, "upcoming")

    def test_link_is_for_customer_documents_only(self):
        """A vendor bill that bills a stage would count as billed."""
        link = {
            "name": "Not ours",
            "price_unit": 10.0,
            "milestone_billing_line_id": self.build.id,
        }
        for move_type in ("in_invoice", "in_refund"):
            vals = {
                "move_type": move_type,
                "partner_id": self.customer.id,
                "invoice_line_ids": [Command.create(link)],
            }
            with self.subTest(move_type), self.undone():
                ids = self.rpc(self.users["accountant"], self.env[MOVE], "create", vals)
                bill = self.env[MOVE].browse(ids)
                self.assertFalse(bill.line_ids.milestone_billing_line_id)
            # nor does the system itself link one
            with self.undone(), self.assertRaises(UserError):
                self.env[MOVE].with_user(SUPERUSER_ID).create(vals)

    # --- milestones ---

    def test_only_managers_delete_a_milestone_with_lines(self):
        milestone = self.designs.milestone_id
        for kind in ("project_user", "invoicing_project_user"):
            with self.subTest(kind), self.assertRaises(UserError) as refusal:
                self.rpc(self.users[kind], milestone, "unlink")
            self.assertNoSecret(str(refusal.exception))
        self.rpc(self.users["manager"], milestone, "unlink")
        self.assertFalse(self.designs.exists())
        # a schedule that is true
        self.assertEqual(
            self.final.amount_planned, self.deposit.amount_planned * 2 + 0.01
        )
        self.assertFalse(self.contract.amount_unscheduled)

    def test_milestone_without_lines_is_deleted_by_project_users(self):
        milestone = self.env[MILESTONE].create(
            {"name": "Internal", "project_id": self.project.id}
        )
        self.rpc(self.users["project_user"], milestone, "unlink")
        self.assertFalse(milestone.exists())

    def test_milestone_with_lines_leaves_its_project_for_nobody(self):
        other = self.create_contract("Other", []).project_id
        for kind in ("project_user", "manager", "project_admin"):
            with self.subTest(kind), self.assertRaises(UserError) as refusal:
                self.rpc(
                    self.users[kind],
                    self.designs.milestone_id,
                    "write",
                    {"project_id": other.id},
                )
            self.assertNotIsInstance(refusal.exception, AccessError)
            self.assertNoSecret(str(refusal.exception))
        self.assertEqual(self.designs.milestone_id.project_id, self.project)
        self.assertEqual(self.designs.project_id, self.project)

    # --- whoever needs no accounting to edit ---

    def test_manager_without_accounting_opens_and_edits_the_billing_page(self):
        self.build.tax_ids = self.tax
        self.contract.write(
            {
                "journal_id": self.company_data["default_journal_sale"].id,
                "payment_term_id": self.pay_terms_a.id,
            }
        )
        self.bill(self.deposit)
        for kind in EDITORS:
            user = self.users[kind]
            with self.subTest(kind=kind), self.undone():
                views = self.rpc(user, self.contract, "get_views", [(False, "form")])
                ours = {field.name for field in self.get_addon_fields(CONTRACT)}
                shown = views["models"][CONTRACT]["fields"].keys() & ours
                spec = {fname: {} for fname in shown}
                spec["line_ids"] = {
                    "fields": {
                        "name": {},
                        "amount_planned": {},
                        "blocking_reason": {},
                        "tax_ids": {"fields": {"display_name": {}}},
                        "product_id": {"fields": {"display_name": {}}},
                    }
                }
                self.rpc(user, self.contract, "web_read", spec)
                self.rpc(
                    user,
                    self.contract,
                    "web_save",
                    {
                        "reference": "C-1",
                        "line_ids": [Command.update(self.build.id, {"percent": 20})],
                    },
                    spec,
                )

    def test_manager_without_accounting_deletes_what_was_cancelled(self):
        move = self.bill(self.build)
        move.button_cancel()
        self.rpc(self.users["manager"], self.build, "unlink")
        self.assertFalse(self.build.exists())
        self.assertFalse(move.line_ids.milestone_billing_line_id)

    def test_values_of_a_request_stay_as_they_are(self):
        """The server uses them again when it tries a request a second time."""
        vals = {"name": "Mine", "contract_id": self.contract.id}
        self.rpc(self.users["manager"], self.lines, "create", [vals])
        self.assertEqual(vals, {"name": "Mine", "contract_id": self.contract.id})

    # --- acceptance ---

    def test_project_user_forges_no_acceptance(self):
        user = self.users["project_user"]
        new = {"name": "Signed", "project_id": self.project.id}
        for vals in (
            {"acceptance_state": "accepted"},
            {"acceptance_signed_by": "The client"},
            {"acceptance_signature": draw_signature()},
        ):
            self.assertRefused(user, self.milestone, "write", vals)
            self.assertRefused(user, self.milestones, "create", {**new, **vals})
            [(fname, value)] = vals.items()
            with self.undone():
                ids = self.rpc(
                    user,
                    self.milestones,
                    "create",
                    new,
                    context={f"default_{fname}": value},
                )
                self.assertFalse(self.milestones.browse(ids)[fname])

    def test_signature_is_no_file_that_could_be_replaced(self):
        self.milestone.action_ask_acceptance()
        self.accept()
        files = self.env["ir.attachment"].search(
            [
                ("res_model", "=", MILESTONE),
                ("res_id", "=", self.milestone.id),
                ("res_field", "!=", False),
            ]
        )
        self.assertFalse(files)
        self.assertTrue(self.milestone.acceptance_signature)

    # --- decisions ---

    def test_only_invoicing_users_decide(self):
        decision = self.env[DECISION]
        vals = {
            "line_id": self.designs.id,
            "kind": "carry",
            "amount": 100.0,
            "reason": "Agreed",
        }
        self.build._give_up_open("carry", "Agreed")
        made = self.build.decision_ids
        for kind, user in self.users.items():
            with self.subTest(kind=kind), self.undone():
                self.assertRefused(user, made, "write", {"amount": 1.0})
                if kind in INVOICING:
                    self.rpc(user, decision, "create", vals)
                    self.rpc(user, made, "unlink")
                    continue
                self.assertRefused(user, decision, "create", vals)
                self.assertRefused(user, made, "unlink")
                self.assertRefused(user, self.env[DECIDE], "create", {"reason": "x"})
                vals_of_line = {"decision_ids": [Command.create(vals)]}
                self.assertRefused(user, self.designs, "write", vals_of_line)
