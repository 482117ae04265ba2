from odoo import models
from odoo.exceptions import UserError


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    def _action_send_mail_comment(self, res_ids):
        # EXTENDS 'mail': all who read the project read its chatter and the files there,
        # so the schedule goes to its recipients alone
        if not (
            self.env.context.get("milestone_billing_send_schedule")
            and self.model == "project.project"
        ):
            return super()._action_send_mail_comment(res_ids)
        messages = self.env["mail.message"]
        for res_id, values in self._prepare_mail_values(res_ids).items():
            messages |= self._notify_billing_schedule(values)
            self.env["project.project"].browse(res_id)._log_billing_schedule_sent()
        return messages

    def _notify_billing_schedule(self, values):
        """Send a message to its recipients that no record shows.

        :param dict values: as ``message_post`` takes them
        """
        if not values.get("partner_ids"):
            raise UserError(self.env._("Enter to whom the billing schedule goes."))
        # core forces the type of such messages, and they answer none
        skipped = {"message_type", "parent_id"}
        return self.env["mail.thread"].message_notify(
            **{key: value for key, value in values.items() if key not in skipped}
        )
