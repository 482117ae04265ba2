from markupsafe import Markup

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
        moves = milestones.billing_line_ids._bill_reached(self.env.user)
        milestones._tell_reached(self.env.user, moves)

    def _tell_reached(self, user, moves):
        """Log on the projects who marked these milestones done, and what followed.

        :param user: who marked them done
        :param moves: the draft invoices that were made
        """
        bodies = {
            project.id: milestones._get_reached_message(user, moves)
            for project, milestones in self.grouped("project_id").items()
        }
        if bodies:
            self.project_id._message_log_batch(bodies=bodies)

    def _get_reached_message(self, user, moves):
        """Return who marked these milestones of one project done, without amounts."""
        invoiced = self & moves.milestone_ids
        blocked = (self - invoiced).filtered(
            lambda milestone: "blocked" in milestone.billing_line_ids.mapped("state")
        )
        sentences = [
            invoiced._get_invoiced_sentence(user),
            *(
                milestones._get_blocked_sentence(user, cause)
                for cause, milestones in blocked.grouped(
                    lambda milestone: milestone._get_cause()
                ).items()
            ),
            (self - invoiced - blocked)._get_done_sentence(user),
        ]
        return Markup("<br/>").join(filter(None, sentences))

    def _get_cause(self):
        """Return what blocks a line of this milestone as everybody may read it."""
        return next(
            (
                cause
                for line in self.billing_line_ids
                if line.state == "blocked" and (cause := line._get_cause())
            ),
            False,
        )

    def _prepare_sentence_values(self, user):
        return {"user": user.name, "milestones": ", ".join(self.mapped("name"))}

    def _get_invoiced_sentence(self, user):
        """Return that the invoice of these milestones is drafted."""
        return self and self.env._(
            "%(milestones)s marked done by %(user)s: the invoice is drafted.",
            **self._prepare_sentence_values(user),
        )

    def _get_blocked_sentence(self, user, cause):
        """Return that these milestones are not invoiced, and why if all may know."""
        values = self._prepare_sentence_values(user)
        if cause:
            return self.env._(
                "%(milestones)s marked done by %(user)s, but not invoiced: %(cause)s.",
                cause=cause,
                **values,
            )
        return self.env._(
            "%(milestones)s marked done by %(user)s: not invoiced. The accountant"
            " sees why.",
            **values,
        )

    def _get_done_sentence(self, user):
        """Return that these milestones are done."""
        return self and self.env._(
            "%(milestones)s marked done by %(user)s.",
            **self._prepare_sentence_values(user),
        )

    def _remove_untouched_drafts(self):
        """Remove the draft invoices of milestones that are no longer done.

        To be called after the check of the right to the milestones.

        :raise UserError: when an invoice is posted, was edited or bills more besides;
            nothing is removed then
        """
        # the superuser: who undoes a tick undoes the draft that it made
        milestones = self._as_system()
        removed = milestones.billing_line_ids._remove_untouched_drafts()
        milestones._tell_not_reached(self.env.user, milestones & removed)

    def _tell_not_reached(self, user, removed):
        """Log on the projects who took the tick of these milestones back.

        :param user: who marked them not done
        :param removed: those of which a draft invoice was removed
        """
        bodies = {
            project.id: Markup("<br/>").join(
                filter(
                    None,
                    (
                        (milestones & removed)._get_removed_sentence(user),
                        (milestones - removed)._get_undone_sentence(user),
                    ),
                )
            )
            for project, milestones in self.grouped("project_id").items()
        }
        if bodies:
            self.project_id._message_log_batch(bodies=bodies)

    def _get_removed_sentence(self, user):
        """Return that the draft invoice of these milestones is removed."""
        return self and self.env._(
            "%(milestones)s marked not done by %(user)s: the draft invoice is removed.",
            **self._prepare_sentence_values(user),
        )

    def _get_undone_sentence(self, user):
        """Return that these milestones are not done any more."""
        return self and self.env._(
            "%(milestones)s marked not done by %(user)s.",
            **self._prepare_sentence_values(user),
        )
