from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, new_test_user, tagged

from .common import MilestoneBillingCommon


class TestContractPage(MilestoneBillingCommon):
    """What the contract's page says as soon as a cell is left, and to whom."""

    def assertShown(self, form, amounts):
        """Assert which amounts the rows of an unsaved form show."""
        self.assertEqual(
            [row["amount_planned"] for row in form.line_ids._records], amounts
        )

    def get_message(self, form):
        return form.schedule_message["level"], form.schedule_message["sentences"][0]

    def get_text(self, messages):
        return " ".join(messages.mapped("preview"))

    # --- as soon as a cell is left ---

    def test_all_rows_follow_one_cell_without_a_save(self):
        form = Form(self.contract.with_user(self.project_admin))
        with form.line_ids.edit(0) as line:
            line.percent = 40
        self.assertShown(form, [4000, 2500, 2500, 1000])
        with form.line_ids.edit(1) as line:
            line.percent = 50
        self.assertShown(form, [4000, 5000, 2500, 0])
        self.assertEqual(form.amount_over_scheduled, 1500)
        level, text = self.get_message(form)
        self.assertEqual(level, "danger")
        self.assertIn("Over-scheduled by $ 1,500.00", text.replace("\xa0", " "))
        with form.line_ids.edit(1) as line:
            line.percent = 10
        self.assertShown(form, [4000, 1000, 2500, 2500])
        shown = [row["amount_planned"] for row in form.line_ids._records]
        form.save()
        self.assertEqual(self.contract.line_ids.mapped("amount_planned"), shown)

    def test_rows_follow_the_sum_added_and_removed_stages(self):
        form = Form(self.contract.with_user(self.project_admin))
        form.contract_sum = 12000
        self.assertShown(form, [3000] * 4)
        with form.line_ids.new() as line:
            line.name = "Training"
            line.basis = "fixed"
            line.amount = 500
        self.assertShown(form, [3000, 3000, 3000, 2500, 500])
        form.line_ids.remove(0)
        self.assertShown(form, [3000, 3000, 5500, 500])
        self.assertEqual(
            [row["mark"] for row in form.line_ids._records], ["1", "2", "F", "3"]
        )
        form.save()
        self.assertEqual(
            self.contract.line_ids.mapped("amount_planned"), [3000, 3000, 5500, 500]
        )

    def test_rows_of_a_new_contract_follow_as_well(self):
        project = self.env["project.project"].create({"name": "New"})
        contracts = self.env["milestone.billing.contract"].with_user(self.project_admin)
        form = Form(contracts.with_context(default_project_id=project.id))
        form.contract_sum = 10000
        for percent in (25, 25, 25):
            with form.line_ids.new() as line:
                line.name = f"Quarter {len(form.line_ids)}"
                line.percent = percent
        with form.line_ids.new() as line:
            line.name = "End"
            line.kind = "final"
            line.basis = "balance"
        self.assertShown(form, [2500] * 4)
        with form.line_ids.edit(0) as line:
            line.percent = 40
        self.assertShown(form, [4000, 2500, 2500, 1000])

    # --- the message ---

    def test_message_is_quiet_where_all_is_well(self):
        message = self.contract.schedule_message
        self.assertEqual(message["level"], "success")
        self.assertEqual(
            message["sentences"],
            ["The schedule adds up to the contract; Launch / delivery takes the rest."],
        )

    def test_message_warns_and_refuses_nothing(self):
        warnings = {
            "Two stages are called Build complete": {
                "line_ids": [
                    Command.update(self.designs.id, {"name": "Build complete"})
                ]
            },
            "2 stages are final": {
                "line_ids": [Command.update(self.build.id, {"kind": "final"})]
            },
            "Build complete comes after the final": {
                "line_ids": [Command.update(self.build.id, {"sequence": 99})]
            },
            "No stage is the final one": {
                "line_ids": [Command.update(self.final.id, {"kind": "progress"})]
            },
            "No customer": {"partner_id": False},
        }
        for text, vals in warnings.items():
            contract = self.project.copy().billing_contract_ids
            ids = dict(
                zip(self.contract.line_ids.ids, contract.line_ids.ids, strict=True)
            )
            for command in vals.get("line_ids", []):
                contract.line_ids.browse(ids[command[1]]).write(command[2])
            contract.write({k: v for k, v in vals.items() if k != "line_ids"})
            with self.subTest(warning=text):
                self.assertEqual(contract.schedule_message["level"], "warning")
                self.assertIn(text, " ".join(contract.schedule_message["sentences"]))

    def test_message_names_what_is_blocked_first(self):
        self.contract.partner_id = False
        self.mark_done(self.build)
        message = self.contract.schedule_message
        self.assertEqual(message["level"], "danger")
        self.assertIn("Build complete is not invoiced", message["sentences"][0])

    # --- the rows ---

    def test_marks_are_numbers_and_letters(self):
        self.assertEqual(self.contract.line_ids.mapped("mark"), ["D", "1", "2", "F"])

    def test_invoice_is_a_link_for_who_may_open_it(self):
        move = self.bill(self.build)
        manager = new_test_user(
            self.env,
            login="billing_manager",
            groups="milestone_billing.group_milestone_billing_manager",
        )
        for user, number in ((self.accountant, move.id), (manager, False)):
            with self.subTest(user=user.login):
                self.assertEqual(
                    self.build.with_user(user).invoice_links,
                    [{"id": number, "name": move.name}],
                )
        with self.assertRaises(AccessError):
            self.build.with_user(self.project_user).read(["invoice_links"])

    def test_page_opens_for_accountants_and_hides_from_project_users(self):
        form = Form(self.contract.with_user(self.accountant))
        self.assertEqual(form.schedule_message["level"], "success")
        with self.assertRaises(AccessError):
            Form(self.contract.with_user(self.project_user))

    def test_same_queries_for_few_and_for_many_stages(self):
        counts = []
        few = [(f"T{n}", "progress", "percent", 5) for n in range(4)]
        many = [(f"T{n}", "progress", "percent", 2) for n in range(40)]
        for name, stages in (("warm", few), ("few", few), ("many", many)):
            contract = self.create_contract(name, stages)
            self.mark_done(contract.line_ids[:2])
            specification = Form(contract.with_user(self.project_admin))._view[
                "fields_spec"
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            contract.with_user(self.project_admin).web_read(specification)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    # --- before a stage is deleted ---

    def test_deleting_says_what_becomes_of_the_amount(self):
        line = self.build.with_user(self.project_admin)
        text = line.get_deletion_message().replace("\xa0", " ")
        self.assertIn("It plans $ 2,500.00", text)
        self.assertIn("Launch / delivery $ 2,500.00 → $ 5,000.00", text)
        self.build.unlink()
        self.assertEqual(self.final.amount_planned, 5000)
        text = self.final.get_deletion_message().replace("\xa0", " ")
        self.assertIn("unscheduled $ 0.00 → $ 5,000.00", text)

    def test_deleting_without_a_sum_lowers_the_contract(self):
        contract = self.create_contract(
            "Fixed",
            [("A", "deposit", "fixed", 1000), ("B", "final", "fixed", 500)],
            contract_sum=0,
        )
        text = contract.line_ids[0].get_deletion_message().replace("\xa0", " ")
        self.assertIn("contract sum $ 1,500.00 → $ 500.00", text)

    def test_deletion_is_told_to_who_sees_amounts_only(self):
        with self.assertRaises(AccessError):
            self.build.with_user(self.project_user).get_deletion_message()

    # --- decisions in figures ---

    def test_decision_says_in_figures_what_it_moves(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move.invoice_line_ids.price_unit = 2000
        self.post(move)
        wizards = self.env["milestone.billing.decide"].with_user(self.accountant)
        form = Form(wizards.with_context(default_line_ids=self.build.ids))
        text = form.consequence.replace("\xa0", " ")
        self.assertIn("Launch / delivery $ 2,500.00 → $ 3,000.00", text)
        self.assertIn("Build complete $ 2,500.00 → $ 2,000.00", text)
        form.kind = "write_off"
        text = form.consequence.replace("\xa0", " ")
        self.assertIn("contract sum $ 10,000.00 → $ 9,500.00", text)
        form.kind = "carry"
        form.reason = "Moved"
        form.save().action_confirm()
        self.assertRecordValues(
            self.build | self.final,
            [{"amount_planned": 2000}, {"amount_planned": 3000}],
        )
        last = self.get_changes()[0]
        self.assertIn("Anton Accountant carried", last)
        self.assertIn("Moved", last)
        self.assertIn("Launch / delivery $ 2,500.00 → $ 3,000.00", last)

    # --- the log ---

    def get_changes(self, contract=None):
        """Return the texts of a contract's log, the newest first."""
        self.env.flush_all()
        self.env.invalidate_all()
        log = (contract or self.contract).with_user(self.project_admin).change_log
        return [change["text"].replace("\xa0", " ") for change in log or []]

    def test_each_change_is_one_line_with_old_new_and_where_the_money_went(self):
        changes = {
            "contract sum $ 10,000.00 → $ 12,000.00; Project start $ 2,500.00 →": (
                self.contract,
                {"contract_sum": 12000},
            ),
            "Build complete 25% → 20%; Build complete $ 3,000.00 → $ 2,400.00;"
            " Launch / delivery $ 3,000.00 → $ 3,600.00": (self.build, {"percent": 20}),
            "Build complete → Built": (self.build, {"name": "Built"}),
            "Built due – → 2030-12-09": (self.build, {"deadline": "2030-12-09"}),
            "Built Progress → Deposit": (self.build, {"kind": "deposit"}),
        }
        for text, (record, vals) in changes.items():
            before = self.get_changes()
            record.with_user(self.project_admin).write(vals)
            with self.subTest(change=text):
                line, *others = self.get_changes()
                self.assertEqual(others, before)
                self.assertIn("Paula Administrator: ", line)
                self.assertIn(text, line)

    def test_added_and_removed_stages_say_who_gets_or_gives(self):
        lines = self.env["milestone.billing.line"].with_user(self.project_admin)
        line = lines.create(
            {
                "contract_id": self.contract.id,
                "name": "Training",
                "basis": "fixed",
                "amount": 500,
            }
        )
        line.unlink()
        removed, added = self.get_changes()[:2]
        self.assertIn("Training added: $ 500.00, $ 500.00; Launch", added)
        self.assertIn("Launch / delivery $ 2,500.00 → $ 2,000.00", added)
        self.assertIn("Training removed", removed)
        self.assertIn("Launch / delivery $ 2,000.00 → $ 2,500.00", removed)

    def test_order_is_logged_where_it_moves_money(self):
        contract = self.create_contract(
            "Thirds",
            [(f"T{n}", "progress", "percent", 33.333333) for n in range(3)],
        )
        contract.line_ids[0].sequence = 99
        change = self.get_changes(contract)[0]
        self.assertIn("order of the stages changed", change)
        self.assertIn("3,333.34", change)
        before = self.get_changes()
        self.build.sequence = self.designs.sequence - 1
        self.assertEqual(self.get_changes(), before)

    def test_stat_buttons_lead_into_the_project(self):
        contract = self.contract.with_user(self.project_admin)
        action = contract.action_open_dashboard()
        self.assertEqual(action["context"]["active_id"], self.project.id)
        self.assertEqual(action["domain"], [("project_id", "=", self.project.id)])
        self.assertEqual(contract.task_count, self.project.task_count)


@tagged("post_install", "-at_install")
class TestContractPageTours(MilestoneBillingCommon, HttpCase):
    """The contract's page in a real browser."""

    _retry = True

    def test_schedule_is_typed_without_a_save(self):
        project = self.env["project.project"].create(
            {"name": "Typed", "partner_id": self.customer.id}
        )
        contract = self.env["milestone.billing.contract"].create(
            {"project_id": project.id, "user_id": self.accountant.id}
        )
        self.start_tour(
            f"/odoo/project-billing/{contract.id}",
            "milestone_billing_type_schedule",
            login="project_admin",
        )
        self.assertRecordValues(
            contract.line_ids,
            [
                {"name": "Start", "amount_planned": 4000.0, "basis": "percent"},
                {"name": "Middle", "amount_planned": 2500.0, "basis": "percent"},
                {"name": "Late", "amount_planned": 1500.0, "basis": "fixed"},
                {"name": "End", "amount_planned": 2000.0, "basis": "balance"},
            ],
        )
