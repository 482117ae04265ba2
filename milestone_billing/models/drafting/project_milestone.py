from odoo import models


class ProjectMilestone(models.Model):
    """The tick: what milestones marked done, or not done any more, do to invoices."""

    _inherit = "project.milestone"

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_create_draft_invoice(self):
        """Make the draft invoices of these milestones' ready lines.

        :return: the action that opens the drafts
        :raise AccessError: when the user may not make invoices
        :raise UserError: when there is nothing to invoice, saying why
        """
        return self.billing_line_ids.action_create_draft_invoice()

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _after_reached(self):
        # never refuses for reasons of billing: what cannot be invoiced is blocked and
        # says why
        res = super()._after_reached()
        if self:
            self._bill_reached()
        return res

    def _before_not_reached(self):
        res = super()._before_not_reached()
        self._remove_untouched_drafts()
        return res

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _bill_reached(self):
        """Bill what the contracts of these milestones marked done bill by themselves."""
        # the row that makes a second transaction wait, fail and be tried again is
        # written before any invoice exists
        self.flush_recordset(["is_reached"])
        # the superuser: whoever marks a milestone done need not be able to make
        # invoices, and nothing of the request shapes the invoice
        milestones = self._as_system().filtered("billing_line_ids")
        if not milestones:
            return
        invoiced = milestones.billing_line_ids._bill_reached(
            self.env.user
        ).milestone_ids
        milestones._log_reached(self.env.user, invoiced)

    def _log_reached(self, user, invoiced):
        """Log on the projects who marked which milestones done, without amounts.

        :param user: who marked them done
        :param invoiced: the milestones for which a draft invoice was made
        """
        bodies = {
            project.id: milestones._get_reached_message(
                user, bool(milestones & invoiced)
            )
            for project, milestones in self.grouped("project_id").items()
        }
        if bodies:
            self.project_id._message_log_batch(bodies=bodies)

    def _get_reached_message(self, user, is_invoiced):
        """Return who marked these milestones of one project done, without amounts."""
        values = {"user": user.name, "milestones": ", ".join(self.mapped("name"))}
        if is_invoiced:
            return self.env._(
                "%(milestones)s marked done by %(user)s: the invoice is drafted.",
                **values,
            )
        if "blocked" in self.billing_line_ids.mapped("state"):
            return self.env._(
                "%(milestones)s marked done by %(user)s: not invoiced. The accountant"
                " sees why.",
                **values,
            )
        return self.env._("%(milestones)s marked done by %(user)s.", **values)

    def _remove_untouched_drafts(self):
        """Remove the draft invoices of milestones that are no longer done.

        To be called after the check of the right to the milestones.

        :raise UserError: when an invoice is posted, was edited or bills more besides;
            nothing is removed then
        """
        # the superuser: who undoes a tick undoes the draft that it made
        milestones = self._as_system()
        removed = milestones.billing_line_ids._remove_untouched_drafts()
        for project, undone in (milestones & removed).grouped("project_id").items():
            project._message_log(
                body=self.env._(
                    "%(milestones)s marked not done by %(user)s: the draft invoice is"
                    " removed.",
                    milestones=", ".join(undone.mapped("name")),
                    user=self.env.user.name,
                )
            )
