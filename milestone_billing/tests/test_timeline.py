import doctest
import json
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from ..models.timeline import picture
from .common import MilestoneBillingCommon


@tagged("post_install", "-at_install")
class TestTimeline(MilestoneBillingCommon):
    """What the picture of a schedule shows, and to whom."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()

    def see(self, records, user=None):
        """Return the picture as the client gets it."""
        self.env.flush_all()
        self.env.invalidate_all()
        records = records.with_user(user or self.accountant)
        answer = records.get_billing_timeline()
        if "billing_timeline" in records._fields:
            # a form reads the same
            read = records.web_read({"billing_timeline": {}})[0]["billing_timeline"]
            self.assertEqual(read, answer)
        self.assertEqual(json.loads(json.dumps(answer)), answer)
        return answer

    def get_sums(self, bar):
        return {part["status"]: part["value"] for part in bar["sums"]}

    def assertBar(self, bar, **sums):
        """The bar shows these sums, and nothing else, in full width."""
        self.assertEqual(self.get_sums(bar), sums)
        if sums:
            self.assertAlmostEqual(sum(s["width"] for s in bar["segments"]), 100, 2)

    def give_dates(self, lines, start, step=10):
        """Give the lines dates from ``start`` days after today on."""
        for index, line in enumerate(lines):
            line.deadline = self.today + timedelta(days=start + index * step)

    def create_stages(self, count):
        return self.create_contract(
            f"{count} stages",
            [
                (f"S{n}", "progress", "percent", 100 / count)
                for n in range(count - 1)
            ]
            + [("Last", "final", "balance", 0.0)],
        )  # fmt: skip

    def test_doctests(self):
        result = doctest.testmod(picture)
        self.assertTrue(result.attempted)
        self.assertEqual(result.failed, 0)

    # --- what is shown ---

    def test_picture_of_a_contract_on_its_way(self):
        self.contract.reference = "C-1"
        self.give_dates(self.contract.line_ids, -20)  # -20, -10, today, +10
        self.build.milestone_id.acceptance_criteria = "Every page is built."
        invoice = self.bill(self.deposit)
        self.pay(invoice)
        self.bill(self.designs)
        self.mark_done(self.build)
        shown = self.see(self.contract)
        self.assertEqual(shown["version"], 1)
        self.assertEqual(shown["today"], self.today.isoformat())
        (bar,) = shown["bars"]
        self.assertEqual(bar["title"], "Client & Sons · C-1")
        self.assertEqual((bar["id"], bar["total"]), (self.contract.id, 10000))
        self.assertEqual(bar["currency_id"], self.contract.currency_id.id)
        self.assertEqual((bar["share"], bar["over_scheduled"]), (50, 0))
        self.assertBar(bar, paid=2500, billed=2500, drafted=2500, upcoming=2500)
        self.assertEqual(
            [(s["status"], s["names"], s["width"]) for s in bar["segments"]],
            [
                ("paid", ["Project start"], 25),
                ("billed", ["Designs approved"], 25),
                ("drafted", ["Build complete"], 25),
                ("upcoming", ["Launch / delivery"], 25),
            ],
        )
        start, designs, build, launch = shown["stages"]
        self.assertEqual(
            [stage["title"] for stage in shown["stages"]],
            ["Deposit", "Milestone 1", "Milestone 2", "Final"],
        )
        self.assertEqual(start["invoices"], [{"id": invoice.id, "name": invoice.name}])
        self.assertEqual(start["status"], "paid")
        self.assertEqual(start["done_on"], self.today.isoformat())
        self.assertEqual((designs["days_late"], designs["is_done"]), (0, True))
        self.assertEqual(build["criteria"], "Every page is built.")
        self.assertEqual((build["label"], build["color"]), ("Drafted", "warning"))
        self.assertEqual(
            [move["name"] for move in build["invoices"]], ["Draft invoice"]
        )
        self.assertEqual(
            launch["amounts"],
            [{"currency_id": self.contract.currency_id.id, "value": 2500}],
        )
        self.assertEqual(launch["parts"], ["upcoming"])
        self.assertTrue(launch["is_next"])
        self.assertEqual(launch["date"], (self.today + timedelta(days=10)).isoformat())
        # the project shows the same to who sees its contract
        self.assertEqual(self.see(self.project), shown)

    def test_stage_counts_its_tasks(self):
        milestone = self.build.milestone_id
        self.env["project.task"].create(
            [
                {
                    "name": f"Task {number}",
                    "project_id": self.project.id,
                    "milestone_id": milestone.id,
                    "state": "1_done" if number < 3 else "01_in_progress",
                }
                for number in range(5)
            ]
        )
        for user in (self.project_user, self.project_admin):
            stages = self.see(self.project, user)["stages"]
            self.assertEqual(
                [stage["tasks"] for stage in stages],
                [False, False, {"closed": 3, "all": 5}, False],
            )

    def test_late_stages_are_overdue_and_count_the_days(self):
        self.give_dates(self.contract.line_ids, -100)
        shown = self.see(self.contract)
        self.assertBar(shown["bars"][0], overdue=10000)
        self.assertEqual(
            [(stage["status"], stage["days_late"]) for stage in shown["stages"]],
            [("overdue", 100), ("overdue", 90), ("overdue", 80), ("overdue", 70)],
        )

    def test_stages_without_dates_keep_the_order_of_the_schedule(self):
        self.final.sequence = -1
        shown = self.see(self.contract)
        self.assertEqual({stage["date"] for stage in shown["stages"]}, {False})
        self.assertEqual(shown["stages"][0]["name"], "Launch / delivery")
        self.assertBar(shown["bars"][0], upcoming=10000)

    def test_over_and_unscheduled_are_said(self):
        self.final.unlink()
        bar = self.see(self.contract)["bars"][0]
        self.assertBar(bar, upcoming=7500, unscheduled=2500)
        self.contract.contract_sum = 10000
        self.build.write({"basis": "fixed", "amount": 6000})
        bar = self.see(self.contract)["bars"][0]
        self.assertBar(bar, upcoming=11000)
        self.assertEqual(bar["over_scheduled"], 1000)

    def test_fully_paid_written_off_and_part_paid(self):
        self.pay(self.bill(self.deposit), 1150)  # 1,000 net
        bar = self.see(self.contract)["bars"][0]
        self.assertBar(bar, paid=1000, billed=1500, upcoming=7500)
        self.bill_less(self.designs, 2000)
        self.decide(self.designs, "write_off")
        bar = self.see(self.contract)["bars"][0]
        self.assertEqual(bar["total"], 9500)
        self.assertBar(bar, paid=1000, billed=3500, upcoming=5000)
        invoices = self.bill(self.build | self.final)
        for invoice in self.contract.line_ids.move_line_ids.move_id | invoices:
            self.pay(invoice)
        shown = self.see(self.contract)
        self.assertBar(shown["bars"][0], paid=9500)
        self.assertEqual(shown["bars"][0]["share"], 100)
        self.assertFalse(any(stage["is_next"] for stage in shown["stages"]))

    def test_blocked_stage_says_why_to_who_may_know(self):
        self.contract.partner_id = False
        self.mark_done(self.build)
        for user, reason in (
            (self.accountant, "The contract has no customer: set one on the contract."),
            (self.project_user, ""),
        ):
            stage = self.see(self.project, user)["stages"][2]
            self.assertEqual(
                (stage["name"], stage["status"]), ("Build complete", "blocked")
            )
            self.assertEqual((stage["reason"], stage["color"]), (reason, "danger"))

    def test_credited_part_is_to_decide(self):
        self.credit(self.bill(self.build), 500)
        shown = self.see(self.contract)
        self.assertEqual(self.get_sums(shown["bars"][0])["to_decide"], 500)
        self.assertEqual(shown["stages"][2]["status"], "to_decide")
        self.assertEqual(shown["stages"][2]["acts"], ["create_draft", "decide"])

    def test_two_contracts_have_two_bars_and_one_path(self):
        other = self.create_second_contract(
            [
                (self.build.milestone_id, "progress", "percent", 50),
                ("Own", "final", "balance", 0),
            ]
        )
        self.give_dates(self.contract.line_ids, 10)
        other.line_ids[1].deadline = self.today + timedelta(days=15)
        self.contract.automation = "manual"
        self.mark_done(self.build)
        shown = self.see(self.project)
        self.assertEqual(
            [(bar["title"], bar["total"]) for bar in shown["bars"]],
            [("Client & Sons", 10000), (self.partner_a.display_name, 4000)],
        )
        self.assertBar(shown["bars"][1], drafted=2000, upcoming=2000)
        # by date; the shared one once, with what needs doing first
        self.assertEqual(
            [stage["name"] for stage in shown["stages"]],
            [
                "Project start",
                "Own",
                "Designs approved",
                "Build complete",
                "Launch / delivery",
            ],
        )
        shared = shown["stages"][3]
        self.assertEqual(shared["status"], "ready")
        self.assertEqual([amount["value"] for amount in shared["amounts"]], [4500])
        self.assertEqual(len(shared["line_ids"]), 2)
        # each contract shows its own state of it
        stage = self.see(other)["stages"][0]
        self.assertEqual(
            (stage["status"], stage["line_ids"]), ("drafted", other.line_ids[0].ids)
        )

    def test_archived_contract_is_not_in_the_picture(self):
        other = self.create_second_contract([("Own", "final", "balance", 0)])
        other.active = False
        shown = self.see(self.project)
        self.assertEqual([bar["id"] for bar in shown["bars"]], self.contract.ids)
        self.assertEqual(len(shown["stages"]), 4)

    def test_project_without_stages_has_no_picture(self):
        project = self.env["project.project"].create({"name": "Not billed"})
        self.assertFalse(self.see(project, self.project_admin))
        self.assertEqual(project.with_user(self.project_admin).billing_bar, False)

    # --- rights ---

    def test_project_user_sees_states_and_counts_only(self):
        self.pay(self.bill(self.deposit))
        self.mark_done(self.designs)
        shown = self.see(self.project, self.project_user)
        (bar,) = shown["bars"]
        self.assertEqual(
            (bar["id"], bar["title"], bar["currency_id"]), (False, "", False)
        )
        self.assertEqual((bar["total"], bar["share"]), (4, 25))
        self.assertBar(bar, paid=1, drafted=1, upcoming=2)
        for stage in shown["stages"]:
            self.assertEqual(
                (
                    stage["line_ids"],
                    stage["amounts"],
                    stage["invoices"],
                    stage["title"],
                ),
                ([], [], [], ""),
            )
        sent = json.dumps(shown)
        for secret in ("2500", "10000", "Client", "INV/"):
            self.assertNotIn(secret, sent)
        with self.assertRaises(AccessError):
            self.see(self.contract, self.project_user)

    def test_sudo_gives_no_more_than_the_reader_has(self):
        for user in (self.project_user, self.accountant):
            expected = self.see(self.project, user)
            self.env.invalidate_all()
            project = self.project.with_user(user).sudo()
            self.assertEqual(project.get_billing_timeline(), expected)

    def test_portal_user_gets_nothing_of_it(self):
        user = new_test_user(
            self.env, login="portal_of_timeline", groups="base.group_portal"
        )
        user.partner_id.parent_id = self.customer
        self.project.privacy_visibility = "portal"
        self.project.message_subscribe(user.partner_id.ids)
        for records in (self.project, self.contract):
            with self.assertRaises(AccessError):
                records.with_user(user).get_billing_timeline()
            with self.assertRaises(AccessError):
                records.with_user(user).read(["billing_bar"])

    def test_accountant_sees_a_contract_whose_project_he_cannot_open(self):
        self.bill(self.build)
        self.project.privacy_visibility = "followers"
        self.build.milestone_id.acceptance_criteria = "Every page is built."
        stage = self.see(self.contract)["stages"][2]
        self.assertEqual(
            (stage["id"], stage["criteria"], stage["tasks"]), (False, "", False)
        )
        self.assertEqual((stage["name"], stage["status"]), ("Build complete", "billed"))
        self.assertTrue(stage["is_done"] and stage["invoices"])

    def test_invoices_are_named_to_who_may_open_them(self):
        self.bill(self.build)
        self.assertFalse(
            self.see(self.contract, self.project_admin)["stages"][2]["invoices"]
        )
        self.assertTrue(self.see(self.contract)["stages"][2]["invoices"])

    def test_acts_are_those_that_the_reader_may_do(self):
        self.contract.automation = "manual"
        self.contract.allow_acceptance = True
        self.mark_done(self.build)
        acts = {
            user: [
                stage["acts"] for stage in self.see(self.project, user)["stages"][2:]
            ]
            for user in (self.project_user, self.project_admin, self.accountant)
        }
        acts_of_next = ["mark_done", "ask", "postpone"]
        self.assertEqual(acts[self.project_user], [[], acts_of_next])
        self.assertEqual(acts[self.project_admin], [[], acts_of_next])
        self.assertEqual(acts[self.accountant], [["create_draft"], []])

    def test_marking_done_is_said_before_it_is_done(self):
        def get_sentence(user):
            return self.see(self.project, user)["stages"][3]["consequence"]

        amount = self.contract.currency_id.format(2500)
        self.assertEqual(
            get_sentence(self.project_admin),
            f"Makes the draft invoice of {amount} for Client & Sons.",
        )
        self.assertEqual(get_sentence(self.project_user), "Makes the draft invoice.")
        self.assertEqual(get_sentence(self.accountant), "")
        self.contract.automation = "manual"
        self.assertEqual(
            get_sentence(self.project_admin),
            f"{amount} for Client & Sons then waits to be invoiced.",
        )
        self.assertEqual(
            get_sentence(self.project_user), "It then waits to be invoiced."
        )
        self.contract.write({"automation": "draft", "partner_id": False})
        self.assertEqual(
            get_sentence(self.project_user), "It then waits to be invoiced."
        )
        self.assertRegex(get_sentence(self.project_admin), "no customer")

    # --- for the customer ---

    def read_customers_picture(self, contract=None):
        """Return sums and path as the customer reads them."""
        contract = contract or self.contract
        picture = contract.sudo()._prepare_billing_portal(
            contract.partner_id.commercial_partner_id
        )["picture"]
        self.assertEqual(
            contract.with_user(self.accountant)._prepare_billing_schedule()["picture"],
            picture,
        )
        sums = {part["label"]: part["value"] for part in picture["sums"]}
        return sums, [row["label"] for row in picture["stages"]]

    def test_customer_never_sees_a_draft(self):
        self.pay(self.bill(self.deposit), 1150)  # 1,000 net
        self.mark_done(self.designs)
        self.assertEqual(self.designs.state, "drafted")
        sums, path = self.read_customers_picture()
        self.assertEqual(
            sums,
            {"Paid": 1000, "Invoiced": 1500, "Delivered": 2500, "To come": 5000},
        )
        self.assertEqual(path, ["Invoiced", "Delivered", "To come", "To come"])

    def test_customer_does_not_see_what_others_were_billed(self):
        self.pay(self.bill(self.deposit))
        self.contract.partner_id = self.partner_a
        sums, path = self.read_customers_picture()
        self.assertEqual(sums, {"Billed earlier": 2500, "To come": 7500})
        self.assertEqual(path[0], "Billed earlier")

    def test_customer_reads_no_word_of_overdue_or_blocked(self):
        self.give_dates(self.contract.line_ids, -100)
        self.contract.automation = "manual"
        self.mark_done(self.build)
        self.build.sudo().check_code = "failed"
        self.assertEqual(self.build.state, "blocked")
        sums, _path = self.read_customers_picture()
        self.assertEqual(sums, {"To come": 7500, "Delivered": 2500})

    def test_many_stages_have_a_bar_and_no_path(self):
        sums, path = self.read_customers_picture(self.create_stages(40))
        self.assertEqual((sums, path), ({"To come": 10000}, []))

    def test_documents_draw_the_picture(self):
        self.bill(self.deposit)
        reports = self.env["ir.actions.report"].with_user(self.accountant)
        for report, has_path in (("schedule", False), ("state", True)):
            html, _type = reports._render_qweb_html(
                f"milestone_billing.report_contract_billing_{report}", self.contract.ids
            )
            with self.subTest(report=report):
                self.assertIn(b"o_billing_picture_bar", html)
                self.assertIn(b"o_billing_billed", html)
                self.assertEqual(b"o_billing_picture_path" in html, has_path)

    # --- while the schedule is edited ---

    def test_picture_follows_unsaved_edits(self):
        with Form(self.contract.with_user(self.project_admin)) as form:
            form.contract_sum = 12000
            self.assertBar(form.billing_timeline["bars"][0], upcoming=12000)
            with form.line_ids.edit(0) as line:
                line.percent = 50
                line.name = "Kick-off"
            shown = form.billing_timeline
            self.assertEqual(shown["bars"][0]["segments"][0]["value"], 6000)
            self.assertEqual(shown["stages"][0]["name"], "Kick-off")
            with form.line_ids.new() as line:
                line.name = "Extra"
                line.basis = "fixed"
                line.amount = 500
            shown = form.billing_timeline
            self.assertEqual(len(shown["stages"]), 5)
            extra = shown["stages"][4]
            self.assertEqual(
                (extra["name"], extra["id"], extra["acts"]), ("Extra", False, [])
            )
            self.assertFalse(extra["line_ids"])
            form.line_ids.remove(4)
            self.assertEqual(len(form.billing_timeline["stages"]), 4)

    def test_picture_of_a_contract_that_is_being_entered(self):
        project = self.env["project.project"].create({"name": "New"})
        contracts = self.env["milestone.billing.contract"].with_user(self.project_admin)
        with Form(contracts.with_context(default_project_id=project.id)) as form:
            form.partner_id = self.customer
            form.contract_sum = 1000
            with form.line_ids.new() as line:
                line.name = "Half"
                line.percent = 50
            bar = form.billing_timeline["bars"][0]
            self.assertBar(bar, upcoming=500, unscheduled=500)
            self.assertEqual(bar["title"], "Client & Sons")

    # --- the bar of cards and lists ---

    def test_bar_of_a_card_shows_amounts_by_right_else_counts(self):
        self.pay(self.bill(self.deposit), 1150)
        self.build.write({"basis": "fixed", "amount": 5000})

        def get_bar(user):
            self.env.invalidate_all()
            bar = self.project.with_user(user).billing_bar
            return {part["status"]: part["width"] for part in bar}

        self.assertEqual(
            get_bar(self.accountant), {"paid": 10, "billed": 15, "upcoming": 75}
        )
        self.assertEqual(get_bar(self.project_user), {"billed": 25, "upcoming": 75})
        # of two currencies there is no sum
        currency = self.setup_other_currency("EUR")
        self.create_second_contract(
            [("Own", "final", "balance", 0)], currency_id=currency.id
        )
        self.assertEqual(get_bar(self.accountant), {"billed": 20, "upcoming": 80})

    def test_bar_of_a_contract_in_lists_is_of_its_totals(self):
        self.pay(self.bill(self.deposit), 1150)
        self.bill_less(self.designs, 2000)
        self.credit(self.get_invoices(self.designs), amount=250)
        self.mark_done(self.build)
        contract = self.contract.with_user(self.accountant)
        bar = {part["status"]: part["width"] for part in contract.billing_bar}
        self.assertEqual(
            bar,
            {
                "paid": 10,
                "billed": 32.5,
                "drafted": 25,
                "to_decide": 2.5,
                "upcoming": 30,
            },
        )

    # --- queries ---

    def count_queries(self, records, user, name="get_billing_timeline"):
        """Return how many queries it takes to read a field, or to call a method."""
        counts = []
        for _round in range(2):  # the first fills the registry's caches
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            page = records.with_user(user)
            page.mapped(name) if name in page._fields else getattr(page, name)()
            counts.append(self.env.cr.sql_log_count - before)
        return counts[1]

    def test_queries_do_not_grow_with_the_stages(self):
        contracts = [self.create_stages(count) for count in (2, 8, 40)]
        for contract in contracts:
            self.bill(contract.line_ids[0])
            contract.line_ids.milestone_id[0].acceptance_criteria = "Signed."
        for user in (self.project_user, self.project_admin, self.accountant):
            for name in ("get_billing_timeline", "billing_bar"):
                counts = {
                    self.count_queries(contract.project_id, user, name)
                    for contract in contracts
                }
                with self.subTest(user=user.name, field=name):
                    self.assertEqual(len(counts), 1, counts)
            if user != self.project_user:
                counts = {self.count_queries(contract, user) for contract in contracts}
                self.assertEqual(len(counts), 1, counts)

    def test_bars_of_a_page_take_one_query(self):
        projects = self.env["project.project"].union(
            *(self.create_stages(2).project_id for _number in range(5))
        )
        for user in (self.project_user, self.accountant):
            page = projects.with_user(user)
            for _round in range(2):  # the first fills the registry's caches
                self.env.flush_all()
                self.env.invalidate_all()
                page.mapped("billing_stage_count")
                before = self.env.cr.sql_log_count
                page.mapped("billing_bar")
                count = self.env.cr.sql_log_count - before
            self.assertEqual(count, 1)

    def test_bars_of_a_page_of_contracts_take_no_more_queries_than_one(self):
        page = self.env["milestone.billing.contract"].union(
            *(self.create_stages(2) for _number in range(5))
        )
        counts = {
            self.count_queries(contracts, self.accountant, "billing_bar")
            for contracts in (page[:1], page)
        }
        self.assertEqual(len(counts), 1, counts)

    def test_one_stage_and_forty(self):
        for count in (1, 8, 40):
            contract = self.create_stages(count)
            shown = self.see(contract)
            self.assertEqual(len(shown["stages"]), count)
            self.assertBar(shown["bars"][0], upcoming=10000)
            # more than a dozen are drawn as one
            segments = 1 if count == 40 else count
            self.assertEqual(len(shown["bars"][0]["segments"]), segments)
            self.assertEqual(
                sum(len(segment["names"]) for segment in shown["bars"][0]["segments"]),
                count,
            )

    def test_line_of_no_amount_is_a_stage_all_the_same(self):
        self.contract.line_ids = [
            Command.create(
                {"name": "Free", "basis": "fixed", "amount": 0, "sequence": 99}
            )
        ]
        shown = self.see(self.contract)
        self.assertEqual(shown["stages"][4]["name"], "Free")
        self.assertBar(shown["bars"][0], upcoming=10000)
