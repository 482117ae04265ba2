from collections import defaultdict

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from .groups import BILLING_GROUP

_lt = LazyTranslate(__name__)

# results of an attempt, not of a check: they stand until somebody tries or checks anew
FAILURES = ("refused", "failed")

# what blocks a line, by the code that a check records with the arguments
REASONS = {
    "over_scheduled": _lt(
        "The schedule is over-scheduled by %(amount)s: lower the lines or raise"
        " the contract sum."
    ),
    "unscheduled": _lt(
        "%(amount)s of the contract sum is unscheduled: add it to a line before"
        " the final is billed."
    ),
    "no_sum": _lt(
        "The contract sum is not entered, of which %(line)s is a percentage:"
        " enter it in the contract."
    ),
    "template": _lt("A project template is not billed."),
    "archived_contract": _lt(
        "The contract or its project is archived: unarchive it first."
    ),
    "no_customer": _lt("The contract has no customer: set one on the contract."),
    "no_journal": _lt(
        "%(company)s has no sales journal: create one, or choose one in the contract."
    ),
    "no_account": _lt(
        "No income account is set: set one on the product %(product)s or on the"
        " journal %(journal)s."
    ),
    "currency_off": _lt(
        "The currency %(record)s is switched off: activate it in the accounting"
        " settings."
    ),
    "language_off": _lt(
        "The language %(language)s of %(record)s is not installed: install it,"
        " or choose another for the customer."
    ),
    "archived": _lt("%(record)s is archived: unarchive it or choose another."),
    "other_company": _lt(
        "%(record)s belongs to another company than %(company)s, which makes"
        " the invoice: choose one of that company."
    ),
    "sales_order": _lt(
        "%(order)s bills this project, too: bill %(line)s by the order, or say"
        " in the contract that both are right."
    ),
    "refused": _lt("Odoo refused the invoice of %(line)s: %(message)s"),
}
# for what another addon raised, too
FAILED = _lt(
    "The invoice of %(line)s could not be made: see the server's log, mend the"
    " cause and create the draft again."
)


class MilestoneBillingLine(models.Model):
    """What blocks a line that is done: checked, recorded, and told with the cure.

    A check returns a code and the arguments of its sentence, amounts as numbers; the
    sentence is written when it is read, in the reader's language.
    """

    _inherit = "milestone.billing.line"

    # -------------------------------------------------------------------------
    # BUSINESS: checking
    # -------------------------------------------------------------------------

    def _get_reached_open(self):
        """Return those of these lines of which something is open and done."""
        return self.filtered(
            lambda line: line.state in ("ready", "blocked", "to_decide")
        )

    def _check_reached_again(self):
        """Check those of these lines again that wait to be invoiced.

        To be called with sudo: the result is a fact that the system records.
        """
        self.filtered(lambda line: line.state in ("ready", "blocked"))._check_billable()

    def _check_billable(self, anew=False):
        """Check whether these lines can be invoiced now, and record the result.

        To be called as the superuser or with sudo.

        :param bool anew: whether the failure of an earlier attempt is forgotten
        """
        by_result = {}
        for line in self:
            code, args = line._get_check()
            if not code and not anew and line.check_code in FAILURES:
                continue
            if code != line.check_code or args != (line.check_args or {}):
                key = (code, tuple(args.items()))
                by_result[key] = by_result.get(key, self.browse()) | line
        for (code, args), lines in by_result.items():
            lines.write({"check_code": code, "check_args": dict(args)})
            if not code:
                lines.contract_id._call_off()
        self.write({"checked_on": fields.Datetime.now()})

    @api.model
    def _cron_check_billable(self, batch_size=200):
        """Check hourly what waits to be invoiced, the longest unchecked first."""
        now = fields.Datetime.now()
        domain = [
            ("state", "in", ("ready", "blocked")),
            "|",
            ("checked_on", "=", False),
            ("checked_on", "<", fields.Datetime.subtract(now, minutes=30)),
        ]
        remaining = self.search_count(domain)
        while remaining:
            lines = self.search(domain, limit=batch_size, order="checked_on, id")
            if not lines:
                break
            lines._check_billable()
            remaining = max(remaining - len(lines), 0)
            if not self.env["ir.cron"]._commit_progress(
                len(lines), remaining=remaining
            ):
                break

    # -------------------------------------------------------------------------
    # BUSINESS: the checks
    # -------------------------------------------------------------------------

    def _get_check(self):
        """Return what blocks this line first: its code and the sentence's arguments.

        :return: ``(code, args)`` of :meth:`_get_reason`, ``(False, {})`` if nothing does
        """
        self.ensure_one()
        return next(
            (
                (code, args)
                for check in (
                    self._get_schedule_check,
                    self.contract_id._get_check,
                    self._get_product_check,
                    self._get_tax_check,
                    self._get_account_check,
                )
                for code, args in [check()]
                if code
            ),
            (False, {}),
        )

    def _get_schedule_check(self):
        """Return what of the schedule blocks this line."""
        contract = self.contract_id
        if contract.amount_over_scheduled:
            return "over_scheduled", {"amount": contract.amount_over_scheduled}
        if self.kind == "final" and contract.amount_unscheduled:
            return "unscheduled", {"amount": contract.amount_unscheduled}
        if self.basis == "percent" and not contract.contract_sum:
            return "no_sum", {}
        return False, {}

    def _get_product_check(self):
        """Return that the line's own product is archived or another company's."""
        return self.contract_id._get_record_check(self.product_id)

    def _get_tax_check(self):
        """Return that a tax of the line is archived or another company's."""
        return next(
            (
                (code, args)
                for tax in self.tax_ids
                for code, args in [self.contract_id._get_record_check(tax)]
                if code
            ),
            (False, {}),
        )

    def _get_account_check(self):
        """Return that no income account is found for this line."""
        product = self._get_product()
        journal = self._get_journal()
        accounts = product.with_company(self.company_id)._get_product_accounts()
        if accounts["income"] or journal.default_account_id:
            return False, {}
        return "no_account", {"product": product.display_name, "journal": journal.name}

    # -------------------------------------------------------------------------
    # BUSINESS: the sentences
    # -------------------------------------------------------------------------

    def _get_reason(self, code, args):
        """Return why this line cannot be invoiced and what to do.

        Who sees no amounts is told none.

        :param str code: a code that a check returned
        :param dict args: what the check returned with it
        """
        self.ensure_one()
        args = {"line": self.name, **(args or {})}
        if "amount" in args and not self.env.user.has_group(BILLING_GROUP):
            return self.env._(
                "The schedule does not add up to the contract sum: ask the accountant."
            )
        if "amount" in args:
            args["amount"] = self._get_currency().format(args["amount"])
        text = self.env._(REASONS.get(code, FAILED))
        return text % defaultdict(str, args)


