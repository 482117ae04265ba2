from odoo import fields, models

from .groups import BILLING_GROUP
from .guarded_fields import Amount
from .marks import CARRY_LINK


class AccountMoveLine(models.Model):
    """An invoice line may bill, or credit, a milestone line."""

    _inherit = "account.move.line"

    milestone_billing_line_id = fields.Many2one(
        comodel_name="milestone.billing.line",
        string="Milestone Line",
        help="The line of the billing schedule that this invoice line bills or credits.",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        groups=BILLING_GROUP,
    )
    milestone_billing_planned = Amount(
        string="Planned for the Milestone",
        help="What the billing schedule planned for the milestone line, net, when this "
        "invoice line was made.",
        currency_field="currency_id",
        copy=False,
        readonly=True,
        groups=BILLING_GROUP,
    )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _copy_data_extend_business_fields(self, values):
        # EXTENDS 'account': credit notes and their replacements carry the milestone
        # line; any other copy bills something else and does not
        res = super()._copy_data_extend_business_fields(values)
        # sudo: not all who credit documents see the schedule
        line = self.sudo()
        if CARRY_LINK.is_set(self.env) and line.milestone_billing_line_id:
            values.update(
                milestone_billing_line_id=line.milestone_billing_line_id.id,
                milestone_billing_planned=line.milestone_billing_planned,
            )
        return res

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _get_live_milestone_invoices(self):
        """Return which invoices of these lines' family are not credited in full.

        :param self: the lines of one family of documents that bill one milestone line
        """
        drafts = self.filtered(
            lambda line: line.parent_state == "draft" and line.move_type != "out_refund"
        )
        posted = self.filtered(lambda line: line.parent_state == "posted")
        credits = posted.filtered(lambda line: line.move_type == "out_refund")
        moves = drafts.move_id
        if (
            not credits
            or self.currency_id[:1].compare_amounts(posted._get_milestone_net(), 0.0)
            > 0
        ):
            moves |= (posted - credits).move_id
        return moves

    def _get_milestone_net(self):
        """Return the net that these lines add to what is billed: credits are less."""
        return sum(
            -line.price_subtotal
            if line.move_type == "out_refund"
            else line.price_subtotal
            for line in self
        )
