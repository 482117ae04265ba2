from dataclasses import replace

from odoo import api, fields, models

from ..groups import INVOICE_READERS


class MilestoneBillingLine(models.Model):
    """What a row of the contract's page shows besides figures."""

    _inherit = "milestone.billing.line"

    mark = fields.Char(
        string="#",
        help="The number of a progress line; the first letter of a deposit or final.",
        compute="_compute_mark",
        export_string_translation=False,
    )
    acceptance_criteria = fields.Text(
        related="milestone_id.acceptance_criteria",
        string="What Was Agreed",
        readonly=False,
    )
    invoice_links = fields.Json(
        help="The posted invoices that bill the line: their numbers, and the ids for"
        " who may open them.",
        compute="_compute_invoice_links",
        export_string_translation=False,
    )
    has_documents = fields.Boolean(compute="_compute_has_documents")

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("number", "contract_id.line_ids.kind", "contract_id.line_ids.sequence")
    @api.depends_context("lang")
    def _compute_mark(self):
        letters = {
            "deposit": self.env._("D"),
            "final": self.env._("F"),
        }
        for contract, lines in self.grouped("contract_id").items():
            schedule = contract._get_schedule(lines)
            progress = schedule.filtered(lambda line: line.kind == "progress")
            places = {line: place for place, line in enumerate(progress, start=1)}
            for line in lines:
                number = line.number or places.get(line)
                line.mark = letters.get(line.kind) or str(number or "")

    @api.depends("amount_billed")
    @api.depends_context("uid")
    def _compute_invoice_links(self):
        may_open = self.env.user.has_groups(INVOICE_READERS)
        for line in self:
            # sudo: an invoice's number is told to who sees what it bills, as in refusals
            moves = line.sudo().move_line_ids.move_id
            posted = moves.filtered(lambda move: move.state == "posted")
            line.invoice_links = [
                {"id": may_open and move.id, "name": move.name}
                for move in posted.sorted("id")
            ]

    @api.depends("move_line_ids")
    def _compute_has_documents(self):
        # sudo: that there are documents is no secret to who sees what is billed
        for line in self.sudo():
            line.has_documents = bool(line.move_line_ids)

    # -------------------------------------------------------------------------
    # CRUD: the form
    # -------------------------------------------------------------------------

    @api.model
    def default_get(self, fields_list):
        # a new line goes to the end of the schedule it is added to
        defaults = super().default_get(fields_list)
        contract_id = defaults.get("contract_id")
        if contract_id and "sequence" in fields_list:
            last = self.search(
                [("contract_id", "=", contract_id)], order="sequence desc", limit=1
            )
            defaults["sequence"] = last.sequence + 1 if last else 10
        return defaults

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    @api.readonly
    def action_open_documents(self):
        """Open the invoices and credit notes of these lines."""
        return self.move_line_ids.move_id._get_records_action(
            name=self.env._("Milestone Invoices")
        )

    @api.readonly
    def get_deletion_message(self):
        """Say what becomes of the line's amount when it is deleted.

        :return: a text in figures, in the user's language
        :raise AccessError: when the user may not see the line
        """
        self.ensure_one()
        self.check_access("read")
        # sudo: a contract whose lines one sees; computing reads its project
        return self.sudo()._get_deletion_message()

    def _get_deletion_message(self):
        """Return what becomes of the line's amount when it is deleted."""
        contract = self.contract_id
        lines = contract._get_schedule() - self
        is_of_sum = self.basis == "fixed" and not contract.contract_sum
        to_date = contract.amount_to_date - (self.amount if is_of_sum else 0.0)
        facts = [line._to_schedule_line() for line in lines]
        values = {
            "amount": contract._format_contract_amount(self.amount_planned),
            "moved": "; ".join(contract._get_moves(lines, facts, to_date)),
        }
        if not values["moved"]:
            return self.env._("It plans %(amount)s. Nothing else changes.", **values)
        return self.env._("It plans %(amount)s. Without it: %(moved)s.", **values)

    def _get_decision_moves(self, kind):
        """Return in figures what a decision on what is open of these lines moves.

        :param str kind: ``carry`` or ``write_off``
        :return: a list of texts
        """
        moves = []
        for contract, lines in self.grouped("contract_id").items():
            schedule = contract._get_schedule()
            facts = [
                line._give_up(kind) if line in lines else line._to_schedule_line()
                for line in schedule
            ]
            given_up = sum(lines.mapped("amount_open")) if kind == "write_off" else 0.0
            to_date = contract.amount_to_date - given_up
            moves += contract._get_moves(schedule, facts, to_date)
        return moves

    def _give_up(self, kind):
        """Return the line for the allocation as if what is open of it were given up."""
        facts = self._to_schedule_line()
        name = "carried" if kind == "carry" else "written_off"
        given_up = getattr(facts, name) + self.amount_open
        return replace(facts, kept=facts.used, **{name: given_up})
