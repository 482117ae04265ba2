import re
from contextlib import closing, contextmanager, suppress

from lxml import etree

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.models import MAGIC_COLUMNS
from odoo.service.model import call_kw
from odoo.tests import new_test_user

from odoo.addons.mail.tests.common import MockEmail
from odoo.addons.mail.tools.discuss import Store

from .common import MilestoneBillingCommon
from .test_acceptance import draw_signature

CONTRACT = "milestone.billing.contract"
DECIDE = "milestone.billing.decide"
DECISION = "milestone.billing.decision"
LINE = "milestone.billing.line"
MILESTONE = "project.milestone"
MOVE = "account.move"
PROJECT = "project.project"

# the groups of each kind of user
KINDS = {
    "portal": "base.group_portal",
    "collaborator": "base.group_portal",
    "employee": "base.group_user",
    "project_user": "project.group_project_user",
    "billing_user": "milestone_billing.group_milestone_billing_user",
    "manager": "milestone_billing.group_milestone_billing_manager",
    "project_admin": "project.group_project_manager",
    "accountant": "account.group_account_invoice",
    "auditor": "account.group_account_readonly",
    # two in one, as in a small firm
    "invoicing_project_user": "account.group_account_invoice,project.group_project_user",
}
OUTSIDERS = ("portal", "collaborator", "employee", "project_user")
READERS = tuple(KINDS.keys() - set(OUTSIDERS))
EDITORS = ("manager", "project_admin")
INVOICING = ("accountant", "invoicing_project_user")
TICKERS = ("project_user", "manager", "project_admin", "invoicing_project_user")

# who may call what; the others are refused
PUBLIC_METHODS = {
    (LINE, "action_mark_done"): (*EDITORS, "invoicing_project_user"),
    (LINE, "action_ask_acceptance"): (*EDITORS, "invoicing_project_user"),
    (LINE, "action_create_draft_invoice"): INVOICING,
    (LINE, "action_create_draft_invoice_per_contract"): INVOICING,
    (LINE, "action_check_again"): READERS,
    # opens a form that only invoicing users can save
    (LINE, "action_decide"): tuple(KINDS),
    (LINE, "action_open_documents"): (*INVOICING, "auditor"),
    (DECIDE, "action_confirm"): INVOICING,
    (DECISION, "action_undo"): INVOICING,
    (MOVE, "action_open_milestone_billing"): (*INVOICING, "auditor"),
    (MOVE, "action_open_milestones"): (*INVOICING, "auditor"),
    (MILESTONE, "action_mark_done"): TICKERS,
    (MILESTONE, "action_ask_acceptance"): TICKERS,
    (MILESTONE, "action_withdraw_acceptance"): TICKERS,
    (MILESTONE, "action_create_draft_invoice"): INVOICING,
    (PROJECT, "action_open_billing"): READERS,
    (LINE, "action_open_queue"): READERS,
    (CONTRACT, "action_check_again"): READERS,
    (CONTRACT, "action_open_invoices"): (*INVOICING, "auditor"),
    (CONTRACT, "action_open_project"): READERS,
    (CONTRACT, "action_preview_billing"): READERS,
    (CONTRACT, "action_send_billing_schedule"): READERS,
}
# what only another addon calls
NOT_OURS = {(MOVE, "do_merge")}

ACCEPTANCE = {
    "acceptance_asked_on",
    "acceptance_partner_id",
    "acceptance_return_reason",
    "acceptance_signature",
    "acceptance_signed_by",
    "acceptance_signed_on",
    "acceptance_state",
    "acceptance_user_id",
    "can_ask_acceptance",
}
EVERYBODYS = {
    MILESTONE: {"acceptance_criteria"},
    "res.company": {"milestone_billing_automation"},
}
# what users who see no amounts may read of the addon's fields
READABLE_BY_OUTSIDERS = {
    "portal": EVERYBODYS,
    "collaborator": EVERYBODYS,
    "employee": EVERYBODYS,
    "project_user": {
        **EVERYBODYS,
        MILESTONE: {
            "acceptance_criteria",
            "billing_state",
            "billing_status",
            *ACCEPTANCE,
        },
        PROJECT: {
            "billing_next_date",
            "billing_next_milestone_id",
            "billing_share",
            "billing_stage_count",
            "billing_stage_done_count",
            "billing_state",
            "billing_status",
            "is_fully_billed",
        },
    },
}


