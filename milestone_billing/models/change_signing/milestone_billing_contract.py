from odoo import fields, models

from ..refusal import BillingRefusal


class MilestoneBillingContract(models.Model):
    """The change orders of a contract for its customer."""

    _inherit = "milestone.billing.contract"

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_print_changes(self):
        """Print the log of the contract's change orders.

        :return: an ``ir.actions.report``
        :raise AccessError: when the user may not see the contract
        :raise UserError: when there are none
        """
        self.ensure_one()
        self._check_changes_printable()
        report = self.env.ref("milestone_billing.report_billing_changes")
        return report.report_action(self, config=False)

    # -------------------------------------------------------------------------
    # BUSINESS: the customer's page
    # -------------------------------------------------------------------------

    def _prepare_billing_portal(self, customer):
        values = super()._prepare_billing_portal(customer)
        changes = self._get_portal_changes(customer)
        asked = changes.filtered(lambda c: c.acceptance_state == "asked")
        return {
            **values,
            "changes": (changes | self._get_approved_changes()).sorted("number"),
            "changes_with_page": changes,
            "asked": [*values["asked"], *asked],
        }

    def _prepare_portal_overview(self, customer):
        overview = super()._prepare_portal_overview(customer)
        changes = self._get_portal_changes(customer)
        asked = changes.filtered(lambda c: c.acceptance_state == "asked")
        return {**overview, "to_sign": overview["to_sign"] + len(asked)}

    def _get_portal_changes(self, customer):
        """Return the change orders that ``customer`` is asked for, or answered.

        Each has a page of its own; what was agreed without asking is listed alone.
        """
        return self.change_ids.filtered(
            lambda change: change._is_acceptance_shown(self, customer)
        ).sorted("number")

    def _get_change_blocking_reason(self):
        """Return why nobody can be asked to sign a change order, or False."""
        self.ensure_one()
        return (
            self._get_closed_reason()
            or self._get_hidden_reason()
            or self._get_no_customer_reason()
            or self._get_portal_blocking_reason()
        )

    # -------------------------------------------------------------------------
    # BUSINESS: the log on paper
    # -------------------------------------------------------------------------

    def _check_changes_printable(self):
        """Refuse the log to who may not see amounts, and without change orders.

        :raise AccessError: when the user may not see the contract
        :raise UserError: when there is nothing to print
        """
        self._check_amounts_shown()
        for contract in self:
            if not contract.change_ids:
                raise BillingRefusal(
                    self.env._(
                        "%(contract)s has no change orders.",
                        contract=contract.display_name,
                    )
                )

    def _prepare_change_log(self):
        """Return the contract's change orders as their log shows them.

        Drafts are nobody's business but ours.

        :return: ``date``, ``currency``, ``changes`` in the order of their numbers, and
            the net sums ``original``, ``net``, ``written_off`` and ``to_date``
        :raise AccessError: when the user may not see the contract
        """
        self.ensure_one()
        self._check_changes_printable()
        # sudo: who may see the contract may see who approved its changes
        contract = self.sudo()
        return {
            "date": fields.Date.context_today(self),
            "currency": contract.currency_id,
            "changes": contract.change_ids.filtered("number").sorted("number"),
            "original": contract.amount_original,
            "net": contract.amount_changes,
            "written_off": contract.amount_written_off,
            "to_date": contract.amount_to_date,
        }

    def _get_changes_document_name(self):
        """Return the file name of the log, in the customer's language."""
        self.ensure_one()
        contract = self.with_context(lang=self._get_billing_schedule_lang())
        return contract.env._(
            "Change orders - %(name)s", name=contract._get_customers_name()
        )
