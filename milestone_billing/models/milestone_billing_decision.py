from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .allocation import exceeds

DECISIONS = [
    ("carry", "Carry to the balance"),
    ("write_off", "Write off"),
]


class MilestoneBillingDecision(models.Model):
    """What an invoicing user decided on an open amount; undone by its deletion."""

    _name = "milestone.billing.decision"
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
    company_id = fields.Many2one(related="line_id.company_id")
    currency_id = fields.Many2one(related="line_id.currency_id")
    kind = fields.Selection(
        selection=DECISIONS,
        required=True,
    )
    amount = fields.Monetary(
        help="The open amount at the time, net.",
        required=True,
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
        was_open = {line.id: line.amount_open for line in lines}
        decisions = super().create(vals_list)
        for line, of_line in decisions.grouped("line_id").items():
            of_line._check_amount_was_open(was_open[line.id])
        for decision in decisions:
            decision._check_rest_line_is_open()
        decisions._log_on_projects(self._get_decided_message)
        return decisions

    def unlink(self):
        # sudo: an invoicing user need not be able to read the project
        projects = self.sudo().line_id.project_id
        over_scheduled = {p: p.contract_over_scheduled for p in projects}
        self._log_on_projects(self._get_undone_message)
        res = super().unlink()
        self._check_still_fits(over_scheduled)
        return res

    @api.model
    def _check_still_fits(self, over_scheduled):
        """Refuse to undo what the contract has no room for any more.

        :param dict over_scheduled: what each project was over-scheduled by before
        """
        for project, amount in over_scheduled.items():
            if project.contract_over_scheduled > amount:
                raise UserError(
                    self.env._(
                        "This cannot be undone: the amount was carried to a line that is"
                        " invoiced by now. Credit that invoice first, or raise the"
                        " contract sum."
                    )
                )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_undo(self):
        """Take the decisions back: their amounts are open again.

        :raise UserError: when a carried amount is invoiced with the balance by now
        """
        self.unlink()

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
        schedule = line.project_id._get_schedule()
        index = line.project_id._allocate(schedule).rest_index
        if index is None or schedule[index] == line:
            raise ValidationError(
                self.env._(
                    "There is no open balance that %(line)s could be carried to: it is"
                    " invoiced, or no line takes it. Write the amount off, or add a"
                    " line with the balance.",
                    line=line.name,
                )
            )

    def _log_on_projects(self, get_message):
        """Log on the projects, without amounts, what ``get_message(decision)`` says."""
        for decision in self:
            # sudo: the project keeps the log of who cannot read it
            decision.line_id.sudo().project_id._message_log(body=get_message(decision))

    def _get_decided_message(self, decision):
        """Return who decided what, without the amount."""
        values = {"line": decision.line_id.name, "user": self.env.user.name}
        if decision.kind == "carry":
            return self.env._(
                "%(user)s carried what was open of %(line)s to the balance.", **values
            )
        return self.env._("%(user)s wrote off what was open of %(line)s.", **values)

    def _get_undone_message(self, decision):
        """Return who took which decision back, without the amount."""
        values = {"line": decision.line_id.name, "user": self.env.user.name}
        if decision.kind == "carry":
            return self.env._(
                "%(user)s undid carrying %(line)s to the balance.", **values
            )
        return self.env._("%(user)s undid writing off %(line)s.", **values)
