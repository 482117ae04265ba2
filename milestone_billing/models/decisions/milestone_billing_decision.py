from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..allocation import exceeds
from ..guarded_fields import Amount
from ..refusal import BillingRefusal

DECISIONS = [
    ("carry", "Carry to the balance"),
    ("write_off", "Write off"),
]


class MilestoneBillingDecision(models.Model):
    """What an invoicing user decided on an open amount; undone by its deletion."""

    _name = "milestone.billing.decision"
    _inherit = "milestone.billing.sealed.mixin"
    _description = "Milestone Billing Decision"
    _order = "id desc"
    _rec_name = "kind"

    line_id = fields.Many2one(
        comodel_name="milestone.billing.line",
        string="Milestone Line",
        required=True,
        index=True,
        ondelete="cascade",
    )
    contract_id = fields.Many2one(
        related="line_id.contract_id",
        store=True,
        index=True,
    )
    company_id = fields.Many2one(
        related="contract_id.company_id",
        store=True,
    )
    currency_id = fields.Many2one(related="contract_id.currency_id")
    kind = fields.Selection(
        selection=DECISIONS,
        required=True,
    )
    amount = Amount(
        help="The open amount at the time, net.",
        required=True,
    )
    is_closing = fields.Boolean(
        help="Whether it took all that was open of the line, which so is closed.",
        readonly=True,
    )
    amount_kept = Amount(
        string="Kept",
        help="What was drafted and billed of the line then, net.",
        readonly=True,
    )
    reason = fields.Text(required=True)

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)",
        "Only an open amount can be carried or written off.",
    )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        # sudo: an invoicing user need not be able to read the project
        lines = self.env["milestone.billing.line"].sudo()
        lines = lines.browse([vals["line_id"] for vals in vals_list])
        # as the database will: totals and checks use the amount before it does
        vals_list = [
            {**vals, "amount": line.currency_id.round(vals.get("amount") or 0.0)}
            for vals, line in zip(vals_list, lines, strict=True)
        ]
        lines.contract_id._touch_rows()
        planned = lines.contract_id._get_planned()
        was_open = {line.id: line.amount_open for line in lines}
        was_used = {line.id: line.amount_drafted + line.amount_billed for line in lines}
        decisions = super().create(vals_list)
        for line, of_line in decisions.grouped("line_id").items():
            of_line._check_amount_was_open(was_open[line.id])
            of_line._close_line(was_open[line.id], was_used[line.id])
        for decision in decisions:
            decision._check_rest_line_is_open()
        lines.contract_id._check_contract_not_exceeded()
        for contract, of_contract in decisions.grouped("contract_id").items():
            messages = [self._get_decided_message(d) for d in of_contract]
            # sudo: the log is kept whatever the user may write
            contract.sudo()._log_decisions(messages, planned)
        return decisions

    def unlink(self):
        # sudo: an invoicing user need not be able to read the project
        contracts = self.sudo().contract_id
        contracts._touch_rows()
        self._check_newest()
        over_scheduled = {c: c.amount_over_scheduled for c in contracts}
        planned = contracts._get_planned()
        messages = {
            contract: [self._get_undone_message(decision) for decision in decisions]
            for contract, decisions in self.grouped("contract_id").items()
        }
        res = super().unlink()
        self._check_still_fits(over_scheduled)
        for contract in contracts:
            contract._log_decisions(messages[contract], planned)
        return res

    def _close_line(self, was_open, was_used):
        """Record that these decisions on one line took all that was open of it.

        :param float was_open: what was open of the line before, net
        :param float was_used: what was drafted and billed of it, net
        """
        rounding = self.currency_id.rounding
        if not exceeds(was_open, sum(self.mapped("amount")), rounding):
            # sudo: a fact that no request gives
            self.sorted("id")[-1:].sudo().write(
                {"is_closing": True, "amount_kept": was_used}
            )

    @api.model
    def _check_still_fits(self, over_scheduled):
        """Refuse to undo what the contract has no room for any more.

        :param dict over_scheduled: what each contract was over-scheduled by before
        """
        for contract, amount in over_scheduled.items():
            if contract.amount_over_scheduled > amount:
                raise BillingRefusal(
                    self.env._(
                        "This cannot be undone: the amount was carried to a line that is"
                        " invoiced by now. Credit that invoice first, or raise the"
                        " contract sum."
                    )
                )

    def _check_newest(self):
        """Refuse to undo a decision on a line that was decided on again since."""
        # sudo: the rule holds whatever the user reads
        for line, decisions in self.sudo().grouped("line_id").items():
            newer = (line.decision_ids - decisions).filtered(
                lambda d, decisions=decisions: d.id > min(decisions.ids)
            )
            if newer:
                raise BillingRefusal(
                    self.env._(
                        "%(line)s was decided on again since: undo the newer decision"
                        " first.",
                        line=line.name,
                    )
                )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_undo(self):
        """Take the decisions back: their amounts are open again.

        :return: True
        :raise UserError: when a carried amount is invoiced with the balance by now
        """
        return self.unlink()

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _check_amount_was_open(self, was_open):
        """Refuse to give up more than was open of one line."""
        amount = sum(self.mapped("amount"))
        if exceeds(amount, was_open, self.currency_id.rounding):
            raise ValidationError(
                self.env._(
                    "Of %(line)s only %(open)s is open, less than %(amount)s. Decide on"
                    " what is open.",
                    line=self.line_id.name,
                    open=self.currency_id.format(was_open),
                    amount=self.currency_id.format(amount),
                )
            )

    def _check_rest_line_is_open(self):
        """Refuse to carry when no other open line takes the rest."""
        if self.kind != "carry":
            return
        # sudo: computing the schedule reads the project
        line = self.line_id.sudo()
        contract = line.contract_id
        schedule = contract._get_schedule()
        index = contract._allocate(schedule).rest_index
        if index is None or schedule[index] == line:
            raise ValidationError(
                self.env._(
                    "There is no open balance that %(line)s could be carried to: it is"
                    " invoiced, or no line takes it. Write the amount off, or add a"
                    " line with the balance.",
                    line=line.name,
                )
            )

    def _prepare_message_values(self):
        """Return what the messages of this decision say: who, how much, why."""
        return {
            "line": self.line_id.name,
            "user": self.env.user.name,
            "amount": self.currency_id.format(self.amount),
            "reason": self.reason,
        }

    def _get_decided_message(self, decision):
        """Return who decided what, on how much, and why."""
        values = decision._prepare_message_values()
        if decision.kind == "carry":
            return self.env._(
                "%(user)s carried what was open of %(line)s, %(amount)s, to the"
                " balance: %(reason)s",
                **values,
            )
        return self.env._(
            "%(user)s wrote off what was open of %(line)s, %(amount)s: %(reason)s",
            **values,
        )

    def _get_undone_message(self, decision):
        """Return who took which decision back."""
        values = decision._prepare_message_values()
        values.pop("reason")
        if decision.kind == "carry":
            return self.env._(
                "%(user)s undid carrying %(line)s, %(amount)s, to the balance.",
                **values,
            )
        return self.env._("%(user)s undid writing off %(line)s, %(amount)s.", **values)
