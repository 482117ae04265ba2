from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user

from .common import MilestoneBillingCommon

LINE = "milestone.billing.line"
COLUMNS = [
    "project_name",
    "stage",
    "partner_id",
    "reached_date",
    "amount_waiting",
    "to_do",
    "next_step",
    "status",
]


class QueueCommon(MilestoneBillingCommon):
    """A line of each kind that waits for somebody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.automation = "manual"
        cls.ready = cls.build
        cls.blocked = cls.create_contract(
            "Nobody's", [("Report", "progress", "percent", 100)]
        ).line_ids
        cls.blocked.contract_id.partner_id = False
        cls.other = cls.create_contract(
            "Other", [(f"T{n}", "progress", "percent", 50) for n in range(2)]
        )
        cls.credited, cls.drafted = cls.other.line_ids
        cls.waiting = cls.ready | cls.blocked | cls.credited | cls.drafted

    def setUp(self):
        super().setUp()
        self.bill(self.credited)
        self.credit_note = self.credit(self.get_invoices(self.credited), amount=500)
        self.mark_done(self.ready | self.blocked | self.drafted)
        self.env.invalidate_all()

    def by(self, lines, user=None):
        return lines.with_user(user or self.accountant)


class TestQueue(QueueCommon):
    """What waits, in the order of what to do, with the way to do it."""

    # --- groups and columns ---

    def test_groups_come_in_the_order_of_the_work_with_count_and_sum(self):
        groups = self.by(self.env[LINE]).formatted_read_group(
            [("id", "in", self.waiting.ids)],
            ["waits_for"],
            ["__count", "amount_waiting:sum"],
        )
        self.assertEqual(
            [
                (group["waits_for"], group["__count"], group["amount_waiting:sum"])
                for group in groups
            ],
            [
                ("ready", 1, 2500),
                ("to_decide", 1, 500),
                ("blocked", 1, 10000),
                ("drafted", 1, 5000),
            ],
        )
        for group, line in zip(
            groups,
            (self.ready, self.credited, self.blocked, self.drafted),
            strict=True,
        ):
            found = self.env[LINE].search(
                [("id", "in", self.waiting.ids), *group["__extra_domain"]]
            )
            self.assertEqual(found, line)

    def test_what_waits_for_nobody_is_no_group_of_the_queue(self):
        lines = self.contract.line_ids
        self.assertEqual(lines.mapped("waits_for"), [False, False, "ready", False])
        search = self.env[LINE].search
        scope = ("contract_id", "=", self.contract.id)
        self.assertEqual(search([scope, ("waits_for", "!=", False)]), self.ready)
        self.assertEqual(search([scope, ("waits_for", "=", False)]), lines - self.ready)

    def test_columns_say_stage_amount_and_what_to_do(self):
        self.assertRecordValues(
            self.by(self.waiting),
            [
                {"stage": "2 — Build complete", "amount_waiting": 2500},
                {"stage": "1 — Report", "amount_waiting": 10000},
                {"stage": "1 — T0", "amount_waiting": 500},
                {"stage": "2 — T1", "amount_waiting": 5000},
            ],
        )
        self.assertEqual(self.deposit.stage, "Deposit — Project start")
        self.assertEqual(self.by(self.ready).to_do, {"text": "", "moves": []})
        self.assertIn("has no customer", self.by(self.blocked).to_do["text"])
        to_do = self.by(self.credited).to_do
        self.assertRegex(to_do["text"], "500.00 credited by")
        self.assertEqual(
            to_do["moves"], [{"id": self.credit_note.id, "name": self.credit_note.name}]
        )
        (draft,) = self.by(self.drafted).to_do["moves"]
        self.assertEqual(draft["id"], self.get_invoices(self.drafted).id)
        self.assertIn("Draft of", draft["name"])

    def test_row_offers_what_the_reader_may_do(self):
        manager = new_test_user(
            self.env, "boss", "milestone_billing.group_milestone_billing_manager"
        )
        auditor = new_test_user(self.env, "auditor", "account.group_account_readonly")
        for user, steps in (
            (self.accountant, ["create", "choose", "decide", "open"]),
            (auditor, [False, "ask", False, "open"]),
            (manager, [False, "choose", False, False]),
        ):
            with self.subTest(user.login):
                self.env.invalidate_all()
                self.assertEqual(self.by(self.waiting, user).mapped("next_step"), steps)

    # --- acts on a selection ---

    def test_drafts_are_made_and_the_rest_is_named(self):
        action = self.by(self.waiting).action_make_drafts()
        self.assertEqual(self.ready.state, "drafted")
        self.assertEqual(action["tag"], "milestone_billing_result")
        params = action["params"]
        self.assertEqual(params["message"], "1 made, 2 skipped.")
        self.assertEqual(params["type"], "warning")
        self.assertRegex("".join(params["reasons"]), "Report: .*T0: it was credited")
        self.assertEqual(params["show"]["res_id"], self.get_invoices(self.ready).id)

    def test_drafts_are_made_one_a_contract(self):
        self.mark_done(self.deposit)
        lines = self.ready | self.deposit
        action = self.by(lines).action_make_drafts_per_contract()
        self.assertEqual(action["params"]["message"], "1 made.")
        self.assertEqual(len(self.get_invoices(lines)), 1)

    def test_drafts_are_confirmed_from_the_queue(self):
        self.by(self.ready).action_make_drafts()
        action = self.by(self.ready | self.drafted).action_confirm_drafts()
        self.assertEqual(action["params"]["message"], "2 confirmed.")
        self.assertEqual((self.ready | self.drafted).mapped("state"), ["billed"] * 2)

    def test_draft_that_odoo_refuses_is_left_and_named(self):
        self.by(self.ready).action_make_drafts()
        bad = self.get_invoices(self.drafted)
        bad.partner_id = False  # nobody is billed
        action = self.by(self.ready | self.drafted).action_confirm_drafts()
        self.assertEqual(action["params"]["message"], "1 confirmed, 1 skipped.")
        self.assertIn("T1: ", action["params"]["reasons"][0])
        self.assertEqual(self.ready.state, "billed")
        self.assertEqual(bad.state, "draft")
        with self.assertRaisesRegex(UserError, "T1: "):
            self.by(self.drafted).action_confirm_drafts()

    def test_what_has_no_draft_cannot_be_confirmed(self):
        with self.assertRaisesRegex(UserError, "None of these lines"):
            self.by(self.ready).action_confirm_drafts()

    def test_who_makes_no_invoices_makes_and_confirms_none(self):
        for user in (self.project_user, self.project_admin):
            for act in ("action_make_drafts", "action_confirm_drafts"):
                with self.subTest(act), self.assertRaises(AccessError):
                    getattr(self.by(self.waiting, user), act)()
        self.assertEqual(self.get_invoices(self.drafted).state, "draft")

    def test_project_user_reads_nothing_of_the_queue(self):
        with self.assertRaises(AccessError):
            self.by(self.env[LINE], self.project_user).web_search_read(
                [], {name: {} for name in COLUMNS}
            )
        for act in ("action_fix", "action_ask", "action_open_drafts"):
            with self.subTest(act), self.assertRaises(AccessError):
                getattr(self.by(self.blocked, self.project_user), act)()

    # --- the cure ---

    def test_missing_customer_is_chosen_in_a_dialog(self):
        action = self.by(self.blocked).action_fix()
        self.assertEqual(action["target"], "new")
        contract = self.by(self.blocked).contract_id.with_context(**action["context"])
        with Form(contract, view=action["views"][0][0]) as form:
            form.partner_id = self.customer
        self.assertEqual(self.blocked.state, "ready")
        self.assertFalse(self.blocked.contract_id.activity_ids)

    def test_decision_calls_nobody_any_more(self):
        self.assertTrue(self.blocked.contract_id.activity_ids)
        self.decide(self.blocked, "write_off")
        self.assertFalse(self.blocked.contract_id.activity_ids)

    def test_archived_record_of_the_contract_is_chosen_anew(self):
        product = self.env["product.product"].create({"name": "Hosting"})
        terms = self.env["account.payment.term"].create({"name": "Forty days"})
        for name, record in (
            ("product_id", product),
            ("journal_id", self.company_data["default_journal_sale"].copy()),
            ("payment_term_id", terms),
        ):
            with self.subTest(name), self.undone():
                self.contract[name] = record
                record.active = False
                self.ready.action_check_again()
                self.assertEqual(self.ready.check_code, "archived")
                action = self.by(self.ready).action_fix()
                self.assertEqual(action["context"], {"milestone_billing_cure": name})

    def test_what_blocks_leads_to_the_record_to_mend(self):
        tax = self.tax.copy({"name": "High rate"})
        self.ready.tax_ids = tax
        tax.active = False
        self.ready.action_check_again()
        self.assertEqual(self.ready.check_code, "archived")
        action = self.by(self.ready).action_fix()
        self.assertEqual((action["res_model"], action["res_id"]), (tax._name, tax.id))

    def test_schedule_is_mended_by_managers_and_asked_for_by_others(self):
        self.designs.write({"basis": "fixed", "amount": 9000.0})
        self.assertEqual(self.ready.check_code, "over_scheduled")
        self.assertEqual(self.by(self.ready).next_step, "ask")
        self.assertEqual(self.by(self.ready, self.project_admin).next_step, "fix")
        action = self.by(self.ready, self.project_admin).action_fix()
        self.assertEqual(action["res_id"], self.contract.id)

    def test_who_may_not_cure_asks_who_may_until_it_is_cured(self):
        self.project.user_id = self.project_admin
        self.designs.write({"basis": "fixed", "amount": 9000.0})
        self.env.invalidate_all()
        action = self.by(self.ready).action_ask()
        self.assertIn("Paula Administrator was asked", action["params"]["message"])
        activity = self.contract.activity_ids
        self.assertEqual(activity.user_id, self.project_admin)
        self.assertIn("Anton Accountant asks you to cure", activity.summary)
        self.by(self.ready).action_ask()
        self.assertEqual(len(self.contract.activity_ids), 1)
        self.designs.amount = 2500.0
        self.assertEqual(self.ready.state, "ready")
        self.assertFalse(self.contract.activity_ids)

    def test_asking_nobody_is_refused(self):
        self.designs.write({"basis": "fixed", "amount": 9000.0})
        with (
            patch.object(
                type(self.contract),
                "_get_user_who_cures",
                lambda contract, code: self.env["res.users"],
            ),
            self.assertRaisesRegex(UserError, "nobody"),
        ):
            self.by(self.ready).action_ask()

    # --- what it costs ---

    def count_queries(self, limit):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.by(self.env[LINE]).web_read_group(
            [("waits_for", "!=", False)],
            ["waits_for"],
            ["amount_waiting:sum", "currency_id:array_agg_distinct"],
            auto_unfold=True,
            unfold_read_specification={name: {} for name in COLUMNS},
            unfold_read_default_limit=limit,
        )
        return self.env.cr.sql_log_count - before

    def test_queries_do_not_grow_with_the_queue(self):
        contract = self.create_contract(
            "Many",
            [(f"Stage {n}", "progress", "fixed", 1.0) for n in range(30)],
            contract_sum=0.0,
        )
        self.mark_done(contract.line_ids)
        self.count_queries(3)
        self.assertEqual(self.count_queries(5), self.count_queries(40))
