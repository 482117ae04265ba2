from freezegun import freeze_time

from odoo import fields

from .common import MilestoneBillingCommon

CONTRACT = "milestone.billing.contract"
LINE = "milestone.billing.line"


class TestProjectStatus(MilestoneBillingCommon):
    """What every project user sees of the billing: a status, counts, never a sum."""

    # --- what every project user sees ---

    def assertProject(self, **values):
        self.assertRecordValues(self.project, [values])

    def test_status_of_the_project_is_what_needs_doing_first(self):
        self.contract.automation = "manual"
        self.assertProject(billing_state="upcoming")
        self.bill_by_hand(self.deposit)
        self.assertProject(billing_state="running")
        self.mark_done(self.designs)
        self.assertProject(billing_state="ready")
        self.designs.with_user(self.accountant).action_create_draft_invoice()
        self.assertProject(billing_state="drafted")
        self.mark_done(self.build)
        self.assertProject(billing_state="ready")
        self.credit(self.get_invoices(self.deposit))
        self.assertProject(billing_state="to_decide")
        self.contract.partner_id = False
        self.build.action_check_again()
        self.assertProject(billing_state="blocked")

    def test_status_of_the_project_when_all_is_billed(self):
        moves = self.bill(self.contract.line_ids)
        self.assertProject(billing_state="billed", is_fully_billed=True)
        for move in moves:
            self.pay(move)
        self.assertProject(billing_state="paid", is_fully_billed=True)

    def bill_by_hand(self, line):
        self.mark_done(line)
        line.with_user(self.accountant).action_create_draft_invoice()
        return self.post(self.get_invoices(line))

    def test_project_is_fully_billed_when_each_contract_is(self):
        other = self.create_second_contract([("Data", "progress", "percent", 100)])
        self.bill(self.contract.line_ids)
        self.assertTrue(self.contract.is_fully_billed)
        self.assertProject(is_fully_billed=False)
        self.bill(other.line_ids)
        self.assertProject(is_fully_billed=True)

    def test_share_of_the_project_is_what_is_billed_of_all(self):
        self.create_second_contract([("Data", "progress", "percent", 100)])
        self.bill(self.deposit)  # 2,500 of 14,000: 17.86
        self.assertProject(billing_share=17)

    def test_share_of_a_project_with_several_currencies_counts_stages(self):
        currency = self.setup_other_currency("EUR", rates=[("2020-01-01", 0.8)])
        self.create_second_contract(
            [("Data", "progress", "percent", 100)], currency_id=currency.id
        )
        self.bill(self.deposit)  # one of five stages
        self.assertProject(billing_share=20)

    def test_stages_next_milestone_and_its_date(self):
        self.build.milestone_id.deadline = "2030-03-01"
        self.designs.milestone_id.deadline = "2030-02-01"
        self.deposit.milestone_id.deadline = "2030-01-01"
        self.final.milestone_id.deadline = "2030-04-01"
        self.mark_done(self.deposit)
        self.assertProject(
            billing_stage_count=4,
            billing_stage_done_count=1,
            billing_next_milestone_id=self.designs.milestone_id.id,
            billing_next_date=fields.Date.to_date("2030-02-01"),
        )
        self.assertRecordValues(
            self.contract, [{"stage_count": 4, "stage_done_count": 1}]
        )

    def test_of_equal_next_stages_the_oldest_comes_first(self):
        first = self.create_second_contract([("One", "progress", "percent", 100)])
        second = self.create_second_contract([("Two", "progress", "percent", 100)])
        (first | second).line_ids.sequence = 0
        self.contract.line_ids.sequence = 5
        self.assertProject(billing_next_milestone_id=first.line_ids.milestone_id.id)
        # as well as computed anew, with the contracts in the order of the database
        self.env.invalidate_all()
        self.env.add_to_compute(
            self.project._fields["billing_next_milestone_id"], self.project
        )
        self.assertProject(billing_next_milestone_id=first.line_ids.milestone_id.id)

    # --- overdue ---

    def search_status(self, model, operator, value):
        name = "billing_status" if model.startswith("project.") else "status"
        scope = {
            LINE: ("id", "in", self.contract.line_ids.ids),
            CONTRACT: ("id", "=", self.contract.id),
            "project.milestone": ("project_id", "=", self.project.id),
            "project.project": ("id", "=", self.project.id),
        }[model]
        return self.env[model].search([scope, (name, operator, value)])

    def test_overdue_follows_from_the_day_and_is_never_stored(self):
        self.build.milestone_id.deadline = "2026-06-01"
        records = {
            self.build: "status",
            self.contract: "status",
            self.build.milestone_id: "billing_status",
            self.project: "billing_status",
        }
        for day, status in (("2026-06-01", "upcoming"), ("2026-06-02", "overdue")):
            with freeze_time(day):
                self.env.invalidate_all()
                for record, fname in records.items():
                    with self.subTest(day, record=record._name):
                        self.assertEqual(record[fname], status)
                        self.assertEqual(
                            self.search_status(record._name, "=", "overdue"),
                            record if status == "overdue" else record.browse(),
                        )
                self.assertEqual(self.build.state, "upcoming")
                self.assertEqual(self.project.billing_state, "upcoming")

    def test_overdue_is_searched_by_every_operator(self):
        self.build.milestone_id.deadline = "2026-06-01"
        others = self.contract.line_ids - self.build
        with freeze_time("2026-06-02"):
            for operator, value, found in (
                ("=", "overdue", self.build),
                ("!=", "overdue", others),
                ("in", ["overdue"], self.build),
                ("not in", ["overdue"], others),
                ("=", "upcoming", others),
                ("in", ["overdue", "upcoming"], others | self.build),
                ("in", ["upcoming", "billed"], others),
                ("not in", ["upcoming"], self.build),
                ("=", False, self.build.browse()),
                ("!=", False, others | self.build),
            ):
                with self.subTest(operator=operator, value=value):
                    self.assertEqual(self.search_status(LINE, operator, value), found)

    def test_overdue_is_a_group(self):
        self.build.milestone_id.deadline = "2026-06-01"
        with freeze_time("2026-06-02"):
            for model, domain, fname, expected in (
                (
                    LINE,
                    [("contract_id", "=", self.contract.id)],
                    "status",
                    {"overdue": 1, "upcoming": 3},
                ),
                (
                    "project.project",
                    [("id", "=", self.project.id)],
                    "billing_status",
                    {"overdue": 1},
                ),
            ):
                groups = dict(self.env[model]._read_group(domain, [fname], ["__count"]))
                self.assertEqual(groups, expected)

    def test_what_is_done_or_billed_is_not_overdue(self):
        self.contract.automation = "manual"
        self.contract.line_ids.milestone_id.deadline = "2026-06-01"
        self.mark_done(self.build)
        self.bill_by_hand(self.deposit)
        self.decide(self.designs, "write_off")
        with freeze_time("2026-06-02"):
            self.env.invalidate_all()
            self.assertEqual(
                self.contract.line_ids.mapped("status"),
                ["billed", "written_off", "ready", "overdue"],
            )

    @freeze_time("2026-06-01 12:00:00")
    def test_overdue_is_by_the_readers_day(self):
        self.build.milestone_id.deadline = "2026-06-01"
        for tz, status in (
            ("Pacific/Kiritimati", "overdue"),  # the second of June
            ("UTC", "upcoming"),
        ):
            with self.subTest(tz):
                line = self.build.with_context(tz=tz)
                line.invalidate_recordset()
                self.assertEqual(line.status, status)
                self.assertEqual(
                    line.search([("id", "=", line.id), ("status", "=", status)]), line
                )

    def test_running_project_that_is_late_is_overdue(self):
        self.bill(self.deposit)
        self.build.milestone_id.deadline = "2026-06-01"
        with freeze_time("2026-06-02"):
            self.env.invalidate_all()
            self.assertEqual(self.project.billing_state, "running")
            self.assertEqual(self.project.billing_status, "overdue")
