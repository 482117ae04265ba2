from odoo import api, fields, models


class MilestoneBillingSetupStage(models.TransientModel):
    _name = "milestone.billing.setup.stage"
    _inherit = ["milestone.billing.stage.mixin"]
    _description = "Stage to Set Up"
    _order = "setup_id, sequence, id"

    setup_id = fields.Many2one(
        comodel_name="milestone.billing.setup",
        required=True,
        index=True,
        ondelete="cascade",
    )
    currency_id = fields.Many2one(related="setup_id.currency_id")
    deadline = fields.Date(string="Due")
    amount_planned = fields.Monetary(
        string="Amount",
        help="What the contract gives this stage, net.",
        compute="_compute_amount_planned",
    )

    @api.depends(
        "setup_id.contract_sum",
        "setup_id.currency_id",
        "setup_id.line_ids.sequence",
        "setup_id.line_ids.basis",
        "setup_id.line_ids.percent",
        "setup_id.line_ids.amount",
    )
    def _compute_amount_planned(self):
        for setup, stages in self.grouped("setup_id").items():
            schedule = setup._get_schedule(stages)
            planned = setup._allocate(schedule).planned
            amounts = dict(zip(schedule, planned, strict=True))
            for stage in stages:
                stage.amount_planned = amounts[stage]

    def _get_siblings(self):
        return self.setup_id._get_schedule(self)
