from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_date, plaintext2html


class ProjectMilestone(models.Model):
    """The customer's answer: signed or sent back, and who is told."""

    _inherit = "project.milestone"

    # -------------------------------------------------------------------------
    # BUSINESS: answers of the customer
    # -------------------------------------------------------------------------

    def _after_accepted(self):
        self.action_mark_done()
        self._log_answer(self._get_accepted_message())
        self._schedule_answer_activity()

    def _after_returned(self):
        self._log_answer(self._get_returned_message())
        self._schedule_answer_activity()

    def _is_acceptance_allowed(self):
        return self.acceptance_contract_id.allow_acceptance

    def _undo_acceptance(self):
        """Empty the acceptance of milestones that are no longer done, and log that."""
        bodies = {milestone: milestone._get_undone_message() for milestone in self}
        self.write(self._prepare_no_acceptance_vals())
        for milestone, body in bodies.items():
            milestone.project_id._message_log(body=body)

    # -------------------------------------------------------------------------
    # BUSINESS: who is told
    # -------------------------------------------------------------------------

    def _get_acceptance_user(self):
        """Return who is told of the customer's answer: who asked, else the manager."""
        self.ensure_one()
        candidates = self.acceptance_user_id | self.project_id.user_id
        return candidates.filtered(
            lambda user: (
                user.active
                and self.project_id.with_user(user)
                .with_context(allowed_company_ids=user.company_ids.ids)
                .has_access("read")
            )
        )[:1]

    def _schedule_answer_activity(self):
        """Call who asked, else the project manager, in their language."""
        user = self._get_acceptance_user()
        reason = self.acceptance_return_reason
        if user:
            milestone = self.with_context(lang=user.lang)
            milestone.project_id.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=milestone._get_answer_summary(),
                note=reason and plaintext2html(reason),
                user_id=user.id,
            )

    def _log_answer(self, body):
        """Log the customer's answer on the project, in their name."""
        self.project_id._message_log(body=body, author_id=self.acceptance_partner_id.id)

    def _log_acceptance(self, get_message):
        """Log on the projects what ``get_message(milestones)`` says, without amounts."""
        bodies = {
            project.id: get_message(milestones)
            for project, milestones in self.grouped("project_id").items()
        }
        if bodies:
            self.project_id._message_log_batch(bodies=bodies)

    def _prepare_acceptance_message_values(self):
        """Return what the messages of these milestones say: who, and which."""
        return {
            "user": self.env.user.name,
            "milestones": ", ".join(self.mapped("name")),
        }

    @api.model
    def _get_asked_message(self, milestones):
        """Return who asked for the acceptance of which milestones."""
        return self.env._(
            "%(user)s asked the client to accept %(milestones)s.",
            **milestones._prepare_acceptance_message_values(),
        )

    @api.model
    def _get_reminded_message(self, milestones):
        """Return who asked once more for the acceptance of which milestones."""
        return self.env._(
            "%(user)s reminded the client to accept %(milestones)s.",
            **milestones._prepare_acceptance_message_values(),
        )

    @api.model
    def _get_withdrawn_message(self, milestones):
        """Return who does not ask any more for the acceptance of which milestones."""
        return self.env._(
            "%(user)s no longer asks the client to accept %(milestones)s.",
            **milestones._prepare_acceptance_message_values(),
        )

    def _get_answer_summary(self):
        """Return what the customer answered, and who."""
        values = {
            "milestone": self.name,
            "contact": self.acceptance_partner_id.name,
        }
        if self.acceptance_state == "accepted":
            return self.env._("%(milestone)s accepted by %(contact)s", **values)
        return self.env._("%(milestone)s sent back by %(contact)s", **values)

    def _get_accepted_message(self):
        """Return who accepted this milestone, the name they signed with, and for what.

        The criteria can be edited later: the log keeps those that they signed for.
        """
        body = self.env._(
            "%(milestone)s accepted by %(contact)s, signed as “%(name)s”.",
            milestone=self.name,
            contact=self.acceptance_partner_id.name,
            name=self.acceptance_signed_by,
        )
        return Markup("%s%s") % (body, self._quote(self.acceptance_criteria))

    def _get_returned_message(self):
        """Return who sent this milestone back, and why."""
        return Markup("%s%s") % (
            self._get_answer_summary(),
            self._quote(self.acceptance_return_reason),
        )

    def _get_undone_message(self):
        """Return whose acceptance ends with the milestone being no longer done."""
        signed_on = fields.Datetime.context_timestamp(self, self.acceptance_signed_on)
        return self.env._(
            "%(user)s marked %(milestone)s as not done: the acceptance by %(contact)s of"
            " %(date)s was withdrawn with it.",
            user=self.env.user.name,
            milestone=self.name,
            contact=self.acceptance_partner_id.name or self.acceptance_signed_by,
            date=format_date(self.env, signed_on.date()),
        )
