from odoo.fields import Command

from .common_rights import (
    CHANGE,
    CONTRACT,
    DECIDE,
    DECISION,
    EDITORS,
    INVOICING,
    KINDS,
    LINE,
    MILESTONE,
    MOVE,
    OUTSIDERS,
    PART,
    POSTPONE,
    PROJECT,
    READERS,
    RUN,
    RUN_ITEM,
    SETUP,
    TEMPLATE,
    TICKERS,
    RightsCommon,
)

# who may call what; the others are refused
PUBLIC_METHODS = {
    (LINE, "action_mark_done"): (*EDITORS, "invoicing_project_user"),
    (LINE, "action_postpone"): (*EDITORS, "invoicing_project_user"),
    (LINE, "action_ask_acceptance"): (*EDITORS, "invoicing_project_user"),
    (LINE, "action_create_draft_invoice"): INVOICING,
    (LINE, "action_create_draft_invoice_per_contract"): INVOICING,
    (LINE, "action_make_drafts"): INVOICING,
    (LINE, "action_make_drafts_per_contract"): INVOICING,
    (LINE, "action_confirm_drafts"): INVOICING,
    (LINE, "action_draft_in_background"): INVOICING,
    (LINE, "action_confirm_in_background"): INVOICING,
    (LINE, "action_open_drafts"): (*INVOICING, "auditor"),
    (LINE, "action_fix"): READERS,
    (LINE, "action_ask"): READERS,
    (LINE, "action_check_again"): READERS,
    # opens a form that only invoicing users can save
    (LINE, "action_decide"): tuple(KINDS),
    (LINE, "action_bill_part"): tuple(KINDS),
    (LINE, "action_link_document"): tuple(KINDS),
    (LINE, "action_open_documents"): (*INVOICING, "auditor"),
    (DECIDE, "action_confirm"): INVOICING,
    (DECISION, "action_undo"): INVOICING,
    (PART, "action_confirm"): INVOICING,
    # of one's own
    (RUN, "get_progress"): READERS,
    (RUN, "action_show"): READERS,
    (RUN, "action_cancel"): READERS,
    (RUN, "action_dismiss"): READERS,
    (RUN_ITEM, "action_open_line"): READERS,
    (CHANGE, "action_open"): tuple(KINDS),
    (CHANGE, "action_send"): EDITORS,
    (CHANGE, "action_withdraw"): EDITORS,
    (CHANGE, "action_decline"): EDITORS,
    (CHANGE, "action_cancel"): EDITORS,
    # takes both a manager's right and Invoicing, which none of these has
    (CHANGE, "action_approve"): (),
    (MOVE, "action_open_milestone_billing"): (*INVOICING, "auditor"),
    (MOVE, "action_open_milestones"): (*INVOICING, "auditor"),
    (MOVE, "action_decide_milestones"): (*INVOICING, "auditor"),
    (MILESTONE, "action_mark_done"): TICKERS,
    (MILESTONE, "action_postpone"): TICKERS,
    (POSTPONE, "action_confirm"): TICKERS,
    (MILESTONE, "mark_done"): TICKERS,
    (MILESTONE, "action_ask_acceptance"): TICKERS,
    (MILESTONE, "action_withdraw_acceptance"): TICKERS,
    (MILESTONE, "action_create_draft_invoice"): INVOICING,
    (MILESTONE, "action_create_draft_invoice_per_contract"): INVOICING,
    (PROJECT, "action_apply_schedule"): EDITORS,
    (PROJECT, "action_open_billing"): READERS,
    (PROJECT, "get_billing_timeline"): (*READERS, "project_user"),
    (LINE, "action_open_queue"): READERS,
    (LINE, "get_deletion_message"): READERS,
    (TEMPLATE, "get_cards"): READERS,
    (SETUP, "action_create"): EDITORS,
    (CONTRACT, "action_save_as_template"): EDITORS,
    (CONTRACT, "action_check_again"): READERS,
    (CONTRACT, "action_ask_signature"): EDITORS,
    (CONTRACT, "action_withdraw_signature"): EDITORS,
    (CONTRACT, "action_create_draft_invoice_per_contract"): INVOICING,
    # open what only who may see it can read
    (CONTRACT, "action_new_change"): tuple(KINDS),
    (CONTRACT, "action_open_changes"): tuple(KINDS),
    (CONTRACT, "action_print_changes"): READERS,
    (CONTRACT, "action_open_invoices"): (*INVOICING, "auditor"),
    (CONTRACT, "action_open_project"): READERS,
    (CONTRACT, "action_open_dashboard"): READERS,
    (CONTRACT, "action_preview_billing"): READERS,
    (CONTRACT, "action_print_billing_schedule"): READERS,
    (CONTRACT, "action_send_billing_schedule"): READERS,
    (CONTRACT, "get_billing_timeline"): READERS,
}
# what a stage that is done has no use for
OF_NOT_DONE = ("action_mark_done", "action_ask_acceptance", "action_postpone")
# what only a stage with a draft has a use for
OF_DRAFTED = (
    "action_confirm_drafts",
    "action_confirm_in_background",
    "action_open_drafts",
)
# what only another addon calls
NOT_OURS = {(MOVE, "do_merge")}


class TestActing(RightsCommon):
    """Everybody does what is his to do, and no more."""

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
            PART: self.env[PART]
            .with_user(user)
            .sudo()
            .create({"line_id": self.build.id, "amount": 5}),
            POSTPONE: self.env[POSTPONE]
            .with_user(user)
            .sudo()
            .create(
                {
                    "milestone_id": self.milestone.id,
                    "new_deadline": "2030-01-01",
                    "reason": "Later",
                }
            ),
            CHANGE: self.env[CHANGE].create(
                {"contract_id": self.contract.id, "name": "More", "amount": 5}
            ),
            CONTRACT: self.contract,
            MILESTONE: self.milestone,
            MOVE: self.get_invoices(self.deposit),
            PROJECT: self.project,
            SETUP: self.env[SETUP]
            .with_user(user)
            .sudo()
            .create({"template_id": self.env[TEMPLATE].search([], limit=1).id}),
            TEMPLATE: self.env[TEMPLATE],
            RUN: (run := self.env[RUN]._ask("draft", self.build, user)),
            RUN_ITEM: run.item_ids,
        }

    def test_public_methods_serve_whom_they_are_for(self):
        self.bill(self.deposit)
        self.contract.automation = "manual"
        self.milestone.is_reached = True
        self.designs._give_up_open("carry", "Agreed")
        for (model, method), allowed in PUBLIC_METHODS.items():
            for kind, user in self.users.items():
                with self.subTest(f"{kind}: {model}.{method}"), self.undone():
                    if method in OF_NOT_DONE or model == POSTPONE:
                        self.milestone.is_reached = False
                    elif method in OF_DRAFTED:
                        self.build.action_create_draft_invoice()
                    elif method in ("action_ask", "action_fix"):
                        self.contract.partner_id = False
                    records = self.get_called_records(user)[model]
                    if kind not in allowed:
                        self.assertRefused(user, records, method)
                        continue
                    answer = self.rpc(user, records, method)
                    if kind in OUTSIDERS:
                        self.assertNoSecret(answer)

    # --- the tick ---

    def get_ticks(self, milestone):
        """Return the roads by which a milestone is marked done."""
        return {
            "write": (milestone, "write", {"is_reached": True}),
            "web_save": (milestone, "web_save", {"is_reached": True}, {"name": {}}),
            "panel": (milestone, "toggle_is_reached", True),
            "action": (milestone, "action_mark_done"),
            "other system": (milestone, "mark_done"),
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

    # --- an invited-only project ---

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
