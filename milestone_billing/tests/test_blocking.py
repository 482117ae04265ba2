from contextlib import contextmanager, suppress
from unittest import SkipTest
from unittest.mock import patch

from psycopg2 import IntegrityError
from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tests import get_db_name
from odoo.tools import mute_logger

from odoo.addons.account.models.account_move import AccountMove

from .common import MilestoneBillingCommon

LINE = "milestone.billing.line"


class BlockingCommon(MilestoneBillingCommon):
    """A tick whose invoice cannot be made."""

    def assertBlocked(self, line, *texts):
        """The line is done and not invoiced, and says why, with the cure."""
        self.assertTrue(line.is_reached)
        self.assertEqual(line.state, "blocked")
        self.assertTrue(line.check_code)
        self.assertTrue(line.checked_on)
        self.assertFalse(line.move_line_ids)
        for text in texts:
            self.assertIn(text, line.blocking_reason)

    def assertCured(self, line):
        """The next check finds it ready; a person bills it."""
        line.with_user(self.accountant).action_check_again()
        self.assertEqual(line.state, "ready")
        self.assertFalse(line.check_code)
        self.assertFalse(line.blocking_reason)
        line.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(line.state, "drafted")
        return self.get_invoices(line)

    @contextmanager
    def creation_raises(self, make_error, name=""):
        """Have another addon raise when an invoice with a stage's name is made.

        :return: a list that gets the number of invoices of each attempt
        """
        create = AccountMove.create
        attempts = []

        def create_or_raise(moves, vals_list):
            attempts.append(len(vals_list))
            if name in repr(vals_list):
                raise make_error()
            return create(moves, vals_list)

        with patch.object(AccountMove, "create", create_or_raise):
            yield attempts


