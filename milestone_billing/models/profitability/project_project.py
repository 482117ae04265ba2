from odoo import fields, models
from odoo.fields import Domain

from ..groups import BILLING_GROUP, INVOICE_READERS

SECTION = "milestone_billing"


class ProjectProject(models.Model):
    """What milestones bill is revenue of the project, once, with or without sales."""

    _inherit = "project.project"

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _get_profitability_labels(self):
        # EXTENDS 'project'
        labels = super()._get_profitability_labels()
        return {**labels, SECTION: self.env._("Milestones")}

    def _get_profitability_sequence_per_invoice_type(self):
        # EXTENDS 'project': before what is invoiced besides
        return {**super()._get_profitability_sequence_per_invoice_type(), SECTION: 8}

    def _get_already_included_profitability_invoice_line_ids(self):
        # EXTENDS 'project': sales would count our invoices among all others, too
        included = super()._get_already_included_profitability_invoice_line_ids()
        return [*included, *self._get_milestone_invoice_lines().ids]

    def _get_profitability_items(self, with_action=True):
        # EXTENDS 'project'
        items = super()._get_profitability_items(with_action)
        if not self.env.user.has_group(BILLING_GROUP):
            return items
        section = self._prepare_milestone_profitability(with_action)
        if section["invoiced"] or section["to_invoice"]:
            revenues = items["revenues"]
            revenues["data"].append(section)
            for key in ("invoiced", "to_invoice"):
                revenues["total"][key] += section[key]
        return items

    def action_profitability_items(self, section_name, domain=None, res_id=False):
        # EXTENDS 'project'
        if section_name != SECTION:
            return super().action_profitability_items(section_name, domain, res_id)
        moves = self.env["account.move"].search(domain or [])
        return moves._get_records_action(name=self.env._("Milestone Invoices"))

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _get_milestone_invoice_lines(self):
        """Return the invoice lines, posted or draft, that bill milestones of these."""
        # sudo: which they are, also for who may not see them, so that nobody's panel has
        # them under another name; those of archived contracts, too
        move_lines = self.env["account.move.line"].sudo()
        return move_lines.search(
            [
                ("milestone_billing_line_id.project_id", "in", self.ids),
                ("parent_state", "!=", "cancel"),
            ]
        )

    def _prepare_milestone_profitability(self, with_action):
        """Return what milestones bring in, as a section of the project's revenues.

        :param bool with_action: whether it opens the invoices, for who may
        :return: ``id``, ``sequence``, ``invoiced``: posted, ``to_invoice``: drafted or
            ready, net in the project's currency, and ``action`` for who may open it
        """
        self.ensure_one()
        # what the user may read of the schedules
        own = Domain("project_id", "=", self.id)
        lines = self.env["milestone.billing.line"].search(own)
        move_lines = self._get_milestone_invoice_lines().filtered(
            lambda line: line.milestone_billing_line_id in lines
        )
        posted = move_lines.filtered(lambda line: line.parent_state == "posted")
        section = {
            "id": SECTION,
            "sequence": self._get_profitability_sequence_per_invoice_type()[SECTION],
            "invoiced": self._get_milestone_revenue(posted),
            "to_invoice": self._get_milestone_revenue(move_lines - posted)
            + self._get_milestone_open(own),
        }
        if with_action and move_lines and self.env.user.has_groups(INVOICE_READERS):
            section["action"] = self._get_action_for_profitability_section(
                move_lines.move_id.ids, SECTION
            )
        return section

    def _get_milestone_revenue(self, move_lines):
        """Return the net of invoice lines in the project's currency, as of their day."""
        return sum(
            line.company_currency_id._convert(
                -line.balance,
                self.currency_id,
                line.company_id,
                line.date or fields.Date.context_today(self),
            )
            for line in move_lines
        )

    def _get_milestone_open(self, domain):
        """Return what waits to be drafted of lines in the project's currency, as of now.

        :param domain: of the lines
        """
        waiting = Domain("state", "in", ["ready", "blocked", "to_decide"])
        today = fields.Date.context_today(self)
        return sum(
            currency._convert(amount, self.currency_id, company, today)
            for currency, company, amount in self.env[
                "milestone.billing.line"
            ]._read_group(
                domain & waiting, ["currency_id", "company_id"], ["amount_open:sum"]
            )
        )
