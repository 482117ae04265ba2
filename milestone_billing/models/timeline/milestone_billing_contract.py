from odoo import api, fields, models

PICTURE_CONTEXT = ("uid", "lang", "tz", "allowed_company_ids")
"""What a picture depends on besides the records: the reader."""


class MilestoneBillingContract(models.Model):
    """The picture of a contract's schedule."""

    _inherit = "milestone.billing.contract"

    billing_timeline = fields.Json(
        help="What the picture of the schedule shows the reader.",
        compute="_compute_billing_timeline",
        export_string_translation=False,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends(
        "amount_unscheduled",
        "amount_over_scheduled",
        "partner_id",
        "reference",
        "line_ids.name",
        "line_ids.kind",
        "line_ids.sequence",
        "line_ids.deadline",
        "line_ids.amount_planned",
        "line_ids.state",
    )
    @api.depends_context(*PICTURE_CONTEXT)
    def _compute_billing_timeline(self):
        for contract in self:
            contract.billing_timeline = contract._draw_timeline()

    # -------------------------------------------------------------------------
    # BUSINESS: the picture
    # -------------------------------------------------------------------------

    @api.readonly
    def get_billing_timeline(self):
        """Return the picture of the contract's schedule.

        :return: a dictionary as ``milestone.billing.timeline`` documents it
        :raise AccessError: when the user may not read the contract
        """
        self.ensure_one()
        self.check_access("read")
        return self._draw_timeline()

    def _draw_timeline(self):
        """Return the picture of the contract, as the reader may see it."""
        self.ensure_one()
        # rights are the reader's, whoever computes
        contract = self.sudo(False)
        milestones = contract.line_ids.milestone_id._filtered_access("read")
        return contract.env["milestone.billing.timeline"]._draw(contract, milestones)

    def _is_drafting_by_itself(self):
        """Whether marking a milestone of this contract done should draft its invoice."""
        self.ensure_one()
        return (
            self.active
            and self.project_id.active
            and not self.project_id.is_template
            and self.automation != "manual"
            and bool(self.partner_id)
        )
