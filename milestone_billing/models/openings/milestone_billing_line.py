from odoo import SUPERUSER_ID, api, fields, models

from ..guarded_fields import Amount
from ..refusal import BillingRefusal


class MilestoneBillingLine(models.Model):
    """What was billed of a line before, or beside, its schedule."""

    _inherit = "milestone.billing.line"

    opening_ids = fields.One2many(
        comodel_name="milestone.billing.opening",
        inverse_name="line_id",
        string="Billed Before",
    )
    amount_opening = Amount(
        compute="_compute_amount_opening",
        inverse="_inverse_amount_opening",
        store=True,
        readonly=False,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("opening_ids.amount")
    def _compute_amount_opening(self):
        for line in self:
            openings = line._get_openings_elsewhere()
            line.amount_opening = sum(openings.mapped("amount"))

    def _inverse_amount_opening(self):
        """Keep a sum that was given, as by an import, as one opening.

        :raise UserError: where several were entered, which have their own amounts
        """
        for line in self:
            amount = line.amount_opening
            openings = line._get_openings_elsewhere()
            if len(openings) > 1:
                raise BillingRefusal(
                    self.env._(
                        "What was billed elsewhere of %(line)s was entered as several"
                        " amounts. Change those.",
                        line=line.name,
                    )
                )
            if not amount:
                openings.unlink()
            elif openings:
                openings.amount = amount
            else:
                openings.create({"line_id": line.id, "amount": amount})

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    @api.model
    def _get_schedule_fields(self):
        return super()._get_schedule_fields() | {"opening_ids"}

    @api.model
    def _get_invoicing_fields(self):
        return super()._get_invoicing_fields() | {"opening_ids"}

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_link_document(self):
        """Ask which posted invoice or credit note billed this stage before.

        :return: the action of the dialog
        """
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "milestone_billing.milestone_billing_opening_action_link"
            ),
            "context": {"default_line_id": self.id},
        }

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _get_openings_elsewhere(self):
        """Return what was billed elsewhere: what is linked counts by its document."""
        self.ensure_one()
        return self.opening_ids.filtered(lambda opening: not opening.move_line_id)

    def _get_linkable_domain(self):
        """Return which journal items may be linked to this stage by hand.

        Those of posted invoices and credit notes of the same customer, currency and
        company that bill no milestone yet, nor one of another contract.
        """
        self.ensure_one()
        customer = self.contract_id.partner_id.commercial_partner_id
        return [
            ("display_type", "=", "product"),
            ("parent_state", "=", "posted"),
            ("move_type", "in", ("out_invoice", "out_refund")),
            ("milestone_billing_line_id", "=", False),
            (
                "move_id.milestone_billing_contract_id",
                "in",
                (False, self.contract_id.id),
            ),
            ("move_id.commercial_partner_id", "=", customer.id),
            ("currency_id", "=", self.currency_id.id),
            ("company_id", "=", self.company_id.id),
        ]

    def _link_document(self, move_line):
        """Have a posted invoice line bill, or credit, this stage.

        The stage keeps its plan: what an invoice billed less is open.

        :param move_line: one of :meth:`_get_linkable_domain`
        """
        link = {
            "milestone_billing_line_id": self.id,
            "milestone_billing_planned": self._get_plan_to_record(),
        }
        self._write_link(move_line, link)

    def _unlink_document(self, move_line):
        """Have an invoice line that was linked by hand bill this stage no more."""
        link = {"milestone_billing_line_id": False, "milestone_billing_planned": 0.0}
        self._write_link(move_line, link)

    def _write_link(self, move_line, link):
        """Write the link of an invoice line to this stage, and refuse what it breaks."""
        # the superuser: the addon's own fact, after the check of the right to openings
        move_line = move_line.with_user(SUPERUSER_ID)
        with self._guarding(move_line.move_id):
            move_line.with_context(skip_is_manually_modified=True).write(link)
            move_line.move_id._check_credits_covered()
