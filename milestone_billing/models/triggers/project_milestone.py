import logging

from markupsafe import Markup
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

from odoo.addons.project.models.project_task import CLOSED_STATES

from ..batches import work_off
from ..groups import STATUS_GROUP

_logger = logging.getLogger(__name__)


class ProjectMilestone(models.Model):
    """What marks a milestone done without a tick: its tasks, or its date.

    Both end in :meth:`action_mark_done`. They act once: what somebody marked not done
    waits until a task is closed again, or for another date.
    """

    _inherit = "project.milestone"

    done_trigger = fields.Selection(
        selection=[
            ("manual", "By hand"),
            ("tasks", "When all its tasks are closed"),
            ("date", "On its date"),
        ],
        string="Marked Done",
        help="By hand: somebody marks the milestone done.\n"
        "When all its tasks are closed: whoever closes the last one does; cancelled"
        " tasks count as closed.\n"
        "On its date: it is marked done by itself on that day.",
        default="manual",
        required=True,
        groups=STATUS_GROUP,
        prefetch="milestone_billing",
    )
    done_by_trigger = fields.Selection(
        selection=[
            ("tasks", "All its tasks were closed"),
            ("date", "Its date had come"),
        ],
        string="Done Because",
        help="Why the milestone was marked done without a tick.",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
        prefetch="milestone_billing",
    )
    undone_deadline = fields.Date(
        string="Not Done on Its Date",
        help="The date for which somebody marked the milestone not done: it does not"
        " mark it done again.",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
        prefetch="milestone_billing",
    )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def write(self, vals):
        undone = self.browse()
        if "is_reached" in vals and not vals["is_reached"]:
            # sudo: the trigger steps back, whoever marks the milestone not done
            undone = self.sudo().filtered("is_reached")
        res = super().write(vals)
        if undone:
            undone._respect_undone()
        return res

    def _respect_undone(self):
        """Keep the triggers of milestones that were marked not done from acting again."""
        self.filtered("done_by_trigger").done_by_trigger = False
        for milestone in self.filtered(lambda m: m.done_trigger == "date"):
            if milestone._is_date_come():
                milestone.undone_deadline = milestone.deadline

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _get_reached_message(self, user, moves):
        message = super()._get_reached_message(user, moves)
        causes = [
            milestones._get_trigger_sentence(trigger)
            for trigger, milestones in self.grouped("done_by_trigger").items()
            if trigger
        ]
        return Markup("<br/>").join([*causes, message])

    def _get_trigger_sentence(self, trigger):
        """Return why these milestones were marked done without a tick."""
        names = {"milestones": ", ".join(self.mapped("name"))}
        if trigger == "tasks":
            return self.env._("%(milestones)s: all tasks are closed.", **names)
        return self.env._("%(milestones)s: the date has come.", **names)

    # -------------------------------------------------------------------------
    # BUSINESS: the tasks
    # -------------------------------------------------------------------------

    def _after_task_closed(self):
        """Mark those done of which the last open task was closed just now.

        Closing alone does: no task that is deleted, archived or moved away. Subtasks
        count as tasks, archived ones and those of templates do not.

        :param self: the milestones of the closed tasks, in sudo for who closed them
        """
        waiting = self.search(
            Domain("id", "in", self.ids) & self._get_triggered_domain("tasks")
        )
        if not waiting:
            return
        # of two who close the last two tasks at once, neither sees the other's
        waiting._touch_rows()
        busy = self.env["project.task"].search(
            [
                ("milestone_id", "in", waiting.ids),
                ("state", "not in", list(CLOSED_STATES)),
                ("has_template_ancestor", "=", False),
            ]
        )
        (waiting - busy.milestone_id)._mark_done_by("tasks")

    # -------------------------------------------------------------------------
    # BUSINESS: the date
    # -------------------------------------------------------------------------

    @api.model
    def _cron_mark_done_on_date(self, batch_size=100):
        """Mark those done whose date has come, as who is responsible for them."""
        domain = self._get_triggered_domain("date") & Domain(
            # the day begins east of Greenwich: who is responsible says where
            "deadline",
            "<=",
            fields.Date.add(fields.Date.today(), days=1),
        )
        milestones = self.search(domain, order="deadline, id")
        remaining = len(milestones)
        for ids in split_every(batch_size, milestones.ids):
            remaining -= len(ids)
            if not work_off(
                list(self.browse(ids)),
                lambda batch: batch._mark_done_on_date(),
                lambda milestone, error: _logger.error(
                    "%s could not be marked done", milestone, exc_info=error
                ),
                remaining,
            ):
                break

    def _mark_done_on_date(self):
        """Mark those of these milestones done whose date has come."""
        due = self.filtered(
            lambda m: m._is_date_come() and m.deadline != m.undone_deadline
        )
        for user, milestones in due.grouped(
            lambda m: m._get_responsible_user() or self.env.user
        ).items():
            # sudo: the job acts for the person, whatever they may do
            milestones.with_user(user).sudo().with_context(
                lang=user.lang
            )._mark_done_by("date")

    def _is_date_come(self):
        """Whether the date has come where who is responsible lives."""
        self.ensure_one()
        user = self._get_responsible_user()
        # sudo: the time zone alone
        company = self.sudo().billing_line_ids.company_id[:1] or self.env.company
        tz = user.tz or company.partner_id.tz
        today = fields.Date.context_today(self.with_context(tz=tz or "UTC"))
        return bool(self.deadline) and self.deadline <= today

    def _get_responsible_user(self):
        """Return the contract's responsible, else the project manager, or nobody."""
        self.ensure_one()
        # sudo: who it is, as the log of the project will say
        sudo = self.sudo()
        users = sudo.billing_line_ids.contract_id.user_id | sudo.project_id.user_id
        return users.filtered("active")[:1]

    # -------------------------------------------------------------------------
    # BUSINESS: both
    # -------------------------------------------------------------------------

    @api.model
    def _get_triggered_domain(self, trigger):
        """Return which milestones a trigger may mark done now.

        None of an archived project or contract, nor of a template.
        """
        return Domain(
            [
                ("done_trigger", "=", trigger),
                ("is_reached", "=", False),
                ("project_id.active", "=", True),
                ("project_id.is_template", "=", False),
                "|",
                ("billing_line_ids", "=", False),
                ("billing_line_ids.contract_id.active", "=", True),
            ]
        )

    def _mark_done_by(self, trigger):
        """Mark these milestones done for their trigger, all at once if that works.

        What goes wrong with one is logged, and stops neither the others nor what
        triggered it: billing refuses nothing here, whatever blocks a stage.

        :param str trigger: ``tasks`` or ``date``
        """
        if not self:
            return
        try:
            with self.env.cr.savepoint():
                self.done_by_trigger = trigger
                self.action_mark_done()
        except OperationalError:
            raise  # of another transaction: the server tries it all again
        except Exception as error:  # pylint: disable=broad-except
            if len(self) == 1:
                _logger.error("%s could not be marked done", self, exc_info=error)
                return
            for milestone in self:
                milestone._mark_done_by(trigger)