class RightsCommon(MilestoneBillingCommon, MockEmail):
    """Users of every kind who call what a client of the server can call.

    The contract's figures and the payer's name appear in no other record, so that any
    trace of them in an answer is a leak.
    """

    # the contract, its quarters, and a quarter with tax
    secret = re.compile(
        r"(?<!\d)(?:74,?319|18,?5[78]\d|21,?36[67])\.\d\d?(?!\d)|Confidential"
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # as in a database in use: tracking and subscriptions are on
        cls.env = cls.env(context={})
        cls.contract = cls.contract.with_env(cls.env)
        cls.project = cls.contract.project_id
        cls.contract.contract_sum = 74319.57
        cls.payer = cls.env["res.partner"].create(
            {
                "name": "Confidential Payer",
                "type": "invoice",
                "parent_id": cls.customer.id,
            }
        )
        cls.users = {
            kind: new_test_user(
                cls.env,
                login=f"{kind}_of_rights",
                # exports are a right of their own, and no protection
                groups=groups
                if "portal" in groups
                else f"{groups},base.group_allow_export",
            )
            for kind, groups in KINDS.items()
        }
        cls.users["portal"].partner_id.parent_id = cls.customer
        cls.contract.allow_acceptance = True
        cls.share_project()
        cls.milestone = cls.build.milestone_id.with_env(cls.env)
        cls.milestone.acceptance_criteria = "Every page is built."
        cls.milestones = cls.project.milestone_ids
        cls.lines = cls.contract.line_ids
        cls.addon_models = [
            name
            for name, model in cls.env.registry.items()
            if any(cls._is_of_the_addon(base) for base in model.__mro__)
        ]

    @classmethod
    def share_project(cls):
        """Share the project with the collaborator, who may read its milestones."""
        partner = cls.users["collaborator"].partner_id
        cls.project.privacy_visibility = "portal"
        cls.project.message_subscribe(partner.ids)
        cls.project._add_collaborators(partner)

    @staticmethod
    def _is_of_the_addon(python_class):
        return python_class.__module__.startswith("odoo.addons.milestone_billing.")

    def get_addon_fields(self, model, **attributes):
        """Return the addon's fields of a model, those with these attributes."""
        return [
            field
            for field in self.env[model]._fields.values()
            if field._module == "milestone_billing"
            and all(getattr(field, key) == value for key, value in attributes.items())
        ]

    def rpc(self, user, records, method, *args, **kwargs):
        """Call a method of ``records`` as the server does for a request of ``user``."""
        self.env.flush_all()
        self.env.invalidate_all()
        model = self.env(user=user.id, su=False, context={})[records._name]
        kwargs.setdefault("context", {"allowed_company_ids": user.company_ids.ids})
        if not getattr(getattr(type(model), method), "_api_model", False):
            args = (records.ids, *args)
        return call_kw(model, method, args, kwargs)

    @contextmanager
    def undone(self):
        """Undo what is done within."""
        with closing(self.env.cr.savepoint()):
            yield
        self.env.invalidate_all()

    def assertRefused(self, user, records, method, *args, **kwargs):
        """The call is refused for lack of rights, without naming what is secret."""
        with self.assertRaises(AccessError) as refusal:
            result = self.rpc(user, records, method, *args, **kwargs)
            self.fail(f"{user.login} was answered {result!r}")
        self.assertNoSecret(str(refusal.exception))

    def assertNoSecret(self, answer):
        """Nothing of the contract's figures or its payer is in an answer."""
        found = self.secret.search(repr(answer))
        if found:
            start = max(found.start() - 200, 0)
            self.fail(f"{found[0]} leaks: {repr(answer)[start : found.end() + 50]}")

    def get_reading_calls(self, records, field, user):
        """Return the calls that read, search, sort or group by a field."""
        fname = field.name
        condition = (fname, "!=", False)
        if field.required:  # which would always hold, and so is never looked at
            condition = (fname, "=", records.sudo()[:1][fname])
        calls = {
            "read": ("read", [fname]),
            "search_read": ("search_read", [], [fname]),
            "web_read": ("web_read", {fname: {}}),
            "web_search_read": ("web_search_read", [], {fname: {}}),
            "search": ("search", [condition]),
            "search_count": ("search_count", [condition]),
            "name_search": ("name_search", "", [condition]),
        }
        if user._is_internal():  # others cannot export at all
            calls["export_data"] = ("export_data", [fname])
        if field.store and not field.type.endswith("2many"):
            calls["order"] = ("search", [], 0, None, fname)
            calls["group"] = ("formatted_read_group", [], [fname], ["__count"])
            calls["aggregate"] = (
                "formatted_read_group",
                [],
                [],
                [f"{fname}:count_distinct"],
            )
        return calls


class TestRights(RightsCommon):
    """Nobody reads or writes what is not his."""

    # --- what is shown to whom ---

    def test_addon_fields_are_shown_to_whom_they_concern(self):
        for kind, readable in READABLE_BY_OUTSIDERS.items():
            for model in self.addon_models:
                if not self.env[model].with_user(self.users[kind]).has_access("read"):
                    continue
                shown = self.rpc(self.users[kind], self.env[model], "fields_get")
                ours = {field.name for field in self.get_addon_fields(model)}
                with self.subTest(kind=kind, model=model):
                    self.assertEqual(shown.keys() & ours, readable.get(model, set()))

    def test_schedules_are_read_by_billing_users_only(self):
        for kind, user in self.users.items():
            with self.subTest(kind=kind), self.undone():
                for records in (self.contract, self.lines):
                    call = ("search_read", [], ["display_name"])
                    if kind in READERS:
                        rows = self.rpc(user, records, *call)
                        self.assertEqual(len(rows), len(records))
                        continue
                    self.assertRefused(user, records, *call)
                    field = records._fields[
                        "sequence" if records == self.lines else "date"
                    ]
                    calls = self.get_reading_calls(records, field, user)
                    for road, call in calls.items():
                        with self.subTest(road=road, model=records._name):
                            self.assertRefused(user, records, *call)

    def test_protected_fields_are_kept_on_every_road(self):
        records = {PROJECT: self.project, MILESTONE: self.milestones}
        for kind in OUTSIDERS:
            readable = READABLE_BY_OUTSIDERS[kind]
            for model, documents in records.items():
                for field in self.get_addon_fields(model):
                    if field.name in readable.get(model, ()):
                        continue
                    user = self.users[kind]
                    calls = self.get_reading_calls(documents, field, user)
                    for road, call in calls.items():
                        with self.subTest(f"{kind}: {road} of {model}.{field.name}"):
                            self.assertRefused(user, documents, *call)

    def test_amounts_are_no_oracle_through_other_models(self):
        roads = [
            (MILESTONE, "project_id.billing_contract_ids.contract_sum"),
            (MILESTONE, "billing_line_ids.amount_planned"),
            ("project.task", "project_id.billing_contract_ids.amount_billed"),
            ("project.task", "milestone_id.billing_line_ids.amount"),
            (PROJECT, "milestone_ids.billing_line_ids.percent"),
            (PROJECT, "message_ids.tracking_value_ids.new_value_float"),
            ("mail.message", "tracking_value_ids.new_value_float"),
            ("res.company", "project_ids.billing_contract_ids.contract_sum"),
        ]
        for kind in OUTSIDERS:
            for model, path in roads:
                if path.split(".")[0] not in self.env[model]._fields:
                    continue
                records, user = self.env[model], self.users[kind]
                with self.subTest(kind=kind, path=path):
                    self.assertRefused(user, records, "search", [(path, ">", 1)])

    def test_form_computes_no_amount_for_who_may_not_read_it(self):
        user = self.users["project_user"]
        for records, vals, fname in (
            (self.contract, {}, "contract_sum"),
            (self.contract, {}, "amount_to_date"),
            (self.contract, {}, "line_ids"),
            (self.env[CONTRACT], {"project_id": self.project.id}, "contract_sum"),
            (self.project, {}, "billing_amounts"),
            (self.project, {}, "billing_contract_ids"),
        ):
            with self.subTest(f"{records}: {fname}"), self.undone():
                try:
                    answer = self.rpc(user, records, "onchange", vals, [], {fname: {}})
                except AccessError as refusal:
                    answer = refusal
                self.assertNoSecret(answer)

    # --- public methods ---

    def get_own_public_methods(self):
        """Return (model, method) of what the addon adds to what clients can call."""
        return {
            (model, name)
            for model in self.addon_models
            for base in self.env.registry[model].__mro__
            if self._is_of_the_addon(base)
            for name, method in vars(base).items()
            if callable(method)
            and not name.startswith("_")
            and not getattr(method, "_api_private", False)
            and not any(
                name in vars(other)
                for other in self.env.registry[model].__mro__
                if not self._is_of_the_addon(other) and other.__module__ != "odoo.api"
            )
        }

    def test_every_public_method_is_tested_here(self):
        self.assertEqual(self.get_own_public_methods() - NOT_OURS, set(PUBLIC_METHODS))

    def get_called_records(self, user):
        """Return a record of each model for its public methods."""
        return {
            LINE: self.build,
            DECISION: self.env[DECISION].search([("line_id", "=", self.designs.id)]),
            # everyone confirms what he entered himself
            DECIDE: self.env[DECIDE]
            .with_user(user)
            .sudo()
            .create(
                {
                    "line_ids": [Command.set(self.build.ids)],
                    "kind": "carry",
                    "reason": "Agreed",
                }
            ),
            CONTRACT: self.contract,
            MILESTONE: self.milestone,
            MOVE: self.get_invoices(self.deposit),
            PROJECT: self.project,
        }

    def test_public_methods_serve_whom_they_are_for(self):
        self.bill(self.deposit)
        self.contract.automation = "manual"
        self.milestone.is_reached = True
        self.designs._give_up_open("carry", "Agreed")
        for (model, method), allowed in PUBLIC_METHODS.items():
            for kind, user in self.users.items():
                with self.subTest(f"{kind}: {model}.{method}"), self.undone():
                    if method in ("action_mark_done", "action_ask_acceptance"):
                        self.milestone.is_reached = False
                    records = self.get_called_records(user)[model]
                    if kind not in allowed:
                        self.assertRefused(user, records, method)
                        continue
                    answer = self.rpc(user, records, method)
                    if kind in OUTSIDERS:
                        self.assertNoSecret(answer)

    # --- who changes what ---

    def test_only_managers_edit_the_schedule(self):
        edits = [
            (self.build, "write", {"percent": 1.0}),
            (self.build, "unlink"),
            (self.build, "copy"),
            (self.lines, "create", {"name": "Mine", "contract_id": self.contract.id}),
            (self.lines, "create", {"milestone_id": self.milestone.id}),
            (self.contract, "write", {"contract_sum": 1.0}),
            (self.contract, "write", {"reference": "Mine"}),
            (self.contract, "write", {"active": False}),
            (self.contract, "unlink"),
            (self.contract, "copy"),
            (self.contract, "create", {"project_id": self.project.id}),
            (
                self.contract,
                "write",
                {"line_ids": [Command.update(self.build.id, {"percent": 1})]},
            ),
            (
                self.milestone,
                "write",
                {"billing_line_ids": [Command.update(self.build.id, {"percent": 1})]},
            ),
            (
                self.milestone,
                "write",
                {"billing_line_ids": [Command.delete(self.build.id)]},
            ),
            (
                self.milestone,
                "write",
                {"billing_line_ids": [Command.create({"name": "Mine"})]},
            ),
            (
                self.milestones,
                "create",
                {
                    "name": "Mine",
                    "project_id": self.project.id,
                    "billing_line_ids": [Command.create({"name": "Mine"})],
                },
            ),
        ]
        for kind, user in self.users.items():
            for records, method, *args in edits:
                with self.subTest(f"{kind}: {method} {args}"), self.undone():
                    if kind in EDITORS:
                        self.rpc(user, records, method, *args)
                    else:
                        self.assertRefused(user, records, method, *args)

    def test_invoicing_users_write_what_shapes_the_next_invoice(self):
        """Whom, when and how to bill, but neither the sum nor the schedule."""
        vals = {
            "partner_id": self.customer.id,
            "automation": "manual",
            "user_id": self.users["accountant"].id,
            "journal_id": self.company_data["default_journal_sale"].id,
            "product_id": self.product.id,
            "payment_term_id": self.pay_terms_a.id,
        }
        fields = [
            field
            for field in self.get_addon_fields(CONTRACT, readonly=False, store=True)
            if field.name not in MAGIC_COLUMNS
        ]
        self.assertLessEqual(vals.keys(), {field.name for field in fields})
        for kind in INVOICING:
            for field in fields:
                value = self.contract.read([field.name], load=None)[0][field.name]
                change = {field.name: vals.get(field.name, value)}
                if field.type.endswith("2many"):
                    change = {field.name: [Command.create({"name": "Mine"})]}
                with self.subTest(f"{kind}: {field}"), self.undone():
                    if field.name in vals:
                        self.rpc(self.users[kind], self.contract, "write", change)
                    else:
                        self.assertRefused(
                            self.users[kind], self.contract, "write", change
                        )

    def test_automation_is_given_by_who_has_both_rights(self):
        user = new_test_user(
            self.env,
            login="both",
            groups="account.group_account_invoice,"
            "milestone_billing.group_milestone_billing_manager",
        )
        vals = {"automation": "post", "contract_sum": 70000.0}
        self.rpc(user, self.contract, "write", vals)
        self.assertRecordValues(self.contract, [vals])

    def test_manager_of_schedules_changes_no_project(self):
        user = self.users["manager"]
        self.assertTrue(self.rpc(user, self.project, "read", ["name"]))
        for vals in (
            {"name": "Mine"},
            {"partner_id": self.payer.id},
            {"privacy_visibility": "employees"},
        ):
            with self.subTest(vals):
                self.assertRefused(user, self.project, "write", vals)

    def test_read_only_fields_are_written_by_nobody(self):
        """Not by an RPC either: a schedule that can be told its totals would lie."""
        everyone = new_test_user(
            self.env,
            login="everyone",
            groups="project.group_project_manager,account.group_account_manager",
        )
        self.mark_done(self.build)
        records = {
            CONTRACT: self.contract,
            LINE: self.build,
            MILESTONE: self.milestone,
            PROJECT: self.project,
            MOVE: self.get_invoices(self.build),
        }
        for model, document in records.items():
            for field in self.get_addon_fields(model, readonly=True, store=True):
                if field.name in MAGIC_COLUMNS:
                    continue
                vals = {field.name: document.read([field.name])[0][field.name]}
                with self.subTest(f"{model}.{field.name}"), self.undone():
                    self.assertRefused(everyone, document, "write", vals)

    def test_project_user_writes_no_badge(self):
        user = self.users["project_user"]
        vals = {"billing_state": "paid"}
        self.assertRefused(user, self.milestone, "write", vals)
        self.assertRefused(
            user,
            self.milestones,
            "create",
            {"name": "Paid", "project_id": self.project.id, **vals},
        )

    def test_read_only_fields_are_given_to_no_new_line(self):
        vals = {"name": "Mine", "contract_id": self.contract.id}
        for given in (
            {"amount_billed": 10.0},
            {"state": "paid"},
            {"number": 1},
            {"check_code": "failed"},
            {"is_reached": True},
            {"move_line_ids": [Command.set([])]},
        ):
            with self.subTest(given):
                self.assertRefused(
                    self.users["manager"], self.lines, "create", {**vals, **given}
                )
                [(fname, value)] = given.items()
                if fname == "is_reached":  # which a manager may tick anyway
                    continue
                with self.undone():
                    ids = self.rpc(
                        self.users["manager"],
                        self.lines,
                        "create",
                        vals,
                        context={f"default_{fname}": value},
                    )
                    line = self.lines.browse(ids)
                    self.assertFalse(line.amount_billed or line.number)
                    self.assertFalse(line.check_code)
                    self.assertEqual(line.state, "upcoming")

    def test_automation_is_an_invoicing_right_on_every_road(self):
        user = self.users["project_admin"]
        vals = {"project_id": self.project.id}
        own = {"automation": "manual"}
        self.assertRefused(user, self.contract, "write", own)
        self.assertRefused(user, self.contract, "web_save", own, {})
        self.assertRefused(user, self.contract, "create", {**vals, **own})
        self.assertRefused(
            user,
            self.contract,
            "create",
            vals,
            context={"default_automation": "manual"},
        )
        self.assertRefused(user, self.contract, "copy", own)
        # nobody's own default gets round it either
        self.env["ir.default"].with_user(user).set(
            CONTRACT, "automation", "manual", user_id=user.id
        )
        self.assertRefused(user, self.contract, "create", vals)

    def test_copy_keeps_the_automation_whoever_copies(self):
        self.contract.automation = "manual"
        ids = self.rpc(self.users["project_admin"], self.project, "copy")
        copy = self.project.browse(ids).billing_contract_ids
        self.assertEqual(copy.automation, "manual")

    def test_manager_links_no_invoice_lines(self):
        self.mark_done(self.build)
        move_line = self.build.move_line_ids
        for kind in EDITORS:
            for command in (
                Command.link(move_line.id),
                Command.unlink(move_line.id),
                Command.clear(),
            ):
                with self.subTest(kind=kind, command=command):
                    vals = {"move_line_ids": [command]}
                    self.assertRefused(self.users[kind], self.designs, "write", vals)
                    self.assertRefused(self.users[kind], self.build, "write", vals)

    def test_link_and_its_plan_are_told_by_nobody(self):
        """A link that a request gives is left out: the line stays what it was."""
        self.mark_done(self.build)
        user = self.users["accountant"]
        move_line = self.build.move_line_ids
        plan = move_line.milestone_billing_planned
        for state in ("draft", "posted"):
            if state == "posted":
                self.post(move_line.move_id)
            for vals in (
                {"milestone_billing_line_id": False},
                {"milestone_billing_line_id": self.designs.id},
                {"milestone_billing_planned": 1.0},
            ):
                line_vals = {"invoice_line_ids": [Command.update(move_line.id, vals)]}
                with self.subTest(state=state, vals=vals):
                    self.rpc(user, move_line, "write", vals)
                    with suppress(UserError):  # a posted invoice is not edited at all
                        self.rpc(user, move_line.move_id, "write", line_vals)
                    self.assertEqual(move_line.milestone_billing_line_id, self.build)
                    self.assertEqual(move_line.milestone_billing_planned, plan)
        self.assertEqual(self.build.state, "billed")
        self.assertEqual(self.designs.state, "upcoming")

    # --- the tick ---

    def get_ticks(self, milestone):
        """Return the roads by which a milestone is marked done."""
        return {
            "write": (milestone, "write", {"is_reached": True}),
            "web_save": (milestone, "web_save", {"is_reached": True}, {"name": {}}),
            "panel": (milestone, "toggle_is_reached", True),
            "action": (milestone, "action_mark_done"),
            "import": (
                milestone,
                "load",
                [".id", "is_reached"],
                [[str(milestone.id), "1"]],
            ),
        }

    def test_tick_is_open_to_project_users_on_every_road(self):
        for kind in TICKERS:
            for road, (records, *call) in self.get_ticks(self.milestone).items():
                with self.subTest(kind=kind, road=road), self.undone():
                    answer = self.rpc(self.users[kind], records, *call)
                    self.assertEqual(self.build.state, "drafted")
                    self.assertFalse(self.build.check_code)
                    if kind == "project_user":
                        self.assertNoSecret(answer)
                    self.rpc(self.users[kind], records, "write", {"is_reached": False})
                    self.assertEqual(self.build.state, "upcoming")

    def test_tick_is_refused_to_the_others_on_every_road(self):
        for kind in KINDS.keys() - set(TICKERS):
            for road, (records, *call) in self.get_ticks(self.milestone).items():
                if road == "import":  # answers with messages, and imports nothing
                    continue
                with self.subTest(kind=kind, road=road):
                    self.assertRefused(self.users[kind], records, *call)
                    self.assertEqual(self.build.state, "upcoming")

    def test_tick_in_an_invited_only_project_needs_the_invitation_only(self):
        self.project.privacy_visibility = "followers"
        user = self.users["project_user"]
        self.assertRefused(user, self.milestone, "toggle_is_reached", True)
        self.project.message_subscribe(user.partner_id.ids)
        self.rpc(user, self.milestone, "toggle_is_reached", True)
        self.assertEqual(self.build.state, "drafted")
        self.rpc(user, self.milestone, "toggle_is_reached", False)
        self.assertEqual(self.build.state, "upcoming")

    def test_request_of_who_ticks_shapes_no_invoice(self):
        """The invoice is made beyond his rights: no context of his reaches it."""
        bank = self.env["res.partner.bank"].create(
            {
                "acc_number": "NL00EVIL",
                "partner_id": self.users["employee"].partner_id.id,
            }
        )
        self.rpc(self.users["project_user"], self.milestone, "action_mark_done")
        plain = self.get_invoices(self.build)
        fnames = [
            "name",
            "ref",
            "state",
            "narration",
            "auto_post",
            "invoice_date",
            "invoice_date_due",
            "partner_bank_id",
            "amount_untaxed",
            "amount_total",
            "is_manually_modified",
            "message_partner_ids",
        ]
        expected = plain.read(fnames, load=None)[0]
        log = plain.message_ids.mapped("body")
        self.rpc(
            self.users["project_user"],
            self.milestone,
            "write",
            {"is_reached": False},
        )
        self.rpc(
            self.users["project_user"],
            self.milestone,
            "write",
            {"is_reached": True},
            context={
                "default_name": "Mine/1",
                "default_ref": "Mine",
                "default_narration": "Pay me",
                "default_auto_post": "at_date",
                "default_invoice_date": "2026-01-01",
                "default_partner_bank_id": bank.id,
                "default_discount": 10.0,
                "default_message_partner_ids": self.users["employee"].partner_id.ids,
                "default_tax_ids": [Command.clear()],
                "check_move_validity": False,
                "skip_invoice_sync": True,
                "skip_is_manually_modified": False,
                "tracking_disable": True,
            },
        )
        forged = self.get_invoices(self.build)
        actual = forged.read(fnames, load=None)[0]
        self.assertEqual({**actual, "id": 0}, {**expected, "id": 0})
        self.assertEqual(forged.message_ids.mapped("body"), log)
        self.assertEqual(len(forged.line_ids), 3)

    def test_defaults_of_the_screen_shape_no_invoice(self):
        self.contract.automation = "manual"
        self.mark_done(self.build)
        self.rpc(
            self.users["accountant"],
            self.build,
            "action_create_draft_invoice_per_contract",
            context={"default_name": "Build", "default_ref": "Build"},
        )
        self.assertRecordValues(
            self.get_invoices(self.build), [{"name": False, "ref": False}]
        )

    # --- the project user's view of a billed project ---

    def get_everything(self, user):
        """Return all that a user can read of the project and about it."""
        project = self.project
        found = [
            self.rpc(user, project, "get_panel_data"),
            self.rpc(user, project, "get_milestones"),
        ]
        # the payer's own record is no secret: its log is left out
        not_payer = [("model", "!=", "res.partner")]
        messages, activities, notifications = (
            self.env[model].browse(self.rpc(user, self.env[model], "search", domain))
            for model, domain in (
                ("mail.message", not_payer),
                ("mail.activity", []),
                ("mail.notification", []),
            )
        )
        for records in (project, self.milestones, messages, activities, notifications):
            found.append(self.read_all_fields(user, records))
        self.env.invalidate_all()
        found.append(Store().add(messages.with_user(user)).get_result())
        return found

    def read_all_fields(self, user, records):
        """Return what a user can read of records."""
        # core's own, shown to all who read a project with an analytic account
        core_only = {"analytic_account_balance"}
        fnames = [*(self.rpc(user, records, "fields_get").keys() - core_only)]
        with suppress(AccessError, KeyError):
            return self.rpc(user, records, "read", fnames)
        # some of core's own fields need rights or features that are missing
        found = []
        for fname in fnames:
            with suppress(AccessError, KeyError):
                found.append(self.rpc(user, records, "read", [fname]))
        return found

    @contextmanager
    def assertKeptFrom(self, user):
        """What happens within shows the user nothing secret, nor mails it to him."""
        with self.mock_mail_gateway():
            yield
            self.flush_tracking()
        self.assertNoSecret(self.get_everything(user))
        partner = user.partner_id
        for mail in self._new_mails.exists():
            if partner in mail.recipient_ids or user.email in (mail.email_to or ""):
                self.assertNoSecret([mail.subject, mail.body_html, mail.body])

    def flush_tracking(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    def test_sweep_would_find_what_it_looks_for(self):
        with self.assertRaisesRegex(AssertionError, "leaks"):
            self.assertNoSecret(self.get_everything(self.users["project_admin"]))

    def test_project_user_learns_no_figure_in_the_life_of_a_project(self):
        user, accountant = self.users["project_user"], self.users["accountant"]
        self.project.user_id = user
        self.project.message_subscribe(user.partner_id.ids)
        self.flush_tracking()
        with self.assertKeptFrom(user):
            self.contract.with_user(self.project_admin).contract_sum = 74319.58
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "toggle_is_reached", True)
        move = self.get_invoices(self.build)
        self.assertEqual(move.partner_id, self.payer)
        with self.assertKeptFrom(user):
            move.with_user(accountant).partner_id = self.customer
            move.with_user(accountant).partner_id = self.payer
        with self.assertKeptFrom(user):
            self.post(move)
            move.with_user(accountant).message_post(
                body="Confidential: 18,579.89 is due",
                subtype_xmlid="mail.mt_comment",
            )
        with self.assertKeptFrom(user):
            self.pay(move)
        self.assertNotIn(user.partner_id, move.message_partner_ids)
        with self.assertKeptFrom(user):
            self.credit(move)

    def test_refusals_tell_the_project_user_no_figure(self):
        user = self.users["project_user"]
        self.bill(self.build)
        other = self.create_contract("Other", []).project_id
        for method, *args in (
            ("write", {"is_reached": False}),
            ("toggle_is_reached", False),
            ("unlink",),
            ("write", {"project_id": other.id}),
        ):
            with self.subTest(method=method, args=args):
                with self.assertRaises(UserError) as refusal:
                    self.rpc(user, self.milestone, method, *args)
                # in our own words
                self.assertIn(self.milestone.name, str(refusal.exception))
                self.assertNoSecret(str(refusal.exception))

    def test_blocked_tick_tells_the_project_user_no_figure(self):
        user = self.users["project_user"]
        self.designs.write({"basis": "fixed", "amount": 90000.0})
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "toggle_is_reached", True)
        self.assertTrue(self.milestone.is_reached)
        self.assertTrue(self.build.blocking_reason)

    def test_draft_is_kept_from_the_project_user_beside_an_analytic_account(self):
        # once posted, core adds it to the balance that the project shows to everyone
        self.project._create_analytic_account()
        user = self.users["project_user"]
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "toggle_is_reached", True)
        self.assertTrue(self.build.move_line_ids.analytic_distribution)

    def test_responsible_without_accounting_is_sent_no_activity(self):
        user = self.users["project_user"]
        self.contract.user_id = user
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "toggle_is_reached", True)
        self.assertFalse(self.get_invoices(self.build).activity_ids)

    def test_only_managers_delete_a_milestone_with_lines(self):
        milestone = self.designs.milestone_id
        for kind in ("project_user", "invoicing_project_user"):
            with self.subTest(kind), self.assertRaises(UserError) as refusal:
                self.rpc(self.users[kind], milestone, "unlink")
            self.assertNoSecret(str(refusal.exception))
        self.rpc(self.users["manager"], milestone, "unlink")
        self.assertFalse(self.designs.exists())
        # a schedule that is true
        self.assertEqual(
            self.final.amount_planned, self.deposit.amount_planned * 2 + 0.01
        )
        self.assertFalse(self.contract.amount_unscheduled)

    def test_milestone_without_lines_is_deleted_by_project_users(self):
        milestone = self.env[MILESTONE].create(
            {"name": "Internal", "project_id": self.project.id}
        )
        self.rpc(self.users["project_user"], milestone, "unlink")
        self.assertFalse(milestone.exists())

    def test_milestone_with_lines_leaves_its_project_for_nobody(self):
        other = self.create_contract("Other", []).project_id
        for kind in ("project_user", "manager", "project_admin"):
            with self.subTest(kind), self.assertRaises(UserError) as refusal:
                self.rpc(
                    self.users[kind],
                    self.designs.milestone_id,
                    "write",
                    {"project_id": other.id},
                )
            self.assertNotIsInstance(refusal.exception, AccessError)
            self.assertNoSecret(str(refusal.exception))
        self.assertEqual(self.designs.milestone_id.project_id, self.project)
        self.assertEqual(self.designs.project_id, self.project)

    # --- an invited-only project ---

    def test_invited_only_schedule_is_seen_by_the_invited_and_by_accounting(self):
        self.project.privacy_visibility = "followers"
        for kind in READERS:
            user = self.users[kind]
            for invited in (False, True):
                if invited:
                    self.project.message_subscribe(user.partner_id.ids)
                seen = invited or kind not in ("billing_user", "manager")
                with self.subTest(kind=kind, invited=invited):
                    for records in (self.contract, self.lines):
                        ids = self.rpc(user, records, "search", [])
                        self.assertEqual(len(ids), len(records) if seen else 0)
                        if not seen:
                            self.assertRefused(user, records, "read", ["currency_id"])

    def test_accounting_opens_lines_of_projects_it_cannot_open(self):
        self.project.privacy_visibility = "followers"
        self.bill(self.build)
        for kind in ("accountant", "auditor"):
            user = self.users[kind]
            self.assertRefused(user, self.project, "read", ["name"])
            for records in (
                self.contract,
                self.lines,
                self.get_invoices(self.build),
            ):
                for view in ("list", "form", "kanban"):
                    with self.subTest(f"{kind}: {view} of {records._name}"):
                        spec = self.get_view_spec(user, records, view)
                        self.rpc(user, records, "web_read", spec)
            with self.subTest(f"{kind}: search"):
                found = self.rpc(
                    user, self.lines, "search", [("project_name", "=", "Website")]
                )
                self.assertEqual(len(found), 4)
                found = self.rpc(
                    user, self.contract, "search", [("project_name", "=", "Website")]
                )
                self.assertEqual(found, self.contract.ids)
            with self.subTest(f"{kind}: name"):
                [name] = self.rpc(user, self.contract, "read", ["display_name"])
                self.assertIn("Website", name["display_name"])
            for fname in ("contract_id", "project_id", "milestone_id"):
                with self.subTest(f"{kind}: grouped by {fname}"):
                    groups = self.rpc(
                        user,
                        self.lines,
                        "formatted_read_group",
                        [],
                        [fname],
                        ["__count"],
                    )
                    self.assertEqual(sum(group["__count"] for group in groups), 4)

    def get_view_spec(self, user, records, view_type):
        """Return what a client reads to show the addon's fields in a view."""
        views = self.rpc(user, records, "get_views", [(False, view_type)])
        arch = etree.fromstring(views["views"][view_type]["arch"])
        ours = {field.name: field for field in self.get_addon_fields(records._name)}
        shown = {node.get("name") for node in arch.iter("field")} & ours.keys()
        return {
            fname: {"fields": {"display_name": {}}} if ours[fname].relational else {}
            for fname in shown
        }

    def test_accountant_bills_a_line_of_a_project_he_cannot_open(self):
        self.project.privacy_visibility = "followers"
        self.contract.automation = "manual"
        self.mark_done(self.build)
        self.rpc(self.users["accountant"], self.build, "action_create_draft_invoice")
        self.assertEqual(self.build.state, "drafted")

    def test_accounting_handles_invoices_of_projects_it_cannot_open(self):
        self.project.privacy_visibility = "followers"
        user = self.users["accountant"]
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        self.rpc(user, move, "write", {"partner_id": self.customer.id})
        vals = {"price_unit": 100.0, "name": "Part"}
        self.rpc(
            user,
            move,
            "write",
            {"invoice_line_ids": [Command.update(move.invoice_line_ids.id, vals)]},
        )
        self.rpc(user, move, "write", {"invoice_date": "2026-03-31"})
        self.rpc(user, move, "action_post")
        self.rpc(user, move, "button_draft")
        self.rpc(user, move, "button_cancel")
        self.assertEqual(self.build.state, "ready")
        self.rpc(user, self.build, "action_create_draft_invoice")
        draft = self.get_invoices(self.build) - move
        self.rpc(user, draft, "unlink")
        self.assertEqual(self.build.state, "ready")
        self.rpc(user, self.build, "action_create_draft_invoice")
        invoice = self.post(self.get_invoices(self.build) - move)
        wizard = self.env["account.move.reversal"].browse(
            self.rpc(
                user,
                self.env["account.move.reversal"],
                "create",
                {
                    "move_ids": [Command.set(invoice.ids)],
                    "journal_id": invoice.journal_id.id,
                    "date": "2026-03-31",
                },
            )
        )
        self.rpc(user, wizard, "modify_moves")
        self.assertEqual(self.build.state, "drafted")

    def test_link_is_for_customer_documents_only(self):
        """A vendor bill that bills a stage would count as billed."""
        link = {
            "name": "Not ours",
            "price_unit": 10.0,
            "milestone_billing_line_id": self.build.id,
        }
        for move_type in ("in_invoice", "in_refund"):
            vals = {
                "move_type": move_type,
                "partner_id": self.customer.id,
                "invoice_line_ids": [Command.create(link)],
            }
            with self.subTest(move_type), self.undone():
                ids = self.rpc(self.users["accountant"], self.env[MOVE], "create", vals)
                bill = self.env[MOVE].browse(ids)
                self.assertFalse(bill.line_ids.milestone_billing_line_id)
            # nor does the system itself link one
            with self.undone(), self.assertRaises(UserError):
                self.env[MOVE].with_user(SUPERUSER_ID).create(vals)

    # --- whoever needs no accounting to edit ---

    def test_manager_without_accounting_opens_and_edits_the_billing_page(self):
        self.build.tax_ids = self.tax
        self.contract.write(
            {
                "journal_id": self.company_data["default_journal_sale"].id,
                "payment_term_id": self.pay_terms_a.id,
            }
        )
        self.bill(self.deposit)
        for kind in EDITORS:
            user = self.users[kind]
            with self.subTest(kind=kind), self.undone():
                views = self.rpc(user, self.contract, "get_views", [(False, "form")])
                ours = {field.name for field in self.get_addon_fields(CONTRACT)}
                shown = views["models"][CONTRACT]["fields"].keys() & ours
                spec = {fname: {} for fname in shown}
                spec["line_ids"] = {
                    "fields": {
                        "name": {},
                        "amount_planned": {},
                        "blocking_reason": {},
                        "tax_ids": {"fields": {"display_name": {}}},
                        "product_id": {"fields": {"display_name": {}}},
                    }
                }
                self.rpc(user, self.contract, "web_read", spec)
                self.rpc(
                    user,
                    self.contract,
                    "web_save",
                    {
                        "reference": "C-1",
                        "line_ids": [Command.update(self.build.id, {"percent": 20})],
                    },
                    spec,
                )

    def test_manager_without_accounting_deletes_what_was_cancelled(self):
        move = self.bill(self.build)
        move.button_cancel()
        self.rpc(self.users["manager"], self.build, "unlink")
        self.assertFalse(self.build.exists())
        self.assertFalse(move.line_ids.milestone_billing_line_id)

    def test_values_of_a_request_stay_as_they_are(self):
        """The server uses them again when it tries a request a second time."""
        vals = {"name": "Mine", "contract_id": self.contract.id}
        self.rpc(self.users["manager"], self.lines, "create", [vals])
        self.assertEqual(vals, {"name": "Mine", "contract_id": self.contract.id})

    # --- portal ---

    def test_portal_customer_reads_his_invoice_and_nothing_of_the_schedule(self):
        user = self.users["portal"]
        move = self.bill(self.build)
        move.message_subscribe(user.partner_id.ids)
        self.assertTrue(self.rpc(user, move, "read", ["amount_total"]))
        for records in (move, move.invoice_line_ids):
            for field in self.get_addon_fields(records._name):
                calls = self.get_reading_calls(records, field, user)
                for road, call in calls.items():
                    with self.subTest(f"{road} of {field}"):
                        self.assertRefused(user, records, *call)

    def test_draft_is_kept_from_the_portal_customer(self):
        self.mark_done(self.build)
        move = self.get_invoices(self.build)
        self.assertRefused(self.users["portal"], move, "read", ["name"])

    def test_failed_sending_tells_only_who_may_read_the_invoice(self):
        user = self.users["project_user"]
        self.project.user_id = user
        self.contract.user_id = False
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "toggle_is_reached", True)
            move = self.get_invoices(self.build)
            move._schedule_milestone_sending_failed("Confidential: no address")
        self.assertEqual(self.project.activity_ids.user_id, user)
        self.contract.user_id = self.accountant
        move._schedule_milestone_sending_failed("Confidential: no address")
        self.assertEqual(move.activity_ids.user_id, self.accountant)
        self.assertIn("no address", move.activity_ids.note)

    # --- acceptance ---

    def accept(self):
        """Sign for the milestone as the controller does for the portal customer."""
        user = self.users["portal"]
        self.milestone.with_user(user).sudo()._accept(
            "Seen by the manager", draw_signature(), user.partner_id
        )

    def test_project_user_forges_no_acceptance(self):
        user = self.users["project_user"]
        new = {"name": "Signed", "project_id": self.project.id}
        for vals in (
            {"acceptance_state": "accepted"},
            {"acceptance_signed_by": "The client"},
            {"acceptance_signature": draw_signature()},
        ):
            self.assertRefused(user, self.milestone, "write", vals)
            self.assertRefused(user, self.milestones, "create", {**new, **vals})
            [(fname, value)] = vals.items()
            with self.undone():
                ids = self.rpc(
                    user,
                    self.milestones,
                    "create",
                    new,
                    context={f"default_{fname}": value},
                )
                self.assertFalse(self.milestones.browse(ids)[fname])

    def test_signature_is_no_file_that_could_be_replaced(self):
        self.milestone.action_ask_acceptance()
        self.accept()
        files = self.env["ir.attachment"].search(
            [
                ("res_model", "=", MILESTONE),
                ("res_id", "=", self.milestone.id),
                ("res_field", "!=", False),
            ]
        )
        self.assertFalse(files)
        self.assertTrue(self.milestone.acceptance_signature)

    def test_acceptance_tells_the_project_user_no_figure(self):
        user = self.users["project_user"]
        self.project.user_id = user
        self.project.message_subscribe(user.partner_id.ids)
        self.flush_tracking()
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "action_ask_acceptance")
        with self.assertKeptFrom(user):
            self.accept()
        self.assertEqual(self.project.activity_ids.user_id, user)
        with self.assertKeptFrom(user):
            self.rpc(user, self.milestone, "toggle_is_reached", False)

    def test_collaborator_reads_nothing_of_the_acceptance(self):
        self.rpc(self.users["project_user"], self.milestone, "action_ask_acceptance")
        self.accept()
        for kind, is_shown in (("collaborator", False), ("project_user", True)):
            user = self.users[kind]
            ids = self.rpc(user, self.env["mail.message"], "search", [])
            messages = self.env["mail.message"].browse(ids).with_user(user)
            with self.subTest(kind=kind):
                self.assertEqual(
                    "Seen by the manager" in repr(messages.mapped("body")), is_shown
                )
                self.assertEqual(
                    "asked the client" in repr(messages.mapped("body")), is_shown
                )

    # --- decisions ---

    def test_only_invoicing_users_decide(self):
        decision = self.env[DECISION]
        vals = {
            "line_id": self.designs.id,
            "kind": "carry",
            "amount": 100.0,
            "reason": "Agreed",
        }
        self.build._give_up_open("carry", "Agreed")
        made = self.build.decision_ids
        for kind, user in self.users.items():
            with self.subTest(kind=kind), self.undone():
                self.assertRefused(user, made, "write", {"amount": 1.0})
                if kind in INVOICING:
                    self.rpc(user, decision, "create", vals)
                    self.rpc(user, made, "unlink")
                    continue
                self.assertRefused(user, decision, "create", vals)
                self.assertRefused(user, made, "unlink")
                self.assertRefused(user, self.env[DECIDE], "create", {"reason": "x"})
                vals_of_line = {"decision_ids": [Command.create(vals)]}
                self.assertRefused(user, self.designs, "write", vals_of_line)
