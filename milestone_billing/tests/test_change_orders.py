from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user

from .common import THIRDS
from .common_changes import ChangesCommon


class TestChangeOrders(ChangesCommon):
    """An approved change order moves the contract sum, and the open stages alone."""

    # --- the figures ---

    def test_change_of_all_goes_by_their_shares(self):
        self.approve(2000)
        self.assertPlanned(3600, 4800, 3600)
        self.assertSums(10000, 2000, 12000)

    def test_drafted_or_billed_stages_never_move(self):
        self.bill(self.start)
        self.approve(2000)
        self.assertPlanned(3000, 4800, 4200)
        self.assertSums(10000, 2000, 12000)

    def test_change_of_its_own_moves_no_other_stage(self):
        change = self.approve(2000, spread="new")
        self.assertPlanned(3000, 4000, 2000, 3000)  # before the final
        self.assertSums(10000, 2000, 12000)
        self.assertEqual(change.line_id.name, "Extra room")

    def test_change_of_one_stage_moves_no_other(self):
        self.approve(-1500, self.walls)
        self.assertPlanned(3000, 2500, 3000)
        self.assertSums(10000, -1500, 8500)

    def test_untouched_percent_stages_are_not_priced_anew(self):
        self.approve(1000, spread="new", line=None, contract_id=self.contract.id)
        self.assertPlanned(2500, 2500, 2500, 1000, 2500, contract=self.contract)

    def test_thirds_keep_their_cents(self):
        thirds = self.create_contract("Thirds", THIRDS)
        self.approve(1000, spread="new", contract_id=thirds.id)
        self.assertPlanned(3333.33, 3333.33, 1000, 3333.34, contract=thirds)

    def test_stage_is_written_off_beside_a_change(self):
        self.approve(2000, spread="new")
        self.decide(self.walls, "write_off")
        self.assertPlanned(3000, 0, 2000, 3000)
        self.assertSums(10000, 2000, 8000)

    def test_changed_stage_is_written_off_with_its_change(self):
        self.approve(500, self.walls)
        self.decide(self.walls, "write_off")
        self.assertPlanned(3000, 0, 3000)
        self.assertSums(10000, 500, 6000)

    def test_several_changes_add_up(self):
        self.approve(2000)
        self.approve(-1500, self.walls)
        self.approve(700, spread="new")
        self.assertPlanned(3600, 3300, 700, 3600)
        self.assertSums(10000, 1200, 11200)

    def test_changed_stages_are_billed_and_credited(self):
        self.approve(500, self.walls)
        move = self.bill(self.walls)
        self.assertEqual(move.amount_untaxed, 4500)
        self.credit(move)
        self.assertRecordValues(
            self.walls,
            [{"amount_planned": 4500.0, "state": "to_decide", "amount_open": 4500.0}],
        )
        self.assertSums(10000, 500, 10500)

    def test_own_stage_is_ticked_and_billed(self):
        change = self.approve(
            2000, spread="new", stage_criteria="Roof on", client_reference="CR-7"
        )
        line = change.line_id
        self.assertEqual(line.milestone_id.acceptance_criteria, "Roof on")
        move = self.bill(line)
        self.assertEqual(move.amount_untaxed, 2000)
        self.assertIn("Change order 1 — Extra room · CR-7", move.invoice_line_ids.name)
        self.assertPlanned(3000, 4000, 2000, 3000)

    def test_empty_sum_is_frozen_with_the_first_change(self):
        fixed = self.create_contract(
            "Fixed",
            [("A", "progress", "fixed", 4000.0), ("B", "final", "fixed", 6000.0)],
            contract_sum=0,
        )
        self.approve(500, spread="new", contract_id=fixed.id)
        self.assertEqual(fixed.contract_sum, 10000)
        self.assertPlanned(4000, 500, 6000, contract=fixed)
        self.assertSums(10000, 500, 10500, contract=fixed)

    # --- the facts ---

    def test_approving_keeps_who_when_and_the_figures(self):
        change = self.approve(2000)
        self.assertRecordValues(
            change,
            [
                {
                    "state": "approved",
                    "number": 1,
                    "approved_by": self.boss.id,
                    "contract_before": 10000.0,
                    "contract_after": 12000.0,
                }
            ],
        )
        self.assertTrue(change.approved_on)
        self.approve(1000)
        self.assertEqual(change.figures["after"], 12000)
        self.assertEqual(
            [stage["after"] for stage in change.figures["stages"]], [3600, 4800, 3600]
        )

    def test_numbers_are_given_once(self):
        first = self.approve(100)
        draft = self.create_change(100)
        self.assertFalse(draft.number)
        first.action_cancel()
        second = self.approve(100)
        draft.unlink()
        self.assertEqual((first.number, second.number), (1, 2))

    def test_the_contract_logs_figures(self):
        change = self.approve(2000)
        change.action_cancel()
        texts = [entry["text"] for entry in self.house.change_log]
        self.assertRegex(
            texts[1],
            r"Berta Boss approved Change order 1 — Extra room, \+\$.2,000.00: contract"
            r" \$.10,000.00 → \$.12,000.00 \(Start \$.3,000.00 → \$.3,600.00;",
        )
        self.assertRegex(texts[0], r"Berta Boss cancelled Change order 1")

    def test_form_shows_what_it_would_move(self):
        with Form(
            self.env["milestone.billing.change"]
            .with_user(self.boss)
            .with_context(default_contract_id=self.house.id)
        ) as form:
            form.name = "Extra room"
            form.amount = 2000
            self.assertIn("4,800.00", form.preview)
            form.spread = "line"
            form.line_id = self.walls
            self.assertIn("6,000.00", form.preview)
        self.assertPlanned(3000, 4000, 3000)

    # --- refusals ---

    def test_original_sum_stays_once_a_change_is_approved(self):
        self.house.contract_sum = 10000
        change = self.approve(2000)
        with self.assertRaisesRegex(UserError, "Make a change order"):
            self.house.contract_sum = 11000
        self.house.contract_sum = 10000
        change.action_cancel()
        self.house.contract_sum = 11000

    def test_invoiced_stage_is_not_changed(self):
        self.mark_done(self.walls)
        change = self.create_change(500, self.walls)
        with self.assertRaisesRegex(UserError, "Walls is invoiced"):
            change.action_approve()
        self.assertEqual((change.state, change.number), ("draft", 0))

    def test_closed_stage_is_not_changed(self):
        self.decide(self.walls, "write_off")
        with self.assertRaisesRegex(UserError, "carried or written off"):
            self.create_change(500, self.walls).action_approve()

    def test_no_more_is_taken_out_of_a_stage_than_is_open(self):
        with self.assertRaisesRegex(UserError, r"only \$.4,000.00 is open"):
            self.create_change(-4000.01, self.walls).action_approve()
        self.approve(-4000, self.walls)
        self.assertPlanned(3000, 0, 3000)

    def test_no_less_than_is_billed_is_left(self):
        self.bill(self.start | self.walls)
        with self.assertRaisesRegex(UserError, r"exceed .* by \$.500.00"):
            self.create_change(-3500).action_approve()

    def test_own_stage_is_never_negative(self):
        with self.assertRaisesRegex(UserError, "cannot be negative"):
            self.create_change(-10, spread="new").action_approve()

    def test_nobody_takes_a_change_of_fixed_stages(self):
        fixed = self.create_contract("Fixed", [("A", "progress", "fixed", 10000.0)])
        with self.assertRaisesRegex(UserError, "no open stage has a share"):
            self.create_change(500, contract_id=fixed.id).action_approve()

    def test_contract_without_sum_has_nothing_to_change(self):
        empty = self.create_contract(
            "Empty", [("A", "progress", "percent", 100.0)], contract_sum=0
        )
        with self.assertRaisesRegex(UserError, "no sum yet"):
            self.create_change(500, contract_id=empty.id).action_approve()

    def test_stage_of_another_contract_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "no stage of the contract"):
            self.create_change(500, self.walls, contract_id=self.contract.id)

    def test_approved_change_stays_as_it_is(self):
        change = self.approve(2000)
        for vals in ({"amount": 1}, {"name": "Other"}, {"date": "2020-01-01"}):
            with self.assertRaisesRegex(UserError, "Make another change order"):
                change.write(vals)
        with self.assertRaisesRegex(UserError, "Make another change order"):
            change.action_approve()
        with self.assertRaisesRegex(UserError, "cancel it instead"):
            change.unlink()

    def test_contract_with_changes_stays(self):
        self.approve(2000)
        with self.assertRaisesRegex(UserError, "has change orders"):
            self.house.unlink()
        with self.assertRaisesRegex(UserError, "has change orders"):
            self.house.project_id.unlink()

    def test_currency_of_changed_contract_stays(self):
        self.approve(2000)
        with self.assertRaisesRegex(UserError, "its currency"):
            self.house.currency_id = self.setup_other_currency("EUR")

    def test_customer_of_changed_contract_stays(self):
        self.approve(2000)
        self.house.project_id.partner_id = self.partner_a
        self.assertEqual(self.house.partner_id, self.customer)

    # --- taking back ---

    def test_taken_back_change_leaves_nothing(self):
        change = self.approve(2000, spread="new")
        milestone = change.line_id.milestone_id
        change.action_cancel()
        self.assertEqual(change.state, "cancelled")
        self.assertFalse(milestone.exists())
        self.assertPlanned(3000, 4000, 3000)
        self.assertSums(10000, 0, 10000)

    def test_stage_that_a_change_made_stays(self):
        change = self.approve(2000, spread="new")
        with self.assertRaisesRegex(UserError, "cancel that change order first"):
            change.line_id.unlink()

    def test_change_is_not_taken_back_from_an_invoiced_stage(self):
        change = self.approve(2000, spread="new")
        self.mark_done(change.line_id)
        with self.assertRaisesRegex(UserError, "bills Extra room with it"):
            change.action_cancel()
        self.assertSums(10000, 2000, 12000)

    def test_change_is_not_taken_back_from_what_is_billed(self):
        change = self.approve(2000)
        self.bill(self.start | self.walls | self.keys)
        with self.assertRaisesRegex(ValidationError, r"\$.2,000.00 more than"):
            change.action_cancel()
        self.assertEqual(change.state, "approved")

    def test_change_of_all_is_taken_back_from_the_open_stages(self):
        change = self.approve(2000)
        self.bill(self.start)
        change.action_cancel()
        self.assertPlanned(3600, 4000, 2400)
        self.assertSums(10000, 0, 10000)

    # --- who may ---

    def test_who_cannot_make_invoices_approves_nothing(self):
        change = self.create_change(2000)
        for user in (self.project_admin, self.accountant):
            for record in (change, change.sudo()):
                with self.assertRaises(AccessError):
                    record.with_user(user).action_approve()
                with self.assertRaises(AccessError):
                    record.with_user(user).sudo().action_approve()
        change.with_user(self.project_admin).name = "Another room"
        change.with_user(self.project_admin).unlink()

    def test_facts_are_given_by_no_request(self):
        vals = {
            "state": "approved",
            "number": 7,
            "approved_by": self.boss.id,
            "approved_on": fields.Datetime.now(),
            "contract_before": 1.0,
            "contract_after": 2.0,
            "figures": {"before": 1},
        }
        change = self.create_change(2000)
        for name, value in vals.items():
            with self.assertRaises(AccessError):
                change.write({name: value})
            with self.assertRaises(AccessError):
                self.create_change(2000, **{name: value})
            self.env["ir.default"].set(
                "milestone.billing.change", name, value, user_id=self.boss.id
            )
        context = {f"default_{name}": value for name, value in vals.items()}
        forged = (
            self.env["milestone.billing.change"]
            .with_user(self.boss)
            .with_context(**context)
            .create({"contract_id": self.house.id, "name": "X", "amount": 1.0})
        )
        self.assertRecordValues(
            forged,
            [{"state": "draft", "number": 0, "approved_on": False, "figures": False}],
        )
        self.assertPlanned(3000, 4000, 3000)

    # --- copies ---

    def test_copies_of_a_project_have_no_changes(self):
        self.approve(2000, self.walls)
        copy = self.house.project_id.copy()
        contract = copy.billing_contract_ids
        self.assertFalse(contract.change_ids)
        self.assertPlanned(3000, 4000, 3000, contract=contract)

    def test_copies_have_no_stage_of_a_change(self):
        self.approve(2000, spread="new")
        contract = self.house.project_id.copy().billing_contract_ids
        self.assertPlanned(3000, 4000, 3000, contract=contract)

    def test_stage_with_another_change_stays_when_its_own_is_taken_back(self):
        change = self.approve(2000, spread="new")
        line = change.line_id
        other = self.approve(500, line)
        change.action_cancel()
        self.assertPlanned(3000, 4000, 500, 3000)
        other.action_cancel()
        self.assertPlanned(3000, 4000, 0, 3000)

    def test_copy_of_a_change_is_a_draft(self):
        copy = self.approve(2000, self.walls).copy()
        self.assertRecordValues(
            copy, [{"state": "draft", "number": 0, "approved_on": False}]
        )

    def test_who_sees_no_amounts_sees_no_changes(self):
        change = self.approve(2000)
        portal = new_test_user(self.env, login="portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.customer
        changes = self.env["milestone.billing.change"]
        for user in (self.project_user, portal):
            with self.assertRaises(AccessError):
                changes.with_user(user).search([])
            with self.assertRaises(AccessError):
                change.with_user(user).read(["name"])
            for name in ("amount", "contract_after", "figures"):
                with self.assertRaises(AccessError):
                    changes.with_user(user).sudo().search([(name, "!=", False)])

    def test_changes_are_seen_with_their_contract(self):
        change = self.approve(2000)
        reader = new_test_user(
            self.env,
            login="reader",
            groups="milestone_billing.group_milestone_billing_user,"
            "project.group_project_user",
        )
        self.assertEqual(change.with_user(reader).amount, 2000)
        with self.assertRaises(AccessError):
            change.with_user(reader).name = "Mine"
        self.house.project_id.privacy_visibility = "followers"
        changes = self.env["milestone.billing.change"]
        self.assertFalse(changes.with_user(reader).search([]))
        self.assertTrue(changes.with_user(self.accountant).search([]))

    def test_other_companies_see_no_changes(self):
        self.approve(2000)
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            login="stranger",
            groups="milestone_billing.group_milestone_billing_manager,"
            "account.group_account_invoice",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        changes = self.env["milestone.billing.change"].with_user(stranger)
        self.assertFalse(changes.search([]))
        with self.assertRaises(AccessError):
            changes.create({"contract_id": self.house.id, "name": "X", "amount": 1.0})
