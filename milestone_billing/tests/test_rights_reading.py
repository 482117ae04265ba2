from lxml import etree

from odoo import models

from .common_rights import (
    DIGEST,
    MILESTONE,
    OUTSIDERS,
    POSTPONE,
    PROJECT,
    READERS,
    RightsCommon,
)

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
    "res.company": {
        "milestone_billing_acceptance",
        "milestone_billing_automation",
        "milestone_billing_portal",
        "milestone_billing_product_id",
        "milestone_billing_reminder_days",
        "milestone_billing_template_id",
        "milestone_billing_user_id",
    },
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
            "done_by_trigger",
            "done_trigger",
            "undone_deadline",
            "waits_because",
            *ACCEPTANCE,
        },
        # one's own page of what waits, and the form that postpones
        DIGEST: {
            "line_ids",
            "milestone_ids",
            "told",
            "told_on",
            "user_id",
            "waiting_count",
            *models.LOG_ACCESS_COLUMNS,
        },
        POSTPONE: {
            "deadline",
            "milestone_id",
            "new_deadline",
            "reason",
            *models.LOG_ACCESS_COLUMNS,
        },
        PROJECT: {
            "billing_badge",
            "billing_bar",
            "billing_next_date",
            "billing_next_milestone_id",
            "billing_next_name",
            "billing_share",
            "billing_stage_count",
            "billing_stage_done_count",
            "billing_state",
            "billing_status",
            "is_fully_billed",
        },
    },
}


class TestReading(RightsCommon):
    """Nobody reads what is none of his business."""

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
