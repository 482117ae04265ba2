from odoo import models


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    def _hook_if_errors(self, moves_data, allow_raising=True):
        # EXTENDS 'account': what a milestone sent by itself must not fail unnoticed
        res = super()._hook_if_errors(moves_data, allow_raising=allow_raising)
        for move, data in moves_data.items():
            move._schedule_milestone_sending_failed(
                self._format_error_text(data["error"])
            )
        return res

    def _hook_if_success(self, moves_data, from_cron=False):
        # EXTENDS 'account': core sends nothing, silently, to who has no address
        res = super()._hook_if_success(moves_data, from_cron=from_cron)
        for move, data in moves_data.items() if from_cron else ():
            methods = set(data["sending_methods"])
            has_address = move.partner_id.email or data.get("mail_partner_ids")
            if methods <= {"manual"}:
                move._schedule_milestone_sending_failed(
                    self.env._(
                        "%(customer)s is set to manual sending: send the invoice by"
                        " hand.",
                        customer=move.partner_id.display_name,
                    )
                )
            elif "email" in methods and not has_address:
                move._schedule_milestone_sending_failed(
                    self.env._(
                        "%(customer)s has no e-mail address: enter one and send the"
                        " invoice by hand.",
                        customer=move.partner_id.display_name,
                    )
                )
        return res
