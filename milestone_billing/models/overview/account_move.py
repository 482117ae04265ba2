from odoo import api, fields, models

from ..groups import BILLING_GROUP


class AccountMove(models.Model):
    """Which stage of which project a document bills, as columns of the list."""

    _inherit = "account.move"

    milestone_billing_stages = fields.Char(
        string="Stage",
        compute="_compute_milestone_billing_names",
        compute_sudo=True,
        groups=BILLING_GROUP,
    )
    milestone_billing_project = fields.Char(
        string="Project",
        compute="_compute_milestone_billing_names",
        compute_sudo=True,
        groups=BILLING_GROUP,
    )
    milestone_billing_to_decide = fields.Boolean(
        help="Whether something that the credit note credits is to be decided on.",
        compute="_compute_milestone_billing_to_decide",
        compute_sudo=True,
        export_string_translation=False,
        groups=BILLING_GROUP,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("milestone_billing_contract_id", "line_ids.milestone_billing_line_id")
    def _compute_milestone_billing_names(self):
        # stored and read anyway: no query where nothing is billed
        if not any(self._read_column("milestone_billing_contract_id")):
            self._fill_column("milestone_billing_stages", [None] * len(self))
            self._fill_column("milestone_billing_project", [None] * len(self))
            return
        billed = self.filtered("milestone_billing_contract_id")
        (self - billed).milestone_billing_stages = False
        (self - billed).milestone_billing_project = False
        links = self.env["account.move.line"]._read_group(
            [
                ("move_id", "in", billed.ids),
                ("milestone_billing_line_id", "!=", False),
            ],
            ["move_id"],
            ["milestone_billing_line_id:recordset"],
        )
        lines = dict(links)
        for move in billed:
            stages = lines.get(move, self.env["milestone.billing.line"])
            move.milestone_billing_stages = ", ".join(stages.mapped("name"))
            move.milestone_billing_project = (
                move.milestone_billing_contract_id.project_name
            )

    @api.depends("move_type", "milestone_billing_contract_id", "state")
    def _compute_milestone_billing_to_decide(self):
        for move in self:
            move.milestone_billing_to_decide = move.move_type == "out_refund" and bool(
                move._get_milestone_lines_to_decide()
            )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    @api.readonly
    def action_decide_milestones(self):
        """Ask what becomes of what this credit note credited.

        :return: the action of the dialog
        """
        return self._get_milestone_lines_to_decide().action_decide()

    def _get_milestone_lines_to_decide(self):
        """Return the lines of these documents with something to decide."""
        return self.line_ids.milestone_billing_line_id.filtered(
            lambda line: line.state == "to_decide"
        )
