import logging
from collections import defaultdict

from odoo import SUPERUSER_ID, api, fields, models

from ..batches import work_off
from ..groups import BILLING_GROUP
from ..guarded_fields import Arguments
from .reasons import CAUSES, FAILED, FAILURES, NOT_BILLED, REASONS

_logger = logging.getLogger(__name__)


class MilestoneBillingLine(models.Model):
    """What blocks a line that is done: checked, recorded, and told with the cure.

    A check returns a code and the arguments of its sentence, amounts as numbers; the
    sentence is written when it is read, in the reader's language.
    """

    _inherit = "milestone.billing.line"

    check_code = fields.Char(
        string="What Blocks It",
        help="The result of the last check of the line, empty when it can be invoiced.",
        copy=False,
        readonly=True,
    )
    check_args = Arguments(copy=False, readonly=True)
    checked_on = fields.Datetime(copy=False, readonly=True)
    blocking_reason = fields.Char(
        string="Why It Is Not Invoiced",
        compute="_compute_blocking_reason",
        compute_sudo=True,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("state", "check_code", "check_args")
    @api.depends_context("lang")
    def _compute_blocking_reason(self):
        for line in self:
            line.blocking_reason = line.state == "blocked" and (
                line._get_reason(line.check_code, line.check_args)
            )

    @api.depends("check_code")
    def _compute_state(self):
        return super()._compute_state()

    def _get_state(self):
        state = super()._get_state()
        return "blocked" if state == "ready" and self.check_code else state

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_check_again(self):
        """Check anew what blocks these lines, forgetting failed attempts.

        :return: True
        """
        self.check_access("read")
        # the result of the check is a fact that the system records
        self.with_user(SUPERUSER_ID)._get_reached_open()._check_billable(anew=True)
        return True

    @api.model
    def action_open_queue(self):
        """Open what waits to be billed, after a check of what blocks it.

        :return: an ``ir.actions.act_window``
        """
        # the result of the check is a fact that the system records
        lines = self.search([("state", "in", ("ready", "blocked"))], limit=200)
        lines.with_user(SUPERUSER_ID)._check_billable()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "milestone_billing.milestone_billing_line_action_queue"
        )

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
        if self:
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
        while lines := self.search(domain, limit=batch_size, order="checked_on, id"):
            remaining = self.search_count(domain) - len(lines)
            if not work_off(
                list(lines),
                lambda lines: lines._check_billable(),
                lambda line, error: line._record_check_failed(error),
                remaining,
            ):
                break

    def _record_check_failed(self, error):
        """Go on to other lines when the check of this one fails: it is tried next time."""
        _logger.error("%s could not be checked", self, exc_info=error)
        self.checked_on = fields.Datetime.now()

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

    def _get_cause(self):
        """Return what blocks this line as half a sentence that everybody may read.

        :return: the text, or False where it would name an amount, the customer or a
            document
        """
        self.ensure_one()
        return self.check_code in CAUSES and self.env._(CAUSES[self.check_code])

    # -------------------------------------------------------------------------
    # BUSINESS: who cures it
    # -------------------------------------------------------------------------

    def _get_to_cure(self):
        """Return those of these lines that are blocked by what somebody can cure."""
        return self.filtered(
            lambda line: line.state == "blocked" and line.check_code not in NOT_BILLED
        )

    def _call_for_blocked(self):
        """Call who can cure what blocks these lines, by an activity.

        :param self: the lines of milestones marked done, as the superuser
        """
        for contract, lines in self._get_to_cure().grouped("contract_id").items():
            contract._call_for_lines(lines)
