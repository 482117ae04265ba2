from odoo import api, fields, models


class MilestoneBillingLine(models.Model):
    """What a contract's page tells of the acceptance of a stage."""

    _inherit = "milestone.billing.line"

    acceptance_state = fields.Selection(related="milestone_id.acceptance_state")
    can_ask_acceptance = fields.Boolean(
        related="milestone_id.can_ask_acceptance",
        export_string_translation=False,
    )

    # -------------------------------------------------------------------------
    # CONSTRAINTS
    # -------------------------------------------------------------------------

    @api.constrains("milestone_id", "contract_id")
    def _check_one_contract_for_acceptance(self):
        self.milestone_id._check_one_contract_for_acceptance()

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_ask_acceptance(self):
        """Ask the customer to accept the lines' milestones.

        :return: True
        """
        return self.milestone_id.action_ask_acceptance()
