from odoo import SUPERUSER_ID, Command
from odoo.exceptions import AccessError, UserError

from .common import MilestoneBillingCommon


class TestDrafts(MilestoneBillingCommon):
    """A milestone marked done puts exactly one draft invoice before the accountant."""

    # --- by every road to "reached" ---

    def test_tick_by_a_project_user_makes_one_labelled_draft(self):
        self.build.milestone_id.with_user(self.project_user).toggle_is_reached(True)
        move = self.get_invoices(self.build)
        self.assertRecordValues(
            move,
            [
                {
                    "state": "draft",
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "amount_untaxed": 2500.0,
                    "amount_tax": 375.0,
                    "invoice_date": False,
                    "milestone_billing_contract_id": self.contract.id,
                }
            ],
        )
        self.assertEqual(
            move.invoice_line_ids.name.splitlines()[0], "Milestone 2 — Build complete"
        )
        self.assertEqual(self.build.state, "drafted")

    def test_write_marks_done(self):
        self.mark_done(self.build)
        self.assertEqual(len(self.get_invoices(self.build)), 1)

    def test_creation_of_a_reached_milestone_bills_its_lines(self):
        milestone = self.env["project.milestone"].create(
            {
                "name": "Already there",
                "project_id": self.project.id,
                "is_reached": True,
                "billing_line_ids": [
                    Command.create(
                        {
                            "contract_id": self.contract.id,
                            "name": "Already there",
                            "basis": "fixed",
                            "amount": 100,
                        }
                    )
                ],
            }
        )
        self.assertEqual(
            self.get_invoices(milestone.billing_line_ids).amount_untaxed, 100
        )

    def test_import_marks_done(self):
        milestone = self.build.milestone_id
        external_id = milestone.export_data(["id"])["datas"][0][0]
        result = (
            self.env["project.milestone"]
            .with_user(self.project_user)
            .load(["id", "is_reached"], [[external_id, "1"]])
        )
        self.assertFalse(result["messages"])
        self.assertEqual(len(self.get_invoices(self.build)), 1)

    def test_server_action_marks_done(self):
        self.env.ref("milestone_billing.project_milestone_action_mark_done").with_user(
            self.project_user
        ).with_context(
            active_model="project.milestone", active_ids=self.build.milestone_id.ids
        ).run()
        self.assertEqual(len(self.get_invoices(self.build)), 1)

    def test_server_action_on_lines_makes_their_draft(self):
        self.contract.automation = "manual"
        self.mark_done(self.build)
        self.env.ref(
            "milestone_billing.milestone_billing_line_action_create_draft"
        ).with_user(self.accountant).with_context(
            active_model="milestone.billing.line", active_ids=self.build.ids
        ).run()
        self.assertEqual(self.build.state, "drafted")

    # --- what stands on it ---

    def test_label_has_no_dash_where_the_e_invoice_cannot_say_it(self):
        self.company.account_fiscal_country_id = self.env.ref("base.it")
        self.contract.reference = "C-14"
        lines = self.deposit | self.build | self.final
        labels = [line._get_invoice_label(line.amount_open) for line in lines]
        self.assertEqual(
            [label.splitlines()[0] for label in labels],
            [
                "Deposit - Project start",
                "Milestone 2 - Build complete",
                "Final - Launch / delivery",
            ],
        )
        origin = self.contract._prepare_invoice_vals(self.build, {self.build: 2500.0})[
            "invoice_origin"
        ]
        self.assertEqual(origin, "Website - Build complete")
        "".join(labels).encode("latin-1")  # or it raises

    # --- exactly once ---

    def test_marking_done_again_makes_no_second_invoice(self):
        self.mark_done(self.build)
        self.mark_done(self.build)
        self.build.action_mark_done()
        self.assertEqual(len(self.get_invoices(self.build)), 1)
        with self.assertRaises(UserError):
            self.build.with_user(self.accountant).action_create_draft_invoice()

    def test_milestones_marked_done_together_get_one_invoice_each(self):
        self.mark_done(self.deposit | self.designs | self.build)
        moves = self.get_invoices(self.contract.line_ids)
        self.assertEqual(moves.mapped("amount_untaxed"), [2500.0] * 3)

    def test_lines_of_one_milestone_share_its_invoice(self):
        extra = self.env["milestone.billing.line"].create(
            {
                "contract_id": self.contract.id,
                "milestone_id": self.build.milestone_id.id,
                "name": "Training",
                "basis": "fixed",
                "amount": 400.0,
            }
        )
        self.mark_done(self.build)
        move = self.get_invoices(self.build | extra)
        self.assertEqual(len(move), 1)
        self.assertEqual(move.amount_untaxed, 2900.0)

    def test_acts_return_what_xml_rpc_can_say(self):
        self.assertIs(self.deposit.action_mark_done(), True)
        self.assertIs(self.deposit.milestone_id.action_mark_done(), True)
        self.assertIs(self.designs.milestone_id.action_mark_done(), True)
        self.assertIs(self.build.action_check_again(), True)
        self.assertIs(self.contract.action_check_again(), True)
        self.contract.automation = "manual"
        self.mark_done(self.build)
        made = self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(made["res_model"], "account.move")

    def test_documents_of_the_system_are_made_by_the_superuser(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        self.assertEqual(move.create_uid.id, SUPERUSER_ID)
        self.assertIn("Petra Manager", move.message_ids[0].body)

    def test_defaults_of_who_ticks_shape_no_invoice(self):
        Default = self.env["ir.default"].with_user(self.project_user).sudo()
        for fname, value in (
            ("auto_post", "at_date"),
            ("invoice_date", "2020-01-01"),
            ("narration", "Mine"),
            ("ref", "Mine"),
        ):
            Default.set("account.move", fname, value, user_id=self.project_user.id)
        Default.set("account.move.line", "discount", 50.0, user_id=self.project_user.id)
        self.build.milestone_id.with_user(self.project_user).with_context(
            default_ref="Mine", default_narration="Mine"
        ).is_reached = True
        self.assertRecordValues(
            self.get_invoices(self.build),
            [
                {
                    "auto_post": "no",
                    "invoice_date": False,
                    "narration": False,
                    "ref": False,
                    "amount_untaxed": 2500.0,
                }
            ],
        )

    def test_lines_made_with_a_reached_milestone_are_billed_others_are_not(self):
        self.mark_done(self.build)
        before = self.get_invoices(self.contract.line_ids)
        milestone = self.env["project.milestone"].create(
            {"name": "Beta", "project_id": self.project.id, "is_reached": True}
        )
        line = self.env["milestone.billing.line"].create(
            {"milestone_id": milestone.id, "basis": "fixed", "amount": 100}
        )
        self.assertEqual(line.state, "ready")
        self.assertEqual(self.get_invoices(self.contract.line_ids), before)

    def test_line_moved_onto_a_reached_milestone_waits(self):
        self.mark_done(self.build)
        self.designs.milestone_id = self.build.milestone_id
        self.assertEqual(self.designs.state, "ready")
        self.assertFalse(self.designs.move_line_ids)

    # --- what does not bill by itself ---

    def test_manual_contract_waits_for_the_accountant(self):
        self.contract.automation = "manual"
        self.mark_done(self.build)
        self.assertEqual(self.build.state, "ready")
        self.assertFalse(self.build.blocking_reason)
        action = self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(action["res_id"], self.get_invoices(self.build).id)

    def test_line_added_to_a_reached_milestone_waits(self):
        self.mark_done(self.build)
        extra = self.env["milestone.billing.line"].create(
            {
                "milestone_id": self.build.milestone_id.id,
                "basis": "fixed",
                "amount": 100,
            }
        )
        self.assertEqual(extra.state, "ready")
        self.assertFalse(extra.move_line_ids)

    def test_templates_archived_projects_and_archived_contracts_do_not_bill(self):
        for record, values in (
            ("project", {"is_template": True}),
            ("project", {"active": False}),
            ("contract", {"active": False}),
        ):
            with self.subTest(record, **values):
                project = self.project.copy()
                contract = project.billing_contract_ids
                (project if record == "project" else contract).write(values)
                line = contract.line_ids[0]
                line.milestone_id.is_reached = True
                self.assertEqual(line.state, "blocked")
                self.assertFalse(line.move_line_ids)

    # --- a tick is never refused for reasons of billing ---

    def assertBlocked(self, reason):
        self.mark_done(self.build)
        self.assertTrue(self.build.is_reached)
        self.assertEqual(self.build.state, "blocked")
        self.assertFalse(self.build.move_line_ids)
        self.assertRegex(self.build.blocking_reason, reason)
        with self.assertRaisesRegex(UserError, reason):
            self.build.with_user(self.accountant).action_create_draft_invoice()

    def assertCured(self):
        """The cured line is not billed by itself, but on the accountant's word."""
        self.env.invalidate_all()
        self.build.with_user(self.accountant).action_check_again()
        self.assertFalse(self.build.move_line_ids)
        self.assertFalse(self.build.blocking_reason)
        self.assertEqual(self.build.state, "ready")
        self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(self.build.state, "drafted")

    def test_no_customer_blocks_with_the_reason(self):
        self.contract.partner_id = False
        self.assertBlocked("has no customer")
        self.contract.partner_id = self.customer
        self.assertCured()

    def test_archived_customer_blocks_with_the_reason(self):
        self.customer.active = False
        self.assertBlocked("is archived")
        self.customer.active = True
        self.assertCured()

    def test_switched_off_currency_blocks_with_the_reason(self):
        currency = self.setup_other_currency("EUR")
        self.build = self.create_contract(
            "Foreign",
            [("Build complete", "progress", "percent", 100)],
            currency_id=currency.id,
        ).line_ids
        currency.active = False
        self.assertBlocked("is switched off")
        currency.active = True
        self.assertCured()

    def test_no_sales_journal_blocks_with_the_reason(self):
        journals = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.company.id)]
        )
        journals.active = False
        self.assertBlocked("no sales journal")
        journals.active = True
        self.assertCured()

    def test_no_income_account_blocks_with_the_reason(self):
        self.company.income_account_id = False
        self.product.categ_id.property_account_income_categ_id = False
        self.company_data["default_journal_sale"].default_account_id = False
        self.assertBlocked("No income account")

    def test_over_scheduled_blocks_with_the_reason(self):
        self.designs.write({"basis": "fixed", "amount": 9000.0})
        self.assertBlocked("over-scheduled by .*4,000.00")
        self.designs.amount = 1000.0
        self.assertCured()

    def test_final_waits_while_something_is_unscheduled(self):
        self.final.write({"basis": "percent", "percent": 20})
        self.mark_done(self.final)
        self.assertRegex(self.final.blocking_reason, "500.00 of the contract sum")
        self.final.percent = 25
        self.final.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(self.final.amount_drafted, 2500.0)

    def test_refusal_by_odoo_is_recorded_and_others_are_billed(self):
        # none of our rules looks at the company of the terms: Odoo itself refuses it
        terms = self.env["account.payment.term"].create({"name": "Theirs"})
        other = self.create_contract(
            "Other",
            [("Stage", "progress", "percent", 100)],
            payment_term_id=terms.id,
        ).line_ids
        terms.company_id = self.setup_other_company()["company"]
        self.mark_done(other | self.build)
        self.assertEqual(self.build.state, "drafted")
        self.assertEqual(other.state, "blocked")
        self.assertTrue(other.check_code)
        self.assertTrue(other.blocking_reason)
        terms.company_id = False
        other.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(other.state, "drafted")
        self.assertFalse(other.check_code)
        self.assertFalse(other.blocking_reason)

    # --- un-ticking ---

    def test_untouched_draft_goes_with_the_tick(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        self.mark_done(self.build, done=False)
        self.assertFalse(move.exists())
        self.assertEqual(self.build.state, "upcoming")
        self.mark_done(self.build)
        self.assertEqual(self.build.state, "drafted")

    def test_removed_draft_is_told_on_the_project_without_amount(self):
        self.mark_done(self.build)
        before = self.project.message_ids
        self.mark_done(self.build, done=False)
        body = "".join((self.project.message_ids - before).mapped("body"))
        self.assertIn("Build complete", body)
        self.assertIn("Petra Manager", body)
        self.assertNotIn("2,500", body)
        self.assertNotIn("Client", body)

    def assertUntickRefused(self, message):
        with self.assertRaisesRegex(UserError, message):
            self.mark_done(self.build, done=False)
        self.assertTrue(self.build.milestone_id.is_reached)

    def test_edited_draft_refuses_the_untick(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.with_user(self.accountant).invoice_line_ids.price_unit = 2400.0
        self.assertUntickRefused("was edited")
        self.assertEqual(move.invoice_line_ids.price_unit, 2400.0)

    def test_draft_with_other_lines_refuses_the_untick(self):
        self.mark_done(self.build)
        self.get_invoices(self.build).with_user(self.accountant).write(
            {"invoice_line_ids": [Command.create({"name": "Travel", "price_unit": 50})]}
        )
        self.assertUntickRefused("bills other things")

    def test_draft_of_several_milestones_refuses_the_untick_of_one(self):
        self.contract.automation = "manual"
        lines = self.designs | self.build
        self.mark_done(lines)
        lines.with_user(self.accountant).action_create_draft_invoice_per_contract()
        self.assertUntickRefused("bills other things")
        self.mark_done(lines, done=False)
        self.assertEqual(lines.mapped("state"), ["upcoming"] * 2)

    def test_posted_invoice_refuses_the_untick_naming_it(self):
        move = self.bill(self.build)
        self.assertUntickRefused(f"invoiced by {move.name}")

    def test_draft_that_was_posted_before_refuses_the_untick(self):
        move = self.bill(self.build)
        move.with_user(self.accountant).button_draft()
        self.assertUntickRefused("delete or cancel that draft")

    def test_refused_untick_of_several_removes_nothing(self):
        self.bill(self.designs)
        self.mark_done(self.build)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.mark_done(self.designs | self.build, done=False)
        self.assertEqual(self.build.state, "drafted")

    def test_message_or_renamed_customer_is_no_edit(self):
        self.mark_done(self.build)
        self.get_invoices(self.build).message_post(body="Please check")
        self.customer.name = "Client & Daughters"
        self.mark_done(self.build, done=False)
        self.assertEqual(self.build.state, "upcoming")

    def test_only_the_invoicing_right_makes_drafts_by_hand(self):
        self.contract.automation = "manual"
        self.mark_done(self.build)
        with self.assertRaises(AccessError):
            self.build.with_user(self.project_admin).action_create_draft_invoice()
