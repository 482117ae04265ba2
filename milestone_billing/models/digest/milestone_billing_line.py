from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain


class MilestoneBillingLine(models.Model):
    """Lines that wait for who is called to bill them, or to see them paid."""

    _inherit = "milestone.billing.line"

    waits_because = fields.Selection(
        selection=[
            ("blocked", "Blocked"),
            ("ready", "Ready, but not invoiced"),
            ("drafted", "A draft that waits"),
            ("unpaid", "Overdue for payment"),
        ],
        help="Why the line waits for who bills the contract.",
        compute="_compute_waits_because",
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("state")
    def _compute_waits_because(self):
        for line in self:
            if line.state in ("blocked", "ready", "drafted"):
                line.waits_because = line.state
            else:
                # whether it is overdue is asked where lines are collected
                line.waits_because = bool(line.amount_unpaid) and "unpaid"

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_postpone(self):
        """Open the form that moves the stage's date, with the reason.

        :return: an ``ir.actions.act_window``
        """
        self.ensure_one()
        return self.milestone_id.action_postpone()

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    @api.model
    def _get_waiting_domain(self, company):
        """Return which lines of a company wait for who is called.

        :param company: one that reminds
        """
        today = fields.Date.today()
        since = today - timedelta(days=company.milestone_billing_reminder_days)
        waits = (
            Domain("state", "=", "blocked")
            | Domain([("state", "=", "ready"), ("reached_date", "<", since)])
            | Domain(
                [
                    ("state", "=", "drafted"),
                    (
                        "move_line_ids.move_id",
                        "any",
                        [("state", "=", "draft"), ("create_date", "<", since)],
                    ),
                ]
            )
            | self._get_unpaid_domain(today)
        )
        return waits & Domain(
            [
                ("company_id", "=", company.id),
                ("contract_id.active", "=", True),
                ("project_id.active", "=", True),
                ("project_id.is_template", "=", False),
            ]
        )

    @api.model
    def _get_unpaid_domain(self, today):
        """Return which lines are invoiced and overdue for payment."""
        return Domain(
            "move_line_ids.move_id",
            "any",
            [
                ("state", "=", "posted"),
                ("move_type", "=", "out_invoice"),
                ("payment_state", "in", ("not_paid", "partial")),
                ("invoice_date_due", "<", today),
            ],
        )
