import re
from collections import deque
from pathlib import Path

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.models import MAGIC_COLUMNS
from odoo.tests import new_test_user

from .test_acceptance import draw_signature
from .test_rights import (
    CONTRACT,
    DECIDE,
    DECISION,
    LINE,
    MILESTONE,
    MOVE,
    PROJECT,
    RightsCommon,
)

DEFAULT = "ir.default"
MOVE_LINE = "account.move.line"
REVERSAL = "account.move.reversal"

# what a client could send as the value of a key
CLIENT_VALUES = (True, 1, "x", [1], {"name": "x"})


class SealsCommon(RightsCommon):
    """A contract that is billed in part, and what is forged for it."""

    def get_forged_value(self, field):
        """Return a value of a field that nobody has given, as a client writes it."""
        if field.type == "selection":
            return next(reversed(field.get_values(self.env)), None)
        if field.type == "many2one":
            return self.env[field.comodel_name].search([], order="id", limit=1).id
        if field.type.endswith("2many"):
            return self.env[field.comodel_name].search([], order="id", limit=1).ids
        return {
            "binary": draw_signature(),
            "boolean": True,
            "char": "Forged",
            "date": "2020-01-01",
            "datetime": "2020-01-01 00:00:00",
            "float": 47.11,
            "html": "Forged",
            "integer": 4711,
            "json": {"forged": 4711},
            "monetary": 4711.0,
            "text": "Forged",
        }.get(field.type)

    def set_own_default(self, user, field):
        """Have a user set his own default of a field, as the server lets him.

        :return: whether it lets him
        """
        value = self.get_forged_value(field)
        if value is None or not field.store:
            return False
        try:
            self.rpc(
                user,
                self.env[DEFAULT],
                "set",
                field.model_name,
                field.name,
                value,
                True,
            )
        except UserError:  # no value that could be a default
            return False
        return True


