import json
import re
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase, get_db_name, new_test_user
from odoo.tools.misc import file_open, mute_logger

from .common import MilestoneBillingCommon

PROJECT = "project.project"


class TestOtherSystems(MilestoneBillingCommon, HttpCase):
    """What readme/API.md says, over the network with an API key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = {
            "company_id": cls.company.id,
            "company_ids": [Command.set(cls.company.ids)],
        }
        cls.system = new_test_user(
            cls.env, "system", "project.group_project_manager", **company
        )
        cls.system_of_accounts = new_test_user(
            cls.env,
            "system_of_accounts",
            "project.group_project_user,account.group_account_invoice",
            **company,
        )
        cls.outsider = new_test_user(cls.env, "outsider", "base.group_user", **company)
        with file_open("milestone_billing/readme/API.md") as file:
            blocks = re.findall(r"```json\n(.*?)```", file.read(), re.DOTALL)
        cls.example, cls.tick, cls.answer = map(json.loads, blocks)
        cls.example["vals_list"][0]["partner_id"] = cls.customer.id

    def make_key(self, user):
        expires = fields.Datetime.now() + timedelta(hours=1)
        keys = self.env(user=user.id)["res.users.apikeys"]
        return keys._generate("rpc", "test", expires)

    def post(self, user, path, body):
        """Call a method over JSON-2; return the status and the answer."""
        response = self.url_open(
            f"/json/2/{path}",
            data=json.dumps(body),
            headers={
                "Authorization": f"Bearer {self.make_key(user)}",
                "Content-Type": "application/json",
                "X-Odoo-Database": get_db_name(),
            },
        )
        self.env.invalidate_all()
        return response.status_code, response.json()

    def assertMadeOnce(self, project):
        """Project, contract, stages and milestones of the example are there once."""
        contract = project.billing_contract_ids
        self.assertRecordValues(
            contract,
            [
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "amount_to_date": 10000.0,
                    "amount_unscheduled": 0.0,
                }
            ],
        )
        self.assertRecordValues(
            contract.line_ids,
            [
                {"name": "Project start", "kind": "deposit", "amount_planned": 3000.0},
                {
                    "name": "Designs approved",
                    "kind": "progress",
                    "amount_planned": 4000.0,
                },
                {"name": "Launch", "kind": "final", "amount_planned": 3000.0},
            ],
        )
        milestones = contract.line_ids.milestone_id
        self.assertEqual(len(milestones), 3)
        self.assertEqual(project.milestone_ids, milestones)
        designs = contract.line_ids[1]
        self.assertEqual(
            designs.milestone_id.acceptance_criteria, "All pages, in writing"
        )
        self.assertFalse(designs.made_milestone)
        self.assertTrue(contract.line_ids[0].made_milestone)

    def test_one_call_makes_all_of_it_once(self):
        status, ids = self.post(self.system, f"{PROJECT}/create", self.example)
        self.assertEqual(status, 200, ids)
        self.assertMadeOnce(self.env[PROJECT].browse(ids))

    @mute_logger("odoo.addons.rpc.controllers.xmlrpc")
    def test_one_call_over_xml_rpc(self):
        key = self.make_key(self.system)
        db = get_db_name()
        uid = self.xmlrpc_common.authenticate(db, "system", key, {})
        self.assertEqual(uid, self.system.id)
        ids = self.xmlrpc_object.execute_kw(
            db, uid, key, PROJECT, "create", [self.example["vals_list"]]
        )
        self.env.invalidate_all()
        self.assertMadeOnce(self.env[PROJECT].browse(ids))
        milestone = self.env[PROJECT].browse(ids).milestone_ids[0]
        (answer,) = self.xmlrpc_object.execute_kw(
            db, uid, key, "project.milestone", "mark_done", [milestone.ids]
        )
        self.assertEqual(answer["id"], milestone.id)
        self.assertEqual(answer["state"], "drafted")

    def tick_by(self, user, milestone):
        self.assertEqual(set(self.tick), {"ids"})
        return self.post(
            user, "project.milestone/mark_done", {**self.tick, "ids": milestone.ids}
        )

    def test_tick_says_what_was_drafted(self):
        milestone = self.deposit.milestone_id
        status, (answer,) = self.tick_by(self.system_of_accounts, milestone)
        self.assertEqual(status, 200)
        move = self.get_invoices(self.deposit)
        self.assertEqual(
            answer,
            {**self.answer[0], "id": milestone.id, "invoice_ids": move.ids},
        )
        # again: nothing more, and the same answer
        status, (again,) = self.tick_by(self.system_of_accounts, milestone)
        self.assertEqual(again, answer)
        self.assertEqual(self.get_invoices(self.deposit), move)
        # without Invoicing no invoice is named
        status, (answer,) = self.tick_by(self.project_user, milestone)
        self.assertEqual((answer["state"], answer["invoice_ids"]), ("drafted", []))

    def test_tick_says_why_nothing_was_drafted(self):
        self.contract.partner_id = False
        status, (answer,) = self.tick_by(self.project_user, self.build.milestone_id)
        self.assertEqual(status, 200)
        self.assertEqual((answer["state"], answer["invoice_ids"]), ("blocked", []))
        self.assertIn("Build complete is done, but not invoiced", answer["message"])
        self.assertIn("customer", answer["message"])
        self.assertNotIn("<", answer["message"])
        self.assertFalse(self.get_invoices(self.build))

    def test_tick_without_billing_says_nothing(self):
        milestone = self.env["project.milestone"].create(
            {"name": "Party", "project_id": self.project.id}
        )
        _status, (answer,) = self.tick_by(self.project_user, milestone)
        self.assertEqual((answer["state"], answer["message"]), (False, ""))
        self.assertTrue(milestone.is_reached)

    @mute_logger("odoo.http")
    def test_outsider_ticks_nothing(self):
        milestone = self.build.milestone_id
        status, _answer = self.tick_by(self.outsider, milestone)
        self.assertEqual(status, 403)
        self.assertFalse(milestone.is_reached)
        # nor learns what a tick did
        self.mark_done(self.build)
        status, _answer = self.tick_by(self.outsider, milestone)
        self.assertEqual(status, 403)

    @mute_logger("odoo.http")
    def test_facts_are_not_taken(self):
        example = json.loads(json.dumps(self.example))
        contract = example["vals_list"][0]["billing_contract_ids"][0][2]
        contract["line_ids"][0][2]["amount_billed"] = 3000.0
        status, answer = self.post(self.system, f"{PROJECT}/create", example)
        self.assertEqual(status, 403)
        self.assertIn("Billed", answer["message"])
        self.assertFalse(self.env[PROJECT].search([("name", "=", "Website relaunch")]))


class TestGivenMilestones(MilestoneBillingCommon):
    """Lines by name take the milestones that are given with their project."""

    def create_project(self, milestones, *contracts):
        return self.env[PROJECT].create(
            {
                "name": "Nested",
                "milestone_ids": [
                    Command.create({"name": name}) for name in milestones
                ],
                "billing_contract_ids": [
                    Command.create(
                        {
                            "contract_sum": 100.0,
                            "line_ids": [
                                Command.create({"name": name, "percent": 10})
                                for name in names
                            ],
                        }
                    )
                    for names in contracts
                ],
            }
        )

    def test_each_milestone_is_made_once(self):
        project = self.create_project(["A", "B", "C"], ["B", "A", "D"])
        self.assertEqual(project.milestone_ids.mapped("name"), ["A", "B", "C", "D"])
        lines = project.billing_contract_ids.line_ids
        self.assertEqual(lines.milestone_id.mapped("name"), ["B", "A", "D"])

    def test_two_lines_of_one_name_take_two_milestones(self):
        project = self.create_project(["A", "A"], ["A", "A", "A"])
        self.assertEqual(len(project.milestone_ids), 3)
        self.assertEqual(
            project.milestone_ids, project.billing_contract_ids.line_ids.milestone_id
        )

    def test_two_contracts_share_no_milestone_by_name(self):
        project = self.create_project(["A"], ["A"], ["A", "B"])
        self.assertEqual(project.milestone_ids.mapped("name"), ["A", "A", "B"])
        for milestone in project.milestone_ids:
            self.assertEqual(len(milestone.billing_line_ids), 1)

    def test_given_milestone_stays_when_its_line_goes(self):
        project = self.create_project(["A"], ["A", "B"])
        project.billing_contract_ids.line_ids.unlink()
        self.assertEqual(project.milestone_ids.mapped("name"), ["A"])

    def test_open_milestone_that_exists_is_taken(self):
        project = self.create_project(["A", "B"])
        project.milestone_ids[1].is_reached = True
        contract = self.env["milestone.billing.contract"].create(
            {
                "project_id": project.id,
                "line_ids": [Command.create({"name": name}) for name in "AB"],
            }
        )
        self.assertEqual(len(project.milestone_ids), 3)
        self.assertEqual(contract.line_ids.mapped("made_milestone"), [False, True])
