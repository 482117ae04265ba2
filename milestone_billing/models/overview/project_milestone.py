from odoo import models

from ..groups import BILLING_GROUP


class ProjectMilestone(models.Model):
    """What the panel of a project's dashboard says of a milestone."""

    _inherit = "project.milestone"

    def _get_data(self):
        # EXTENDS 'project'
        return {
            **super()._get_data(),
            "billing_amount": self._format_billing_amount(),
            "billing_reason": self._get_panel_reason(),
        }

    def _format_billing_amount(self):
        """Return what the lines that the reader sees are planned to bill, as text.

        :return: one amount a currency, False for who sees no amounts
        """
        if not (self.billing_status and self.env.user.has_group(BILLING_GROUP)):
            return False
        lines = self.billing_line_ids
        return " + ".join(
            currency.format(sum(of_currency.mapped("amount_planned")))
            for currency, of_currency in lines.grouped("currency_id").items()
        )

    def _get_panel_reason(self):
        """Return why a blocked milestone is not invoiced, in what the reader may know."""
        if self.billing_status != "blocked":
            return False
        if self.env.user.has_group(BILLING_GROUP):
            reasons = self.billing_line_ids.mapped("blocking_reason")
            return next(filter(None, reasons), False)
        # sudo: the cause alone, which names neither amount nor customer
        if cause := self.sudo()._get_cause():
            return self.env._("Not invoiced: %(cause)s.", cause=cause)
        return self.env._("Not invoiced. The accountant sees why.")
