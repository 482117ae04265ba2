import re

from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import new_test_user

from odoo.addons.mail.tests.common import MockEmail

from .common import MilestoneBillingCommon, draw_signature

CHANGE = "milestone.billing.change"
CONTRACT = "milestone.billing.contract"
DECIDE = "milestone.billing.decide"
DECISION = "milestone.billing.decision"
DIGEST = "milestone.billing.digest"
LINE = "milestone.billing.line"
MILESTONE = "project.milestone"
MOVE = "account.move"
PART = "milestone.billing.part"
POSTPONE = "milestone.billing.postpone"
PROJECT = "project.project"
SETUP = "milestone.billing.setup"
TEMPLATE = "milestone.billing.template"
RUN = "milestone.billing.run"
RUN_ITEM = "milestone.billing.run.item"

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

    def accept(self):
        """Sign for the milestone as the controller does for the portal customer."""
        user = self.users["portal"]
        self.milestone.with_user(user).sudo()._accept(
            "Seen by the manager", draw_signature(), user.partner_id
        )