class TestBlocking(BlockingCommon):
    """What blocks is a recorded check, told in the addon's words with the cure."""

    # --- what is archived is not empty ---

    def test_archived_tax_of_a_stage_blocks_with_its_name(self):
        tax = self.tax.copy({"name": "High rate", "amount": 22.0})
        self.build.tax_ids = tax
        tax.active = False
        self.mark_done(self.build)
        self.assertBlocked(self.build, "High rate", "archived")
        tax.active = True
        self.assertEqual(self.assertCured(self.build).amount_total, 3050)

    def test_archived_tax_among_others_blocks_too(self):
        tax = self.tax.copy({"name": "High rate", "amount": 22.0})
        self.build.tax_ids = tax | self.tax
        tax.active = False
        self.mark_done(self.build)
        self.assertBlocked(self.build, "High rate")

    def test_archived_tax_is_replaced_by_choosing_another(self):
        tax = self.tax.copy({"name": "Reverse charge", "amount": 0.0})
        self.build.tax_ids = tax
        tax.active = False
        self.mark_done(self.build)
        self.assertBlocked(self.build, "Reverse charge")
        self.build.tax_ids = [Command.set(self.tax.ids)]
        self.assertEqual(self.assertCured(self.build).amount_total, 2875)

    def test_archived_tax_of_a_stage_is_copied_and_still_blocks(self):
        tax = self.tax.copy({"name": "High rate", "amount": 22.0})
        self.build.tax_ids = tax
        tax.active = False
        line = self.project.copy().billing_contract_ids.line_ids[2]
        self.assertEqual(line.with_context(active_test=False).tax_ids, tax)
        self.mark_done(line)
        self.assertBlocked(line, "High rate")

    def test_archived_product_of_the_contract_blocks_with_its_name(self):
        self.product.active = False
        self.mark_done(self.build)
        self.assertBlocked(self.build, "Project work", "archived")
        self.product.active = True
        self.assertCured(self.build)

    def test_archived_product_of_a_stage_blocks_with_its_name(self):
        product = self.env["product.product"].create(
            {"name": "Hosting", "type": "service"}
        )
        self.build.product_id = product
        product.active = False
        self.mark_done(self.build)
        self.assertBlocked(self.build, "Hosting", "archived")
        product.active = True
        self.assertCured(self.build)

    def test_archived_journal_of_the_contract_blocks_with_its_name(self):
        journal = self.company_data["default_journal_sale"].copy()
        journal.name = "Projects"
        self.contract.journal_id = journal
        journal.active = False
        self.mark_done(self.build)
        self.assertBlocked(self.build, "Projects", "archived")
        journal.active = True
        self.assertEqual(self.assertCured(self.build).journal_id, journal)

    def test_archived_terms_of_the_contract_block_with_their_name(self):
        terms = self.env["account.payment.term"].create({"name": "Forty days"})
        self.contract.payment_term_id = terms
        terms.active = False
        self.mark_done(self.build)
        self.assertBlocked(self.build, "Forty days", "archived")
        terms.active = True
        self.assertCured(self.build)

    def test_archived_contact_blocks_with_the_cure(self):
        self.customer.active = False
        self.mark_done(self.build)
        self.assertBlocked(self.build, "archived", "Client & Sons")

    def test_percentage_of_a_sum_not_entered_blocks(self):
        contract = self.create_contract(
            "Open", [("Start", "deposit", "percent", 50)], contract_sum=0.0
        )
        line = contract.line_ids
        self.mark_done(line)
        self.assertFalse(line.move_line_ids)
        contract.contract_sum = 1000
        line.action_check_again()
        self.assertEqual((line.state, line.amount_open), ("ready", 500.0))

    # --- a recorded fact ---

    def test_cure_is_seen_with_the_next_check_only(self):
        self.contract.partner_id = False
        self.mark_done(self.build)
        checked_on = self.build.checked_on
        self.assertTrue(checked_on)
        self.customer.name = "Renamed"
        self.env.invalidate_all()
        self.assertBlocked(self.build, "no customer")
        self.contract.sudo().partner_id = self.customer
        self.contract.with_user(self.accountant).action_check_again()
        self.assertEqual(self.build.state, "ready")
        self.assertGreaterEqual(self.build.checked_on, checked_on)

    def test_new_trouble_is_seen_with_the_next_check(self):
        self.contract.automation = "manual"
        self.mark_done(self.build)
        self.assertEqual(self.build.state, "ready")
        self.product.active = False
        self.env.invalidate_all()
        self.assertEqual(self.build.state, "ready")
        self.build.action_check_again()
        self.assertBlocked(self.build, "Project work")

    def test_trouble_of_a_manual_contract_is_seen_at_the_tick(self):
        self.contract.automation = "manual"
        self.contract.partner_id = False
        self.mark_done(self.build)
        self.assertBlocked(self.build, "no customer")

    def test_job_checks_what_waits(self):
        self.contract.partner_id = False
        self.mark_done(self.build)
        self.contract.partner_id = self.customer
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE milestone_billing_line SET checked_on = %s WHERE id = %s",
            [fields.Datetime.to_datetime("2020-01-01"), self.build.id],
        )
        self.env.invalidate_all()
        self.run_cron("milestone_billing.ir_cron_check_billable")
        self.assertEqual(self.build.state, "ready")
        self.assertFalse(self.build.move_line_ids)

    def test_queue_checks_when_it_is_opened(self):
        self.contract.partner_id = False
        self.mark_done(self.build)
        self.contract.partner_id = self.customer
        self.env[LINE].with_user(self.accountant).action_open_queue()
        self.assertEqual(self.build.state, "ready")

    def test_untick_of_a_blocked_line_leaves_no_reason(self):
        self.contract.partner_id = False
        self.mark_done(self.build)
        self.mark_done(self.build, done=False)
        self.assertEqual(self.build.state, "upcoming")
        self.assertFalse(self.build.blocking_reason)

    def test_reason_tells_amounts_to_who_sees_them_only(self):
        self.designs.write({"basis": "fixed", "amount": 9000.0})
        self.mark_done(self.build)
        self.assertBlocked(self.build, "4,000.00")
        self.env.invalidate_all()
        line = self.build.with_user(self.project_user).sudo()
        self.assertTrue(line.blocking_reason)
        self.assertNotRegex(line.blocking_reason, r"\d")

    def test_reason_is_written_when_it_is_read(self):
        self.contract.partner_id = False
        self.mark_done(self.build)
        self.assertNotIn("customer: set", repr(self.build.check_args))

    def test_blocked_line_is_logged_as_not_invoiced_without_customer_or_amount(self):
        self.customer.active = False
        self.mark_done(self.build)
        body = self.project.message_ids[0].body
        self.assertIn("Build complete", body)
        self.assertNotIn("Client", body)
        self.assertNotIn("2,500", body)

    # --- errors that are not the addon's ---

    @contextmanager
    def logged_traceback(self):
        with self.assertLogs("odoo.addons.milestone_billing", "WARNING") as log:
            yield
        self.assertTrue(any(record.exc_info for record in log.records))

    def test_error_of_another_addon_blocks_and_is_logged_with_its_traceback(self):
        for error in (ValueError, KeyError, ZeroDivisionError, AttributeError):
            with (
                self.subTest(error.__name__),
                self.undone(),
                self.logged_traceback(),
                self.creation_raises(lambda error=error: error("inner workings")),
            ):
                self.mark_done(self.build)
                self.assertBlocked(self.build, "Build complete", "server's log")
                self.assertNotIn("inner workings", self.build.blocking_reason)

    def test_error_of_the_database_blocks_without_its_words(self):
        def raise_it():
            return IntegrityError('violates foreign key constraint "account_move_x"')

        with self.logged_traceback(), self.creation_raises(raise_it):
            self.mark_done(self.build)
        self.assertBlocked(self.build, "Build complete")
        self.assertNotIn("foreign key", self.build.blocking_reason)

    def test_raw_sentences_of_core_are_no_reason(self):
        for message in (
            "Uh-oh! You’ve got some company inconsistencies here:",
            "Invalid language code: fr_FR",
        ):
            with (
                self.subTest(message),
                self.undone(),
                mute_logger("odoo.addons.milestone_billing"),
                self.creation_raises(lambda message=message: UserError(message)),
            ):
                self.mark_done(self.build)
                self.assertBlocked(self.build, "Build complete")

    def test_terms_of_another_company_block_in_our_words(self):
        terms = self.env["account.payment.term"].create({"name": "Theirs"})
        self.contract.payment_term_id = terms
        terms.company_id = self.setup_other_company()["company"]
        self.mark_done(self.build)
        self.assertBlocked(self.build, "Theirs")
        self.assertNotIn("Uh-oh", self.build.blocking_reason)

    def test_language_that_is_not_installed_blocks_in_our_words(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET lang = 'fr_FR' WHERE id = %s", [self.customer.id]
        )
        self.env.invalidate_all()
        self.mark_done(self.build)
        self.assertTrue(self.build.is_reached)
        if self.build.state != "drafted":
            self.assertBlocked(self.build, "fr_FR", "Client & Sons")
            self.assertNotIn("Invalid language", self.build.blocking_reason)

    def test_any_refusal_of_core_leaves_the_milestone_reached(self):
        action = self.env.ref("account.action_account_form")
        for make_error in (
            lambda: UserError("No."),
            lambda: ValidationError("No."),
            lambda: RedirectWarning("Configure it.", action.id, "Go"),
        ):
            with (
                self.undone(),
                mute_logger("odoo.addons.milestone_billing"),
                self.creation_raises(make_error),
            ):
                self.mark_done(self.build)
                self.assertBlocked(self.build, "Build complete")

    def test_failed_attempt_stands_until_somebody_tries_again(self):
        with self.logged_traceback(), self.creation_raises(lambda: ValueError("x")):
            self.mark_done(self.build)
        self.contract.action_check_again()
        self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertEqual(self.build.state, "drafted")
        self.assertFalse(self.build.check_code)

    def test_failure_by_hand_is_told_to_who_tries(self):
        self.contract.automation = "manual"
        self.mark_done(self.build)
        with (
            self.logged_traceback(),
            self.creation_raises(lambda: ValueError("inner workings")),
            self.assertRaisesRegex(UserError, "server's log") as refusal,
        ):
            self.build.with_user(self.accountant).action_create_draft_invoice()
        self.assertNotIn("inner workings", str(refusal.exception))

    def test_conflict_of_transactions_is_left_to_the_server(self):
        with (
            self.creation_raises(SerializationFailure),
            self.assertRaises(SerializationFailure),
        ):
            self.mark_done(self.build)

    def test_failure_leaves_nothing_half_made(self):
        before = self.env["account.move"].search_count([])
        create = AccountMove.create

        def create_then_raise(moves, vals_list):
            create(moves, vals_list)
            raise ValueError("afterwards")

        with (
            self.logged_traceback(),
            patch.object(AccountMove, "create", create_then_raise),
        ):
            self.mark_done(self.build)
        self.assertBlocked(self.build, "server's log")
        self.assertEqual(self.env["account.move"].search_count([]), before)

    def test_numbers_are_not_given_by_an_attempt_that_fails(self):
        with self.logged_traceback(), self.creation_raises(lambda: ValueError("x")):
            self.mark_done(self.build)
        self.assertEqual(self.contract.last_number, 0)
        self.assertEqual(self.contract.line_ids.mapped("number"), [0] * 4)
        self.designs.sequence = 9  # the order may still be changed
        self.assertEqual(self.build._get_number(), 1)

    def test_one_bad_of_many_is_found_by_halving(self):
        contract = self.create_contract(
            "Many",
            [(f"Stage {n}.", "progress", "percent", 6.25) for n in range(16)],
        )
        lines = contract.line_ids
        with (
            self.logged_traceback(),
            self.creation_raises(lambda: ValueError("x"), "Stage 5.") as attempts,
        ):
            self.mark_done(lines)
        bad = lines[5]
        self.assertBlocked(bad, "Stage 5.")
        self.assertEqual((lines - bad).mapped("state"), ["drafted"] * 15)
        self.assertLessEqual(len(attempts), 9)

    # --- searching and grouping ---

    def create_ready_lines(self, count):
        contract = self.create_contract(
            "Many",
            [(f"Stage {n}", "progress", "fixed", 1.0) for n in range(count)],
            contract_sum=0.0,
            automation="manual",
        )
        self.mark_done(contract.line_ids)
        self.env.flush_all()
        self.env.invalidate_all()
        return contract.line_ids

    def count_queries_of_states(self):
        Line = self.env[LINE].with_user(self.accountant)
        before = self.env.cr.sql_log_count
        for state, _count in Line._read_group([], ["state"], ["__count"]):
            Line.search([("state", "=", state)], limit=80)
        return self.env.cr.sql_log_count - before

    def test_searching_what_waits_costs_the_same_however_much_waits(self):
        self.count_queries_of_states()
        self.create_ready_lines(20)
        few = self.count_queries_of_states()
        self.create_ready_lines(40)
        self.assertEqual(self.count_queries_of_states(), few)

    def test_every_group_opens_with_its_lines(self):
        self.contract.partner_id = False
        self.mark_done(self.build)
        other = self.create_contract(
            "Empty", [("Stage", "progress", "percent", 100)], automation="manual"
        )
        self.mark_done(other.line_ids)
        self.bill(self.create_contract("X", [("Y", "final", "balance", 0)]).line_ids)
        lines = (self.contract | other).line_ids
        scope = [("id", "in", lines.ids)]
        for fname in ("state", "status", "check_code"):
            if fname == "check_code" and not lines._fields[fname].store:
                continue
            groups = self.env[LINE].formatted_read_group(scope, [fname], ["__count"])
            found = lines.browse()
            for group in groups:
                in_group = lines.search([*scope, *group["__extra_domain"]])
                with self.subTest(fname, group=group[fname]):
                    self.assertEqual(len(in_group), group["__count"])
                found |= in_group
            self.assertEqual(found, lines)

    def test_odd_domains_are_answered_or_refused_in_words(self):
        for model, fname in (
            (LINE, "status"),
            (LINE, "state"),
            ("milestone.billing.contract", "status"),
            ("project.milestone", "billing_status"),
            ("project.project", "billing_status"),
        ):
            for operator, value in (
                ("=", False),
                ("!=", False),
                ("=", True),
                ("=", 5),
                ("in", []),
                ("not in", []),
                ("in", [False, "overdue"]),
                ("not in", [False]),
                ("in", ["no such status"]),
                ("in", "overdue"),
                ("ilike", "over"),
                ("not ilike", "over"),
                ("like", "ready"),
                ("=ilike", "ready"),
                (">", "blocked"),
                ("=?", False),
                ("=?", "overdue"),
                ("in", [None]),
                ("=", None),
            ):
                with (
                    self.subTest(model, domain=(fname, operator, value)),
                    # what is refused in words
                    suppress(UserError, ValueError, NotImplementedError),
                ):
                    self.env[model].search([(fname, operator, value)], limit=1)


