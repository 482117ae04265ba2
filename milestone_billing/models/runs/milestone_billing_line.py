from odoo import fields, models

from ..refusal import BillingRefusal

MAX_AT_ONCE = 200
"""How many stages a request works off itself: 200 drafts take it about ten seconds."""


class MilestoneBillingLine(models.Model):
    """Too many stages for one request are worked off in the background."""

    _inherit = "milestone.billing.line"

    run_item_ids = fields.One2many(
        comodel_name="milestone.billing.run.item",
        inverse_name="line_id",
        export_string_translation=False,
    )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_make_drafts(self):
        # many of them in the background
        if self._is_too_many():
            return self._start_run("draft")
        return super().action_make_drafts()

    def action_make_drafts_per_contract(self):
        # many of them in the background
        if self._is_too_many():
            return self._start_run("draft_per_contract")
        return super().action_make_drafts_per_contract()

    def action_confirm_drafts(self):
        # many of them in the background
        if self._is_too_many():
            return self._start_run("confirm")
        return super().action_confirm_drafts()

    def action_draft_in_background(self):
        """Make the draft invoices of these lines in the background, however few.

        :return: the action that says so
        :raise AccessError: when the user may not make invoices
        """
        return self._start_run("draft")

    def action_confirm_in_background(self):
        """Post the draft invoices that have these lines in the background, however few.

        :return: the action that says so
        :raise AccessError: when the user may not make invoices
        """
        return self._start_run("confirm")

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _create_drafts_by_hand(self, per_contract=False):
        if self._is_too_many():
            return self._start_run("draft_per_contract" if per_contract else "draft")
        return super()._create_drafts_by_hand(per_contract)

    def _draft_reached(self, user):
        if not self._is_too_many():
            return super()._draft_reached(user)
        self.env["milestone.billing.run"]._ask("tick", self, user)
        return self.env["account.move"]

    def _prepare_to_do(self):
        to_do = super()._prepare_to_do()
        if self.state == "ready" and self._get_open_run():
            return {**to_do, "text": self.env._("Being drafted in the background.")}
        return to_do

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _is_too_many(self):
        """Whether these lines are more than one request works off."""
        return len(self) > MAX_AT_ONCE

    def _get_workable(self, act):
        """Return those of these lines with which a run has something to do.

        :param str act: what the run does
        """
        if act == "confirm":
            return self.filtered(lambda line: line.state == "drafted")
        return self._get_reached_open()

    def _get_open_run(self, act=None):
        """Return the run that has this line yet to work off.

        :param str act: what the run does, by default drafting
        """
        return self.run_item_ids.filtered(
            lambda item: (
                item.state == "waiting"
                and (item.run_id.act == "confirm") == (act == "confirm")
            )
        ).run_id

    def _start_run(self, act):
        """Have something done with these lines in the background.

        :param str act: as the run takes it
        :return: the action that says so
        :raise AccessError: when the user may not make invoices
        :raise UserError: when there is nothing to do with any of them
        """
        self._check_may_invoice()
        lines = self._get_workable(act)
        if not lines and act == "confirm":
            raise BillingRefusal(
                self.env._("None of these lines has a draft invoice to confirm.")
            )
        if not lines:
            raise BillingRefusal(self._get_skipped_message())
        run = self.env["milestone.billing.run"]._ask(act, lines, self.env.user)
        if not run:
            message = self.env._(
                "These stages are worked off in the background already."
            )
        else:
            message = run.with_context(lang=self.env.lang)._get_asked_message()
        return self._get_result_action("info", message)