class MilestoneBillingContract(models.Model):
    """What blocks every line of a contract."""

    _inherit = "milestone.billing.contract"

    def _get_check(self):
        """Return what blocks the invoices of this contract first, as lines do."""
        self.ensure_one()
        if self.project_id.is_template:
            return "template", {}
        if not self.active or not self.project_id.active:
            return "archived_contract", {}
        if not self.partner_id:
            return "no_customer", {}
        if not self.currency_id.active:
            return "currency_off", {"record": self.currency_id.name}
        if not self.effective_journal_id:
            return "no_journal", {"company": self.company_id.name}
        records = (
            self.partner_id,
            self.journal_id,
            self.payment_term_id,
            self._get_billing_product(),
        )
        for record in records:
            code, args = self._get_record_check(record)
            if code:
                return code, args
        return self._get_language_check() or self._get_sales_order_check()

    def _get_record_check(self, record):
        """Return that a record of the contract is archived or another company's."""
        if record and not record.active:
            return "archived", {"record": record.display_name}
        if not self.company_id._may_bill_with(record):
            return "other_company", {
                "record": record.display_name,
                "company": self.company_id.name,
            }
        return False, {}

    def _get_language_check(self):
        """Return that the customer's language is not installed, or None."""
        lang = self._get_invoice_partner().lang
        if lang and not self.env["res.lang"]._get_data(code=lang):
            return "language_off", {
                "language": lang,
                "record": self.partner_id.display_name,
            }
        return None

    def _get_sales_order_check(self):
        """Return that a sales order bills the project, too, and nobody decided on it."""
        if self.allow_beside_sales_order:
            return False, {}
        orders = self._get_billing_sales_orders()
        if orders:
            return "sales_order", {"order": ", ".join(orders.mapped("name"))}
        return False, {}

    def _get_billing_sales_orders(self):
        """Return the sales orders that invoice the project by a line of their own."""
        project = self.project_id._origin
        if "sale_line_id" not in project._fields or not project:
            return project.browse()
        lines = self.env["sale.order.line"].search(
            [
                ("state", "=", "sale"),
                ("is_downpayment", "=", False),
                ("display_type", "=", False),
                ("invoice_status", "in", ("to invoice", "invoiced", "upselling")),
                ("price_subtotal", "!=", 0.0),
                "|",
                ("project_id", "=", project.id),
                ("id", "=", project.sale_line_id.id),
            ]
        )
        return lines.order_id

    def _get_invoice_partner(self):
        """Return the address that the contract's invoices go to."""
        customer = self.partner_id
        return customer.browse(customer.address_get(["invoice"])["invoice"])
