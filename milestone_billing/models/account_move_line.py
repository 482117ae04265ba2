from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError

from .guarded_fields import Amount
from .marks import CARRY_LINK, GUARDED
from .groups import BILLING_GROUP

# nothing but the addon itself gives these
LINK_FIELDS = ("milestone_billing_line_id", "milestone_billing_planned")


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
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self._may_link_milestones():
            vals_list = [self._drop_link(vals) for vals in vals_list]
        linked = any(vals.get("milestone_billing_line_id") for vals in vals_list)
        if not linked or GUARDED.is_set(self.env):
            return super().create(vals_list)
        # sudo: the rules hold for who cannot see the schedule
        billed = self.env["milestone.billing.line"].sudo()
        billed = billed.browse(
            {
                vals["milestone_billing_line_id"]
                for vals in vals_list
                if vals.get("milestone_billing_line_id")
            }
        )
        moves = self.env["account.move"].browse(
            {vals["move_id"] for vals in vals_list if vals.get("move_id")}
        )
        with billed._guarding(moves, is_reopened=True):
            lines = super(AccountMoveLine, GUARDED.on(self)).create(vals_list)
        return lines.with_env(self.env)

    def write(self, vals):
        if not self._may_link_milestones():
            vals = self._drop_link(vals)
        # sudo: not all who write documents, such as vendor bills, see the schedule
        billed = self.sudo().milestone_billing_line_id
        if not billed:
            return super().write(vals)
        if not self.env.context.get("skip_is_manually_modified"):
            # core marks edits of the document, but not those made on its lines alone
            drafts = self.move_id.filtered(
                lambda move: move.state == "draft" and not move.is_manually_modified
            )
            drafts.is_manually_modified = True
        if GUARDED.is_set(self.env):
            return super().write(vals)
        with billed._guarding(self.move_id):
            return super(AccountMoveLine, GUARDED.on(self)).write(vals)

    def unlink(self):
        # sudo: as in write()
        billed = self.sudo().milestone_billing_line_id
        if not billed or GUARDED.is_set(self.env):
            return super().unlink()
        moves = self.move_id
        moves._check_not_credited(self)
        with billed._guarding(moves):
            return super(AccountMoveLine, GUARDED.on(self)).unlink()

    @api.model
    def _add_missing_default_values(self, values):
        # EXTENDS 'base': defaults of the request or of its user link nothing
        res = super()._add_missing_default_values(values)
        for name in LINK_FIELDS:
            if name not in values:
                res.pop(name, None)
        return res

    @api.model
    def _may_link_milestones(self):
        """Whether a link to a milestone line is the addon's own doing.

        It gives links as the superuser, and lets core carry them to credit notes and
        their replacements; what anybody else gives is dropped.
        """
        return self.env.uid == SUPERUSER_ID or CARRY_LINK.is_set(self.env)

    @api.model
    def _drop_link(self, vals):
        """Return the values without a link to a milestone line."""
        if not vals.keys() & set(LINK_FIELDS):
            return vals
        return {key: value for key, value in vals.items() if key not in LINK_FIELDS}

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
