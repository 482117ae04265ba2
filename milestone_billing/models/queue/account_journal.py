from odoo import models
from odoo.tools import formatLang

from ..groups import BILLING_GROUP
from .milestone_billing_line import WAITING


class AccountJournal(models.Model):
    """What waits in the queue, on the card of the sales journal."""

    _inherit = "account.journal"

    def _fill_sale_purchase_dashboard_data(self, dashboard_data):
        # EXTENDS 'account'
        res = super()._fill_sale_purchase_dashboard_data(dashboard_data)
        journals = self.filtered(lambda journal: journal.type == "sale")
        if journals and self.env.user.has_group(BILLING_GROUP):
            waiting = self._get_milestones_waiting(journals.company_id)
            # each company's on its first card
            for company, of_company in journals.grouped("company_id").items():
                dashboard_data[of_company[0].id]["milestones"] = waiting.get(
                    company.id, []
                )
        return res

    def _get_milestones_waiting(self, companies):
        """Return what of the queue the reader sees.

        :return: ``{company id: [{"state", "text"}, …]}``, in the order of the queue
        """
        # with the reader's rights: what they may not see is not in the sum
        groups = self.env["milestone.billing.line"]._read_group(
            [("state", "in", WAITING), ("company_id", "in", companies.ids)],
            ["company_id", "state", "currency_id"],
            ["__count", "amount_waiting:sum"],
        )
        found = {}
        for company, state, currency, count, amount in groups:
            found.setdefault((company.id, state), []).append((currency, count, amount))
        return {
            company.id: [
                {
                    "state": state,
                    "text": self._format_waiting(state, found[company.id, state]),
                }
                for state in WAITING
                if (company.id, state) in found
            ]
            for company in companies
        }

    def _format_waiting(self, state, parts):
        """Return how many lines wait and, of one currency, how much is ready.

        :param parts: (currency, count, amount) of each currency
        """
        count = sum(part[1] for part in parts)
        drafts = self.env._("%(count)s drafts", count=count)
        texts = {
            "ready": self.env._("%(count)s ready", count=count),
            "to_decide": self.env._("%(count)s to decide", count=count),
            "blocked": self.env._("%(count)s blocked", count=count),
            "drafted": self.env._("1 draft") if count == 1 else drafts,
        }
        if state != "ready" or len(parts) > 1:
            return texts[state]
        currency, _count, amount = parts[0]
        return f"{texts[state]} {formatLang(self.env, amount, currency_obj=currency)}"
