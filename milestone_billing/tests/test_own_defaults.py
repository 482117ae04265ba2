import json

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.models import MAGIC_COLUMNS

from .common import draw_signature
from .common_rights import (
    CONTRACT,
    DECISION,
    LINE,
    MILESTONE,
    MOVE,
    PROJECT,
)
from .common_seals import DEFAULT, SealsCommon

MOVE_LINE = "account.move.line"


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
        if field.type == "json":
            # the picture names what is new, too
            return json.dumps(value).replace(f'"id": {record.id}', '"id": "new"')
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
