from odoo import api, fields, models


class MilestoneBillingRunItem(models.Model):
    """What became of one stage in a run."""

    _name = "milestone.billing.run.item"
    _inherit = "milestone.billing.sealed.mixin"
    _description = "Stage in a Milestone Billing Run"
    _order = "state desc, id"
    _rec_name = "line_id"

    run_id = fields.Many2one(
        comodel_name="milestone.billing.run",
        required=True,
        index=True,
        readonly=True,
        ondelete="cascade",
    )
    line_id = fields.Many2one(
        comodel_name="milestone.billing.line",
        required=True,
        index=True,
        readonly=True,
        ondelete="cascade",
    )
    contract_id = fields.Many2one(related="line_id.contract_id")
    project_name = fields.Char(related="contract_id.project_name", string="Project")
    stage = fields.Char(related="line_id.stage", string="Stage")
    state = fields.Selection(
        selection=[
            ("done", "Done"),
            ("skipped", "Skipped"),
            ("waiting", "Waiting"),
        ],
        string="Status",
        default="waiting",
        required=True,
        readonly=True,
    )
    reason = fields.Char(help="Why it was skipped.", readonly=True)

    # what is left to do, of all that was ever done
    _waiting = models.Index("(run_id, id) WHERE state = 'waiting'")

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    @api.readonly
    def action_open_line(self):
        """Open the contract of this stage.

        :return: an ``ir.actions.act_window``
        """
        self.ensure_one()
        self.check_access("read")
        return self.contract_id._get_records_action()

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _record(self, reasons):
        """Record what became of these stages.

        :param dict reasons: why stages were skipped; the others are done
        """
        skipped = self.filtered(lambda item: item.line_id in reasons)
        (self - skipped).state = "done"
        for reason, items in skipped.grouped(lambda i: reasons[i.line_id]).items():
            items._skip_waiting(reason)

    def _skip_waiting(self, reason):
        """Record why those of these stages that wait are skipped."""
        waiting = self.filtered(lambda item: item.state == "waiting")
        waiting.write({"state": "skipped", "reason": reason})
