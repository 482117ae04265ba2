from lxml import html

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from .common import MilestoneBillingCommon


class TestParts(MilestoneBillingCommon):
    """A part of a stage is billed, and several stages on one invoice."""

    def bill_part(self, line, net, post=True):
        """Bill a part of a stage as the accountant, and post it."""
        move = line.with_user(self.accountant)._bill_part(net)
        return self.post(move) if post else move

    def assertAmounts(self, line, **amounts):
        self.assertRecordValues(
            line, [{f"amount_{name}": value for name, value in amounts.items()}]
        )

    # -------------------------------------------------------------------------
    # BILLING A PART
    # -------------------------------------------------------------------------

    def test_part_is_billed_before_the_stage_is_done_and_the_tick_bills_the_rest(self):
        self.bill_part(self.build, 1000)
        self.assertAmounts(self.build, planned=2500, billed=1000, open=1500)
        self.assertEqual(self.build.state, "upcoming")
        self.mark_done(self.build)
        self.assertEqual(self.build.state, "drafted")
        self.assertAmounts(self.build, drafted=1500, billed=1000, open=0)

    def test_labels_count_the_parts(self):
        names = [
            self.bill_part(self.build, net).invoice_line_ids.name.split("\n")[0]
            for net in (1000, 500)
        ]
        self.mark_done(self.build)
        names += (
            self.get_invoices(self.build)
            .filtered(lambda move: move.state == "draft")
            .invoice_line_ids.mapped(lambda line: line.name.split("\n")[0])
        )
        title = "Milestone 2 — Build complete"
        self.assertEqual(
            names,
            [
                f"{title} · part 1, 40% (40% to date)",
                f"{title} · part 2, 20% (60% to date)",
                f"{title} · part 3, 40% (100% to date)",
            ],
        )

    def test_whole_stage_is_no_part(self):
        move = self.bill_part(self.build, 2500)
        self.assertTrue(
            move.invoice_line_ids.name.startswith("Milestone 2 — Build complete\n")
        )

    def test_what_is_billed_again_is_no_part(self):
        self.credit(self.bill(self.build), amount=500)
        self.build.with_user(self.accountant).action_create_draft_invoice()
        draft = self.get_invoices(self.build).filtered(lambda m: m.state == "draft")
        self.assertNotIn("part", draft.invoice_line_ids.name)

    def test_stage_billed_in_part_keeps_its_plan_and_its_number(self):
        self.bill_part(self.build, 1000)
        self.contract.contract_sum = 12000
        self.assertAmounts(self.build, planned=2500, open=1500)
        self.assertAmounts(self.final, planned=3500)
        self.designs.sequence = 99
        self.assertEqual(self.build.number, 2)

    def test_part_is_billed_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.customer.lang = "de_DE"
        move = self.bill_part(self.build, 1000)
        self.assertIn(
            "Meilenstein 2 — Build complete · Teil 1, 40\xa0% (bisher 40\xa0%)",
            move.invoice_line_ids.name,
        )

    def test_included_tax_does_not_shrink_the_part(self):
        self.product.taxes_id = self.tax.copy(
            {"name": "15 % incl.", "price_include_override": "tax_included"}
        )
        move = self.bill_part(self.build, 1000)
        self.assertEqual((move.amount_untaxed, move.amount_total), (1000, 1150))

    def test_parts_of_thirds_add_up(self):
        contract = self.create_contract(
            "Thirds",
            [(name, "progress", "percent", 33.333333) for name in "ABC"],
        )
        last = contract.line_ids[2]
        self.bill_part(last, 1111.11)
        self.bill_part(last, 1111.11)
        self.bill_part(last, last.amount_open)
        self.bill(contract.line_ids[:2])
        self.assertEqual(last.amount_billed, 3333.34)
        self.assertEqual(contract.amount_billed, contract.amount_to_date)

    # -------------------------------------------------------------------------
    # REFUSALS
    # -------------------------------------------------------------------------

    def test_no_more_than_what_is_open(self):
        self.bill_part(self.build, 1000)
        for net, refusal in (
            (1500.01, "Of Build complete only $\xa01,500.00 is open"),
            (0, "Enter what to bill of Build complete"),
            (-5, "Enter what to bill of Build complete"),
            (0.001, "Enter what to bill of Build complete"),
        ):
            with self.subTest(net), self.assertRaises(UserError) as caught:
                self.bill_part(self.build, net)
            self.assertIn(refusal, str(caught.exception))
        self.assertEqual(len(self.get_invoices(self.build)), 1)

    def test_one_draft_of_a_stage_at_a_time(self):
        self.bill_part(self.build, 1000, post=False)
        with self.assertRaisesRegex(UserError, "is on a draft invoice already"):
            self.bill_part(self.build, 500)

    def test_blocked_contract_bills_no_part_and_says_why(self):
        self.contract.partner_id = False
        with self.assertRaisesRegex(UserError, "customer"):
            self.bill_part(self.build, 1000)
        self.assertFalse(self.get_invoices(self.build))

    def test_failed_attempt_is_forgotten(self):
        self.build.sudo().write({"check_code": "failed", "check_args": {}})
        self.assertTrue(self.bill_part(self.build, 1000))

    def test_only_who_may_invoice_bills_a_part(self):
        for user in (self.project_admin, self.project_user):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.build.with_user(user)._bill_part(1000)
        with self.assertRaises(AccessError):
            self.env["milestone.billing.part"].with_user(self.project_admin).create(
                {"line_id": self.build.id}
            )

    def test_untick_keeps_the_draft_of_a_part(self):
        move = self.bill_part(self.build, 1000, post=False)
        self.mark_done(self.build)
        with self.assertRaisesRegex(UserError, "A part of Build complete is billed by"):
            self.build.milestone_id.is_reached = False
        self.assertTrue(move.exists())

    # -------------------------------------------------------------------------
    # THE DIALOG
    # -------------------------------------------------------------------------

    def open_dialog(self, line):
        action = line.with_user(self.accountant).action_bill_part()
        return Form(
            self.env[action["res_model"]]
            .with_user(self.accountant)
            .with_context(**action["context"])
        )

    def test_dialog_offers_all_that_is_open(self):
        self.bill_part(self.build, 1000)
        dialog = self.open_dialog(self.build)
        self.assertEqual((dialog.amount, dialog.percent), (1500, 60))

    def test_percentage_and_amount_follow_each_other(self):
        dialog = self.open_dialog(self.build)
        dialog.percent = 40
        self.assertEqual(dialog.amount, 1000)
        dialog.amount = 500
        self.assertEqual(dialog.percent, 20)
        self.assertEqual(
            dialog.label, "Milestone 2 — Build complete · part 1, 20% (20% to date)"
        )
        action = dialog.save().action_confirm()
        move = self.env["account.move"].browse(action["res_id"])
        self.assertEqual((move.amount_untaxed, move.state), (500, "draft"))

    # -------------------------------------------------------------------------
    # SEVERAL STAGES ON ONE INVOICE
    # -------------------------------------------------------------------------

    def test_all_that_is_ready_on_one_draft(self):
        self.contract.automation = "manual"
        self.mark_done(self.deposit | self.designs)
        self.contract.with_user(
            self.accountant
        ).action_create_draft_invoice_per_contract()
        [move] = self.get_invoices(self.deposit | self.designs)
        self.assertEqual(move.amount_untaxed, 5000)

    def test_milestones_chosen_on_one_draft(self):
        self.contract.automation = "manual"
        self.mark_done(self.deposit | self.designs | self.build)
        chosen = self.designs | self.build
        chosen.milestone_id.with_user(
            self.accountant
        ).action_create_draft_invoice_per_contract()
        [move] = self.get_invoices(self.contract.line_ids)
        self.assertEqual(move.line_ids.milestone_billing_line_id, chosen)

    def bill_together(self):
        """Return the posted invoice of three stages of a contract."""
        self.contract.write({"automation": "manual", "reference": "C-014"})
        stages = self.deposit | self.designs | self.build
        self.mark_done(stages)
        self.contract.with_user(
            self.accountant
        ).action_create_draft_invoice_per_contract()
        return self.post(self.get_invoices(stages))

    def print_invoice(self, move):
        """Return the text of an invoice as it is printed."""
        content, _type = self.env["ir.actions.report"]._render_qweb_html(
            "account.account_invoices", move.ids
        )
        return " ".join(html.fromstring(content).text_content().split())

    def test_print_of_several_stages_names_the_project_once(self):
        move = self.bill_together()
        details = "Project: Website · Contract: C-014"
        text = self.print_invoice(move)
        self.assertEqual(text.count("Website"), 1)
        self.assertRegex(
            text,
            f"{details}.*Deposit — Project start.*Milestone 1 — Designs approved"
            ".*Milestone 2 — Build complete",
        )
        # in the ledger each says it
        for name in move.invoice_line_ids.mapped("name"):
            self.assertIn(f"\n{details}", name)

    def test_what_was_written_by_hand_is_printed_as_it_is(self):
        move = self.bill_together()
        line = move.invoice_line_ids[1]
        line.name = "Designs approved\nProject: Website, upper floor"
        text = self.print_invoice(move)
        self.assertIn("Designs approved Project: Website, upper floor", text)
        self.assertEqual(text.count("Project: Website · Contract: C-014"), 2)

    def test_one_stage_is_printed_with_its_project(self):
        text = self.print_invoice(self.bill(self.build))
        self.assertIn("Milestone 2 — Build complete Project: Website", text)
