from odoo import fields, models
from odoo.exceptions import UserError

from ..models.marks import Reason


class MilestoneBillingPostpone(models.TransientModel):
    _name = "milestone.billing.postpone"
    _description = "Postpone a Stage"

    milestone_id = fields.Many2one(
        comodel_name="project.milestone",
        string="Stage",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    deadline = fields.Date(
        related="milestone_id.deadline",
        string="Due Until Now",
    )
    new_deadline = fields.Date(
        string="New Date",
        required=True,
    )
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Move the milestone's date, and log the reason with it.

        :return: the action that closes the form
        :raise AccessError: when the user may not edit the milestone
        :raise UserError: when the date is the same, or the milestone done
        """
        self.ensure_one()
        milestone = self.milestone_id
        milestone.check_access("write")
        if milestone.is_reached:
            raise UserError(
                self.env._("%(stage)s is done already.", stage=milestone.name)
            )
        if self.new_deadline == milestone.deadline:
            raise UserError(
                self.env._("Enter another date: the stage is due on this one already.")
            )
        Reason(self.reason).on(milestone).deadline = self.new_deadline
        # sudo: whether somebody reads it on a contract is not told
        if not milestone.sudo().billing_line_ids:
            milestone._message_log(body=self.reason)
        return {"type": "ir.actions.act_window_close"}