class TestBesideSalesOrders(BlockingCommon):
    """A sales order that bills the project, too, blocks until somebody decides."""

    @classmethod
    def setUpClass(cls):
        if "sale_line_id" not in Registry(get_db_name())["project.project"]._fields:
            raise SkipTest("sale_project is not installed")
        super().setUpClass()
        cls.seller = cls.env.ref("base.user_root")

    def sell(self, policy="ordered_prepaid", confirm=True):
        """Sell a fixed price whose project template has the schedule."""
        self.project.is_template = True
        product = self.env["product.product"].create(
            {
                "name": "Website for a fixed price",
                "type": "service",
                "list_price": 8000.0,
                "service_tracking": "project_only",
                "project_template_id": self.project.id,
                "service_policy": policy,
                "taxes_id": [Command.set(self.tax.ids)],
            }
        )
        order = (
            self.env["sale.order"]
            .with_user(self.seller)
            .with_company(self.company)
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "order_line": [Command.create({"product_id": product.id})],
                }
            )
        )
        if confirm:
            order.action_confirm()
        return order, order.sudo().project_ids.with_env(self.env)

    def test_order_to_invoice_blocks_the_milestone(self):
        order, project = self.sell()
        line = project.billing_contract_ids.line_ids[0]
        self.mark_done(line)
        self.assertBlocked(line, order.name)
        self.assertIn(order.name, project.billing_contract_ids.sales_order_notice)

    def test_invoiced_order_blocks_the_milestone(self):
        order, project = self.sell()
        order._create_invoices().action_post()
        line = project.billing_contract_ids.line_ids[0]
        self.mark_done(line)
        self.assertBlocked(line, order.name)

    def test_contract_decides_that_both_are_right(self):
        _order, project = self.sell()
        contract = project.billing_contract_ids
        line = contract.line_ids[0]
        self.mark_done(line)
        contract.allow_beside_sales_order = True
        self.assertEqual(self.assertCured(line).amount_untaxed, 2500)

    def test_cancelled_order_blocks_nothing(self):
        order, project = self.sell()
        order._action_cancel()
        line = project.billing_contract_ids.line_ids[0]
        self.mark_done(line)
        self.assertEqual(line.state, "drafted")

    def test_milestone_that_bills_through_the_order_has_no_line(self):
        order, project = self.sell()
        milestone = self.env["project.milestone"].create(
            {
                "name": "Sold",
                "project_id": project.id,
                "sale_line_id": order.order_line.id,
            }
        )
        with self.assertRaisesRegex(ValidationError, order.name):
            self.env[LINE].create(
                {
                    "contract_id": project.billing_contract_ids.id,
                    "milestone_id": milestone.id,
                }
            )
        line = project.billing_contract_ids.line_ids[0]
        with self.assertRaisesRegex(ValidationError, order.name):
            line.milestone_id.sale_line_id = order.order_line
