from odoo import api, fields, models


class MilestoneBillingPart(models.TransientModel):
    _name = "milestone.billing.part"
    _description = "Bill a Part of a Stage"

    line_id = fields.Many2one(
        comodel_name="milestone.billing.line",
        string="Stage",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    currency_id = fields.Many2one(related="line_id.currency_id")
    amount_planned = fields.Monetary(related="line_id.amount_planned")
    amount_billed = fields.Monetary(related="line_id.amount_billed")
    amount_open = fields.Monetary(related="line_id.amount_open")
    amount = fields.Monetary(
        string="Amount to Bill",
        help="Of what is open of the stage, net.",
        compute="_compute_amount",
        store=True,
        readonly=False,
        required=True,
    )
    percent = fields.Float(
        string="Percent of the Stage",
        compute="_compute_percent",
        readonly=False,
        digits=(9, 6),
        min_display_digits=2,
    )
    label = fields.Text(
        string="On the Invoice",
        compute="_compute_label",
    )

    @api.depends("line_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.amount_open

    @api.depends("amount")
    def _compute_percent(self):
        for wizard in self:
            planned = wizard.amount_planned
            wizard.percent = wizard.amount * 100 / planned if planned else 0.0

    @api.onchange("percent")
    def _onchange_percent(self):
        amount = self.amount_planned * self.percent / 100
        self.amount = self.currency_id.round(amount) if self.currency_id else amount

    @api.depends("amount")
    def _compute_label(self):
        for wizard in self:
            wizard.line_id.check_access("read")
            # sudo: an invoicing user need not be able to read the project of a line
            # that they read
            line = wizard.sudo().line_id
            customer = line.contract_id._get_invoice_partner()
            wizard.label = line.with_context(lang=customer.lang)._get_invoice_title(
                wizard.amount
            )

    def action_confirm(self):
        """Make the draft invoice of the part.

        :return: the action that opens it
        :raise AccessError, UserError: as :meth:`_bill_part`
        """
        self.ensure_one()
        moves = self.line_id._bill_part(self.amount)
        return moves._get_records_action(name=self.env._("Milestone Invoices"))
