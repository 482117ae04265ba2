from odoo import fields, models


class MilestoneBillingChange(models.Model):
    """A change order for the customer: on paper."""

    _inherit = "milestone.billing.change"

    # -------------------------------------------------------------------------
    # BUSINESS: on paper
    # -------------------------------------------------------------------------

    def _prepare_document(self):
        """Return the change order as its document shows it.

        :return: ``date``, ``currency`` and ``figures``, net
        :raise AccessError: when the user may not see the contract
        """
        self.ensure_one()
        self.contract_id._check_amounts_shown()
        return {
            "date": fields.Date.context_today(self),
            "currency": self.currency_id,
            "figures": self._get_figures(),
        }

    def _get_document_name(self):
        """Return the file name of the document, in the customer's language."""
        self.ensure_one()
        lang = self.contract_id._get_billing_schedule_lang()
        return self.with_context(lang=lang).display_name

    def _get_approver(self):
        """Return who agreed: the name that was signed, else who approved it here."""
        self.ensure_one()
        return self.approved_by.name or ""

    def _get_state_label(self):
        """Return the state, in the language of the context."""
        self.ensure_one()
        return dict(self._fields["state"]._description_selection(self.env)).get(
            self.state, ""
        )
