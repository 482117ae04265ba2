from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .project_project import BILLING_GROUPS


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    milestone_billing_line_id = fields.Many2one(
        comodel_name="milestone.billing.line",
        string="Milestone Line",
        help="The line of the billing schedule that this invoice line bills or credits.",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        groups=BILLING_GROUPS,
    )
    milestone_billing_planned = fields.Monetary(
        string="Planned for the Milestone",
        help="What the billing schedule planned for the milestone line, net, when this "
        "invoice line was made.",
        currency_field="currency_id",
        copy=False,
        readonly=True,
        groups=BILLING_GROUPS,
    )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(self._record_planned(vals_list))
        if not self.env.context.get("milestone_billing_check_later"):
            lines.move_id._check_milestone_billing()
        return lines

    def write(self, vals):
        self._check_recorded_link_unchanged(vals)
        projects = self.sudo().milestone_billing_line_id.project_id
        res = super().write(*self._record_planned([vals]))
        if projects and not self.env.context.get("skip_is_manually_modified"):
            # core marks edits of the document, but not those made on its lines alone
            drafts = self.move_id.filtered(
                lambda move: move.state == "draft" and not move.is_manually_modified
            )
            drafts.is_manually_modified = True
        if not self.env.context.get("milestone_billing_check_later"):
            self.move_id._check_milestone_billing()
            projects._check_contract_not_exceeded()
        return res

    def unlink(self):
        # without a credit note's line the contract may be billed beyond its sum
        projects = self.sudo().milestone_billing_line_id.project_id
        res = super().unlink()
        projects._check_contract_not_exceeded()
        return res

    @api.model
    def _record_planned(self, vals_list):
        """Return the values, with the present plan of the milestone line they link to.

        The caller's values stay as they are: the server may have to try again.
        """
        # sudo: who may write the link need not be able to read the schedule
        billing_lines = self.env["milestone.billing.line"].sudo()
        return [
            {
                **vals,
                "milestone_billing_planned": billing_lines.browse(
                    vals["milestone_billing_line_id"]
                )._get_plan_to_record(),
            }
            if vals.get("milestone_billing_line_id")
            and "milestone_billing_planned" not in vals
            else vals
            for vals in vals_list
        ]

    def _check_recorded_link_unchanged(self, vals):
        """Refuse to rewrite a recorded plan or the milestone of a posted document.

        Views offer neither; a request could have a stage billed twice.
        """
        if self.env.su or not vals.keys() & {
            "milestone_billing_line_id",
            "milestone_billing_planned",
        }:
            return
        if "milestone_billing_planned" in vals:
            raise AccessError(
                self.env._("The plan recorded with an invoice line does not change.")
            )
        # sudo: the rule holds for who cannot see the schedule
        posted = self.sudo().filtered(lambda line: line.parent_state == "posted")
        for line in posted:
            if line.milestone_billing_line_id.id != vals["milestone_billing_line_id"]:
                raise UserError(
                    self.env._(
                        "%(invoice)s is posted and keeps its milestones. Reset it to"
                        " draft or credit it first.",
                        invoice=line.move_id._get_milestone_display_name(),
                    )
                )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _copy_data_extend_business_fields(self, values):
        # EXTENDS 'account': credit notes and their replacements carry the milestone
        # line; a debit note bills something else and does not
        res = super()._copy_data_extend_business_fields(values)
        # sudo: not all who credit documents, such as vendor bills, see the schedule
        line = self.sudo()
        if line.milestone_billing_line_id and not self.env.context.get(
            "milestone_billing_skip_link"
        ):
            values.update(
                milestone_billing_line_id=line.milestone_billing_line_id.id,
                milestone_billing_planned=line.milestone_billing_planned,
            )
        return res

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _get_milestone_net(self):
        """Return the net that these lines add to what is billed: credits are less."""
        return sum(
            -line.price_subtotal
            if line.move_type == "out_refund"
            else line.price_subtotal
            for line in self
        )

    def _set_milestone_net(self, net):
        """Make the line's untaxed subtotal ``net``, also where the price includes taxes.

        :param float net: net amount in the currency of the invoice
        :raise UserError: when the line's taxes leave no price with that net
        """
        self.ensure_one()
        compare = self.currency_id.compare_amounts
        if compare(self.price_subtotal, net) == 0:
            return
        # the price is still `net`; our own write is no edit of the accountant's
        self.with_context(
            skip_is_manually_modified=True
        ).price_unit = self._get_price_including_taxes(net)
        if compare(self.price_subtotal, net) != 0:
            raise UserError(
                self.env._(
                    "The taxes %(taxes)s leave no price whose untaxed amount is the one"
                    " of %(line)s. Use taxes that are not included in the price.",
                    taxes=", ".join(self.tax_ids.mapped("name")),
                    line=self.milestone_billing_line_id.name,
                )
            )

    def _get_price_including_taxes(self, net):
        """Return the unit price that leaves ``net`` without the taxes it includes."""
        details = self.tax_ids._get_tax_details(
            net,
            1.0,
            precision_rounding=self.currency_id.rounding,
            rounding_method="round_globally",
            product=self.product_id,
            special_mode="total_excluded",
        )
        return net + sum(
            data["tax_amount"]
            for data in details["taxes_data"]
            if data["tax"].price_include
        )