class TestContextKeys(SealsCommon):
    """No key that a client can send switches a guard off."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accounting = cls.users["accountant"]
        cls.keys = cls.find_keys()

    @staticmethod
    def find_keys():
        """Return the addon's names in its source: each could be a key."""
        root = Path(__file__).parent.parent
        files = [
            path for path in root.rglob("*.py") if "tests" not in path.parts[-2:-1]
        ]
        return sorted(
            {
                key
                for path in files
                for key in re.findall(r"\bmilestone_billing_\w+", path.read_text())
            }
        )

    def get_contexts(self):
        """Return what clients could send: all keys at once, with each value."""
        company_ids = self.accounting.company_ids.ids
        return {
            repr(value): {
                **dict.fromkeys(self.keys, value),
                "allowed_company_ids": company_ids,
            }
            for value in CLIENT_VALUES
        }

    def assertNoKeyChanges(self, check):
        """``check(context)`` passes with each context that a client could send."""
        for name, context in self.get_contexts().items():
            with self.subTest(value=name), self.undone():
                check(context)

    def test_keys_are_found(self):
        self.assertIn("milestone_billing_line_id", self.keys)
        self.assertGreater(len(self.keys), 5)

    def test_amount_beyond_the_contract_is_refused(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        move_line = move.invoice_line_ids
        vals = {"price_unit": 1000000.0}

        def check(context):
            for records, change in (
                (move, {"invoice_line_ids": [Command.update(move_line.id, vals)]}),
                (move, {"line_ids": [Command.update(move_line.id, vals)]}),
                (move_line, vals),
            ):
                with self.assertRaises(UserError) as refusal:
                    self.rpc(self.accounting, records, "write", change, context=context)
                self.assertNotIsInstance(refusal.exception, AccessError)

        self.assertNoKeyChanges(check)

    def test_posting_what_exceeds_the_contract_is_refused(self):
        move = self.bill(self.build)
        move.button_cancel()
        self.bill(self.deposit + self.designs)
        self.contract.contract_sum = sum(
            (self.deposit + self.designs).mapped("amount_billed")
        )

        def check(context):
            with self.assertRaises(UserError):
                self.rpc(self.accounting, move, "button_draft", context=context)
                self.rpc(self.accounting, move, "action_post", context=context)

        self.assertNoKeyChanges(check)

    def test_link_is_left_out(self):
        other = self.create_contract("Other", [("Stage", "progress", "percent", 50.0)])
        link = {
            "name": "Mine",
            "price_unit": 10.0,
            "milestone_billing_line_id": other.line_ids.id,
            "milestone_billing_planned": 10.0,
        }
        self.mark_done(self.build)
        linked = self.build.move_line_ids

        def check(context):
            own = {
                **context,
                "default_milestone_billing_line_id": other.line_ids.id,
            }
            for move_type in ("out_invoice", "out_refund", "in_invoice"):
                vals = {
                    "move_type": move_type,
                    "partner_id": self.customer.id,
                    "invoice_line_ids": [Command.create(link)],
                }
                ids = self.rpc(
                    self.accounting, self.env[MOVE], "create", vals, context=own
                )
                move = self.env[MOVE].browse(ids)
                commands = {"invoice_line_ids": [Command.create(link)]}
                self.rpc(self.accounting, move, "write", commands, context=own)
                self.assertEqual(len(move.invoice_line_ids), 2)
                self.assertFalse(move.line_ids.milestone_billing_line_id, move_type)
            self.rpc(self.accounting, linked, "write", link, context=context)
            self.assertEqual(linked.milestone_billing_line_id, self.build)
            self.assertFalse(other.line_ids.move_line_ids)

        self.assertNoKeyChanges(check)

    def test_copy_of_an_invoice_bills_nothing(self):
        move = self.bill(self.build)

        def check(context):
            ids = self.rpc(self.accounting, move, "copy", context=context)
            copy = self.env[MOVE].browse(ids)
            self.assertFalse(copy.line_ids.milestone_billing_line_id)
            self.assertEqual(self.build.state, "billed")

        self.assertNoKeyChanges(check)

    def test_credit_note_frees_what_it_credits(self):
        move = self.bill(self.build)
        wizards = self.env[REVERSAL]

        def check(context):
            for method in ("refund_moves", "modify_moves"):
                with self.undone():
                    ids = self.rpc(
                        self.accounting,
                        wizards,
                        "create",
                        {
                            "move_ids": [Command.set(move.ids)],
                            "journal_id": move.journal_id.id,
                            "date": "2026-03-31",
                        },
                        context=context,
                    )
                    wizard = wizards.browse(ids)
                    self.rpc(self.accounting, wizard, method, context=context)
                    credit_note = move.reversal_move_ids
                    linked = credit_note.line_ids.milestone_billing_line_id
                    self.assertEqual(linked, self.build)
                    if method == "modify_moves":
                        self.assertEqual(self.build.state, "drafted")
                        continue
                    self.rpc(
                        self.accounting, credit_note, "action_post", context=context
                    )
                    self.assertEqual(self.build.state, "to_decide")

        self.assertNoKeyChanges(check)

    def test_line_is_not_credited_twice(self):
        move = self.bill(self.build)
        first, second = (
            self.env[MOVE].browse(
                move.with_user(self.accounting)._reverse_moves([{}]).ids
            )
            for _index in range(2)
        )
        first.invoice_date = second.invoice_date = "2026-03-31"
        self.rpc(self.accounting, first, "action_post")

        def check(context):
            with self.assertRaises(UserError):
                self.rpc(self.accounting, second, "action_post", context=context)

        self.assertNoKeyChanges(check)

    def test_what_is_billed_stays(self):
        self.bill(self.build)
        calls = (
            ("project_user", self.milestone, "toggle_is_reached", False),
            ("manager", self.milestone, "unlink"),
            ("manager", self.build, "unlink"),
            ("manager", self.contract, "unlink"),
            ("project_admin", self.project, "unlink"),
            ("manager", self.contract, "write", {"contract_sum": 1.0}),
            (
                "manager",
                self.contract,
                "write",
                {"currency_id": self.env.ref("base.CHF").id},
            ),
        )

        def check(context):
            for kind, records, method, *args in calls:
                user = self.users[kind]
                with self.subTest(method=method), self.assertRaises(UserError):
                    self.rpc(user, records, method, *args, context=context)

        self.assertNoKeyChanges(check)

    def test_no_more_than_is_open_is_given_up(self):
        vals = {"line_id": self.build.id, "reason": "Mine", "amount": 1000000.0}

        def check(context):
            for kind in ("carry", "write_off"):
                with self.assertRaises(UserError):
                    self.rpc(
                        self.accounting,
                        self.env[DECISION],
                        "create",
                        {**vals, "kind": kind},
                        context=context,
                    )

        self.assertNoKeyChanges(check)

    def test_rights_are_what_they_are(self):
        calls = (
            ("manager", self.contract, "write", {"automation": "post"}),
            ("accountant", self.contract, "write", {"contract_sum": 1.0}),
            ("project_user", self.contract, "write", {"contract_sum": 1.0}),
            ("project_user", self.milestone, "write", {"acceptance_state": "accepted"}),
            ("manager", self.build, "write", {"number": 9}),
            ("manager", self.build, "write", {"state": "paid"}),
            ("manager", self.contract, "write", {"last_number": 9}),
            ("project_user", self.lines, "read", ["amount_planned"]),
            ("employee", self.contract, "read", ["contract_sum"]),
            ("manager", self.env[DECIDE], "create", {"reason": "x"}),
        )

        def check(context):
            for kind, records, method, *args in calls:
                with self.subTest(method=method, args=args):
                    self.assertRefused(
                        self.users[kind], records, method, *args, context=context
                    )

        self.assertNoKeyChanges(check)

    def test_tick_makes_one_draft(self):
        def check(context):
            self.rpc(
                self.users["project_user"],
                self.milestone,
                "write",
                {"is_reached": True},
                context=context,
            )
            self.assertEqual(len(self.get_invoices(self.build)), 1)
            self.assertEqual(self.build.state, "drafted")
            self.assertEqual(self.build.amount_drafted, self.build.amount_planned)
            self.assertEqual(self.contract.last_number, 2)

        self.assertNoKeyChanges(check)


class TestOwnDefaults(SealsCommon):
    """Nobody's own defaults forge a fact or shape a document."""

    # --- facts ---

    def get_sealed_fields(self, model):
        """Return the fields of a model that no request may tell."""
        return [
            field
            for field in self.get_addon_fields(model, readonly=True)
            if field.name not in MAGIC_COLUMNS
        ]

    def get_creations(self):
        """Return for each model who creates its records, and with what values."""
        return {
            MILESTONE: (
                self.users["project_user"],
                {"name": "Mine", "project_id": self.project.id},
            ),
            CONTRACT: (self.users["manager"], {"project_id": self.project.id}),
            LINE: (
                self.users["manager"],
                {"name": "Mine", "contract_id": self.contract.id, "percent": 0.0},
            ),
            DECISION: (
                self.users["accountant"],
                {
                    "line_id": self.designs.id,
                    "kind": "carry",
                    "amount": 100.0,
                    "reason": "Agreed",
                },
            ),
            PROJECT: (self.users["project_admin"], {"name": "Mine"}),
            MOVE: (
                self.users["accountant"],
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "invoice_line_ids": [
                        Command.create({"name": "Mine", "price_unit": 10.0})
                    ],
                },
            ),
        }

    def create_and_read(self, model, context=None):
        """Create a record as its user does, and return the facts that it bears."""
        user, vals = self.get_creations()[model]
        context = {**(context or {}), "allowed_company_ids": user.company_ids.ids}
        record = self.env[model].browse(
            self.rpc(user, self.env[model], "create", vals, context=context)
        )
        records = [record]
        if model == MOVE:
            records.append(record.invoice_line_ids)
        if model == LINE:
            records.append(record.milestone_id)
        return {
            f"{rec._name}.{field.name}": self.get_comparable(rec, field)
            for rec in records
            for field in self.get_sealed_fields(rec._name)
        }

    def get_comparable(self, record, field):
        """Return a field's value, of links to what is new only how many there are."""
        value = record.sudo()[field.name]
        if not field.relational:
            return value
        return len(value) if field.type.endswith("2many") else bool(value)

    def test_own_default_is_no_fact(self):
        for model, (user, _vals) in self.get_creations().items():
            with self.undone():
                expected = self.create_and_read(model)
            with self.subTest(model), self.undone():
                models = [model]
                models += [MOVE_LINE] if model == MOVE else []
                models += [MILESTONE] if model == LINE else []
                fields = [f for name in models for f in self.get_sealed_fields(name)]
                forged = [f.name for f in fields if self.set_own_default(user, f)]
                self.assertTrue(forged)
                self.assertEqual(self.create_and_read(model), expected)

    def test_default_of_a_request_is_no_fact(self):
        """It is refused or left out."""
        for model in self.get_creations():
            with self.undone():
                expected = self.create_and_read(model)
            models = [model]
            models += [MOVE_LINE] if model == MOVE else []
            models += [MILESTONE] if model == LINE else []
            for field in {f for name in models for f in self.get_sealed_fields(name)}:
                if field.related:  # it says what another record says
                    continue
                context = {f"default_{field.name}": self.get_forged_value(field)}
                with self.subTest(field), self.undone():
                    try:
                        actual = self.create_and_read(model, context)
                    except AccessError:
                        continue
                    self.assertEqual(actual, expected)

    def test_milestone_is_accepted_by_its_client_only(self):
        user = self.users["project_user"]
        for fname, value in (
            ("acceptance_state", "accepted"),
            ("acceptance_signed_by", "The Client"),
            ("acceptance_signature", draw_signature()),
            ("acceptance_signed_on", "2026-01-01 00:00:00"),
        ):
            self.rpc(user, self.env[DEFAULT], "set", MILESTONE, fname, value, True)
        vals = {"name": "Mine", "project_id": self.project.id}
        ids = self.rpc(user, self.milestones, "create", vals)
        milestone = self.env[MILESTONE].browse(ids)
        self.assertFalse(milestone.acceptance_signed_by)
        self.assertFalse(milestone.acceptance_signature)
        self.assertNotEqual(milestone.acceptance_state, "accepted")

    # --- what the system drafts ---

    def read_document(self, move):
        """Return all that a document and its lines store."""
        left_out = {"access_token", "display_name", *MAGIC_COLUMNS}

        def read(record):
            return {
                field.name: self.get_comparable(record, field)
                if field.relational and field.comodel_name in {MOVE, MOVE_LINE}
                else record.sudo().read([field.name], load=None)[0][field.name]
                for field in record._fields.values()
                if field.store
                and field.name not in left_out
                and not field.type.endswith("2many")
            } | {
                "tags": [
                    (field.name, len(record.sudo()[field.name]))
                    for field in record._fields.values()
                    if field.store and field.type.endswith("2many")
                ]
            }

        return [read(move), *[read(line) for line in move.line_ids.sorted("id")]]

    def assertSameDocument(self, actual, expected):
        """Nothing but what is given to each document differs."""
        differing = {
            fname: (record[fname], other[fname])
            for record, other in zip(actual, expected, strict=True)
            for fname in record
            if record[fname] != other[fname]
        }
        self.assertFalse(differing)

    def tick_and_read(self, context=None):
        """Tick as a project user, and return what was drafted."""
        user = self.users["project_user"]
        context = {**(context or {}), "allowed_company_ids": user.company_ids.ids}
        self.rpc(user, self.milestone, "write", {"is_reached": True}, context=context)
        self.env.cr.precommit.run()
        return self.read_document(self.get_invoices(self.build))

    def get_document_fields(self):
        return [
            field
            for model in (MOVE, MOVE_LINE)
            for field in self.env[model]._fields.values()
            if field.store and field.name not in MAGIC_COLUMNS
        ]

    def test_own_defaults_of_who_ticks_shape_no_invoice(self):
        user = self.users["project_user"]
        with self.undone():
            expected = self.tick_and_read()
        set_fields = [
            f for f in self.get_document_fields() if self.set_own_default(user, f)
        ]
        fnames = {field.name for field in set_fields}
        self.assertLessEqual(
            {
                "auto_post",
                "invoice_date",
                "discount",
                "invoice_payment_term_id",
                "journal_id",
                "partner_bank_id",
                "narration",
                "fiscal_position_id",
                "currency_id",
                "invoice_incoterm_id",
                "ref",
            },
            fnames,
        )
        self.assertSameDocument(self.tick_and_read(), expected)

    def test_own_defaults_of_who_drafts_shape_no_invoice(self):
        """Nor those of the accountant who takes a line out of the queue."""
        self.contract.automation = "manual"
        self.mark_done(self.build)
        user = self.users["accountant"]

        def draft_and_read():
            self.rpc(user, self.build, "action_create_draft_invoice")
            return self.read_document(self.get_invoices(self.build))

        with self.undone():
            expected = draft_and_read()
        for field in self.get_document_fields():
            self.set_own_default(user, field)
        self.assertSameDocument(draft_and_read(), expected)

    def test_defaults_of_a_request_shape_no_invoice(self):
        with self.undone():
            expected = self.tick_and_read()
        context = {
            f"default_{field.name}": value
            for field in self.get_document_fields()
            if (value := self.get_forged_value(field)) is not None
        }
        self.assertSameDocument(self.tick_and_read(context), expected)

    def test_own_defaults_of_who_ticks_shape_no_message(self):
        """Nor the activity by which the accountant is called."""
        user = self.users["project_user"]

        def tick():
            self.rpc(user, self.milestone, "write", {"is_reached": True})
            self.env.flush_all()
            move = self.get_invoices(self.build)
            activities = move.activity_ids
            return (
                activities.mapped("user_id"),
                activities.mapped("summary"),
                activities.mapped("date_deadline"),
                move.message_ids.mapped("body"),
                move.message_ids.mapped("message_type"),
                move.message_partner_ids,
                self.project.message_ids[:1].mapped("body"),
                self.contract.message_ids[:1].mapped("body"),
            )

        with self.undone():
            expected = tick()
        for model, fname, value in (
            ("mail.activity", "summary", "Forged"),
            ("mail.activity", "date_deadline", "2050-01-01"),
            ("mail.activity", "user_id", user.id),
            ("mail.message", "body", "Forged"),
            ("mail.message", "message_type", "email"),
            ("mail.message", "partner_ids", user.partner_id.ids),
        ):
            self.rpc(user, self.env[DEFAULT], "set", model, fname, value, True)
        self.assertEqual(tick(), expected)


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


