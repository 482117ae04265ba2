from odoo import models

from ..allocation import exceeds
from ..refusal import BillingRefusal


class MilestoneBillingLine(models.Model):
    """A part of a stage is billed, also before the stage is done."""

    _inherit = "milestone.billing.line"

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _get_invoice_title(self, net):
        title = super()._get_invoice_title(net)
        if not self._is_part(net):
            return title
        used = self.amount_drafted + self.amount_billed
        return self.env._(
            "%(title)s · part %(number)s, %(share)s (%(to_date)s to date)",
            title=title,
            number=len(self._get_live_documents()) + 1,
            share=self._format_part(net),
            to_date=self._format_part(used + net),
        )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_bill_part(self):
        """Ask how much of this stage is to be billed now.

        :return: the action of the dialog
        """
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "milestone_billing.milestone_billing_part_action"
            ),
            "context": {"default_line_id": self.id},
        }

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _bill_part(self, net):
        """Make the draft invoice of a part of this stage, which need not be done.

        :param float net: what to bill of it, in the contract currency
        :return: the draft, an ``account.move``
        :raise AccessError: when the user may not make invoices
        :raise UserError: when that much is not open, a draft has the stage already, or
            it is blocked; nothing is made
        """
        self.ensure_one()
        self._check_may_invoice()
        line = self._as_system()
        line.contract_id._touch_rows()
        net = line.currency_id.round(net)
        line._check_part(net)
        line._check_billable(anew=True)
        moves = line._create_draft_invoices(self.env.user, nets={line: net})
        if not moves:
            raise BillingRefusal(line._get_reason(line.check_code, line.check_args))
        return moves.with_env(self.env)

    def _check_part(self, net):
        """Refuse to bill a part that is none, is not open, or follows one not posted."""
        currency = self.currency_id
        values = {
            "line": self.name,
            "amount": currency.format(net),
            "open": currency.format(self.amount_open),
        }
        if self.is_drafted:
            raise BillingRefusal(
                self.env._(
                    "%(line)s is on a draft invoice already. Confirm, edit or delete"
                    " that draft first.",
                    **values,
                )
            )
        if not exceeds(net, 0.0, currency.rounding):
            raise BillingRefusal(
                self.env._("Enter what to bill of %(line)s, more than zero.", **values)
            )
        if exceeds(net, self.amount_open, currency.rounding):
            raise BillingRefusal(
                self.env._(
                    "Of %(line)s only %(open)s is open, less than %(amount)s. Bill what"
                    " is open, or raise the stage's share first.",
                    **values,
                )
            )

    def _is_part(self, net):
        """Whether an invoice of this net bills a part of the stage: not all at once.

        What is billed again after a credit is none.
        """
        self.ensure_one()
        rounding = self.currency_id.rounding
        if exceeds(self.amount_credited, 0.0, rounding):
            return False
        here = self.amount_drafted + self.amount_billed - self.amount_opening
        return exceeds(self.amount_open, net, rounding) or exceeds(here, 0.0, rounding)

    def _has_open(self):
        """Whether something of the stage is open, drafted or not."""
        self.ensure_one()
        return self.currency_id.compare_amounts(self.amount_open, 0.0) > 0

    def _format_part(self, net):
        """Return what a net is of this stage, as a percentage."""
        planned = self.amount_planned
        return self.contract_id._format_share(net * 100 / planned if planned else 0.0)
