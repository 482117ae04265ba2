from collections import deque

from odoo.exceptions import AccessError
from odoo.models import MAGIC_COLUMNS

from .common_rights import (
    MILESTONE,
    MOVE,
    PROJECT,
)
from .common_seals import SealsCommon


class TestOracles(SealsCommon):
    """No condition on an amount tells it to who may not read it.

    Core searches followers, attachments and more with sudo, along paths that the
    request chooses.
    """

    # below and above every amount
    thresholds = (-1, 10**9)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mark_done(cls, cls.deposit)
        cls.build._give_up_open("carry", "Agreed")
        # the customer's projects are reached through who follows a readable record
        cls.followed = cls.users["employee"].partner_id
        cls.followed.message_subscribe(cls.customer.ids)
        cls.followed.message_post(
            body="x", author_id=cls.customer.id, attachments=[("x.txt", b"x")]
        )
        cls.env.flush_all()

    def get_own_models(self):
        """Return the addon's own models that store their records."""
        return {
            name
            for name in self.addon_models
            if self.env[name]._original_module == "milestone_billing"
            and self.env[name]._auto
            and not self.env[name]._transient
        }

    def get_entries(self):
        """Return (model, field) of the ways from others' models into the addon's."""
        own = self.get_own_models()
        return [
            (name, field.name, field.comodel_name)
            for name, model in self.env.registry.items()
            if name not in own and not model._abstract and not model._transient
            for field in model._fields.values()
            if field.relational and field.comodel_name in own
            if field._description_searchable
        ]

    def get_amounts(self, model):
        return [
            field.name
            for field in self.env[model]._fields.values()
            if field.type in ("monetary", "float")
            and field._description_searchable
            and field.name not in MAGIC_COLUMNS
            and field._module == "milestone_billing"
        ]

    def find_path(self, start, end):
        """Return a shortest path of fields from a model to another."""
        seen, queue = {start: []}, deque([start])
        while queue:
            name = queue.popleft()
            if name == end:
                return seen[name]
            for field in self.env[name]._fields.values():
                if (
                    field.relational
                    and field.store
                    and field.comodel_name not in seen
                    and not field.comodel_name.startswith(("mail.", "ir."))
                ):
                    seen[field.comodel_name] = [*seen[name], field.name]
                    queue.append(field.comodel_name)
        return None

    def get_answers(self, user, model, road, path, thresholds=None, operator=">"):
        """Return what a user is told of a condition, by its two thresholds."""
        answers = []
        for threshold in thresholds or self.thresholds:
            condition = (path, operator, threshold)
            for part in reversed(road):
                condition = (part, "any", [condition])
            try:
                answers.append(
                    self.rpc(user, self.env[model], "search_count", [condition])
                )
            except (AccessError, TypeError):  # core's own, of a portal user's domain
                answers.append("refused")
        return answers

    def assertNoAnswer(self, user, model, road, path, **kwargs):
        """What a user is told does not depend on the amount."""
        low, high = self.get_answers(user, model, road, path, **kwargs)
        self.assertEqual(low, high, f"{user.login}: {model} {road} {path}")

    def test_sweep_would_find_an_oracle(self):
        root = self.env.ref("base.user_root")
        path = "project_ids.billing_contract_ids.contract_sum"
        low, high = self.get_answers(root, "res.partner", ["message_partner_ids"], path)
        self.assertGreater(low, high)

    def test_amounts_are_no_oracle_through_followers(self):
        """By whatever field of whatever model one gets to them."""
        road = ["message_partner_ids"]
        for model, fname, comodel in self.get_entries():
            path = self.find_path("res.partner", model)
            if path is None:
                continue
            for amount in self.get_amounts(comodel):
                condition = ".".join([*path, fname, amount])
                for kind in ("employee", "portal", "project_user"):
                    with self.subTest(kind=kind, path=condition):
                        self.assertNoAnswer(
                            self.users[kind], "res.partner", road, condition
                        )

    def test_amounts_are_no_oracle_on_any_road(self):
        contract = "billing_contract_ids.contract_sum"
        projects = f"project_ids.{contract}"
        roads = [
            ("res.partner", ["message_partner_ids"], projects),
            ("res.partner", ["message_follower_ids", "partner_id"], projects),
            ("res.partner", ["message_ids", "author_id"], projects),
            ("res.partner", ["website_message_ids", "author_id"], projects),
            ("res.partner", ["activity_ids", "user_id", "partner_id"], projects),
            ("res.partner", ["user_ids", "partner_id"], projects),
            (
                "res.partner",
                ["message_ids", "attachment_ids", "create_uid", "partner_id"],
                projects,
            ),
            ("res.partner", [], projects),
            ("res.partner", ["commercial_partner_id"], projects),
            ("res.users", ["partner_id"], projects),
            ("res.company", ["partner_id"], projects),
            ("mail.message", ["author_id"], projects),
            ("mail.message", ["partner_ids"], projects),
            ("mail.message", ["attachment_ids", "create_uid", "partner_id"], projects),
            ("mail.activity", ["user_id", "partner_id"], projects),
            ("mail.followers", ["partner_id"], projects),
            ("ir.attachment", ["create_uid", "partner_id"], projects),
            (PROJECT, [], contract),
            (PROJECT, ["partner_id"], projects),
            (PROJECT, ["message_partner_ids"], projects),
            (PROJECT, ["rating_ids"], f"partner_id.{projects}"),
            (PROJECT, ["collaborator_ids", "partner_id"], projects),
            (PROJECT, ["milestone_ids"], f"project_id.{contract}"),
            (PROJECT, ["task_ids"], f"project_id.{contract}"),
            (MILESTONE, ["message_partner_ids"], projects),
            (MILESTONE, ["project_id"], contract),
            (MILESTONE, ["billing_line_ids"], "amount_planned"),
            ("project.task", ["message_partner_ids"], projects),
            ("project.task", ["project_id"], contract),
            ("project.task", ["milestone_id", "billing_line_ids"], "amount_billed"),
            (MOVE, ["milestone_billing_contract_id"], "contract_sum"),
            (MOVE, ["line_ids"], "milestone_billing_line_id.amount_planned"),
            (MOVE, ["message_partner_ids"], projects),
            ("account.analytic.account", ["project_ids"], contract),
        ]
        for model, road, path in roads:
            first = (road or path.split("."))[0]
            if first not in self.env[model]._fields:
                continue
            for kind in ("employee", "portal", "collaborator", "project_user"):
                with self.subTest(kind=kind, model=model, road=road):
                    self.assertNoAnswer(self.users[kind], model, road, path)

    def test_texts_with_amounts_are_no_oracle(self):
        self.contract.contract_sum = 74319.58
        self.designs.write({"basis": "fixed", "amount": 90000.0})
        self.mark_done(self.designs)
        excess = self.designs.check_args["amount"]
        self.contract.activity_schedule(note="74,319.58", user_id=self.env.uid)
        self.contract.message_post(body="74,319.58")
        self.env.cr.precommit.run()
        contract = "project_ids.billing_contract_ids"
        for path, text in (
            (f"{contract}.message_ids.body", "74,319.58"),
            (f"{contract}.website_message_ids.body", "74,319.58"),
            (f"{contract}.activity_ids.note", "74,319.58"),
            (f"{contract}.line_ids.check_args", f"{excess:.2f}"),
        ):
            for kind in ("employee", "portal", "project_user"):
                with self.subTest(kind=kind, path=path):
                    self.assertNoAnswer(
                        self.users[kind],
                        "res.partner",
                        ["message_partner_ids"],
                        path,
                        thresholds=(text, "74,319.59"),
                        operator="ilike",
                    )

    def test_contract_of_another_company_is_no_oracle(self):
        """Not even to an accountant, who reads those of his own."""
        other = self.setup_other_company(name="Company B")["company"]
        shared = self.create_contract(
            "Shared",
            [("All", "final", "balance", 0.0)],
            contract_sum=123456.0,
            company_id=other.id,
        )
        path = "contract_sum"
        for kind in ("employee", "project_user", "accountant", "project_admin"):
            user = self.users[kind]
            for domain in (
                [("message_partner_ids", "any", [("project_ids", "any", "?")])],
                [("project_ids", "any", "?")],
            ):
                answers = []
                for threshold in self.thresholds:
                    condition = [
                        ("id", "=", shared.project_id.id),
                        ("billing_contract_ids", "any", [(path, ">", threshold)]),
                    ]
                    try:
                        answers.append(
                            self.rpc(
                                user,
                                self.env["res.partner"],
                                "search_count",
                                self.fill_in(domain, condition),
                            )
                        )
                    except AccessError:
                        answers.append("refused")
                with self.subTest(kind=kind, domain=domain):
                    self.assertEqual(*answers)

    def fill_in(self, domain, condition):
        """Return the domain with the condition where it has a question mark."""
        [(fname, operator, inner)] = domain
        return [
            (
                fname,
                operator,
                condition if inner == "?" else self.fill_in(inner, condition),
            )
        ]

    def test_readers_search_by_amounts_on_every_road(self):
        path = "project_ids.billing_contract_ids.contract_sum"
        for kind in ("accountant", "project_admin", "billing_user"):
            for road in ([], ["message_partner_ids"]):
                with self.subTest(kind=kind, road=road):
                    low, high = self.get_answers(
                        self.users[kind], "res.partner", road, path
                    )
                    self.assertGreater(low, high)