class TestRestrictedAdministrator(SealsCommon):
    """Where administrators see no more projects than others, nor do they contracts.

    Core grants them all projects by a rule of its own, which may be taken away.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("project.project_project_manager_rule").active = False
        cls.project.privacy_visibility = "followers"
        cls.build._give_up_open("carry", "Agreed")
        cls.decision = cls.build.decision_ids
        cls.records = (cls.contract, cls.lines, cls.decision)

    def test_restricted_administrator_keeps_off_a_private_project(self):
        user = self.users["project_admin"]
        self.assertRefused(user, self.project, "read", ["name"])
        for records in self.records:
            with self.subTest(records._name):
                self.assertFalse(self.rpc(user, records, "search", []))
                self.assertFalse(self.rpc(user, records, "search_count", []))
                self.assertRefused(user, records, "read", ["currency_id"])
                self.assertRefused(user, records, "unlink")
        calls = (
            (self.contract, "write", {"contract_sum": 1.0}),
            (self.contract, "create", {"project_id": self.project.id}),
            (self.build, "write", {"percent": 1.0}),
            (self.lines, "create", {"name": "x", "contract_id": self.contract.id}),
            (self.contract, "message_post"),
            (self.contract, "copy"),
        )
        for records, method, *args in calls:
            with self.subTest(records._name, method=method), self.undone():
                self.assertRefused(user, records, method, *args)

    def test_restricted_administrator_sees_what_he_is_invited_to(self):
        user = self.users["project_admin"]
        self.project.sudo().message_subscribe(user.partner_id.ids)
        for records in self.records:
            with self.subTest(records._name):
                ids = self.rpc(user, records, "search", [])
                self.assertEqual(sorted(ids), sorted(records.ids))
        self.rpc(user, self.contract, "write", {"contract_sum": 74319.58})

    def test_administrator_who_is_an_accountant_too_sees_all(self):
        user = new_test_user(
            self.env,
            login="administrator_and_accountant",
            groups="project.group_project_manager,account.group_account_invoice",
        )
        for records in self.records:
            with self.subTest(records._name):
                self.assertTrue(self.rpc(user, records, "read", ["currency_id"]))

    def test_accounting_sees_contracts_of_private_projects(self):
        for kind in ("accountant", "auditor", "invoicing_project_user"):
            for records in self.records:
                with self.subTest(kind=kind, model=records._name):
                    self.assertTrue(
                        self.rpc(self.users[kind], records, "read", ["currency_id"])
                    )

    def test_administrator_sees_all_where_core_grants_it(self):
        self.env.ref("project.project_project_manager_rule").active = True
        for records in self.records:
            with self.subTest(records._name):
                self.assertTrue(
                    self.rpc(
                        self.users["project_admin"], records, "read", ["currency_id"]
                    )
                )
