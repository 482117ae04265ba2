from odoo import api, fields, models
from odoo.tools.sql import column_exists, create_column

from .groups import BILLING_GROUP
from .marks import CARRY_LINK


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = [
        "account.move",
        "milestone.billing.sealed.mixin",
        "milestone.billing.columns.mixin",
    ]

    milestone_billing_contract_id = fields.Many2one(
        comodel_name="milestone.billing.contract",
        string="Milestone Contract",
        help="The contract whose milestones this document bills or credits.",
        compute="_compute_milestone_billing_contract_id",
        store=True,
        index="btree_not_null",
        compute_sudo=True,
        groups=BILLING_GROUP,
    )
    milestone_ids = fields.Many2many(
        comodel_name="project.milestone",
        string="Milestones",
        help="The milestones that this document bills or credits.",
        compute="_compute_milestone_ids",
        compute_sudo=True,
        groups=BILLING_GROUP,
    )

    def _auto_init(self):
        # an empty column spares the compute on every journal entry at installation
        if not column_exists(
            self.env.cr, "account_move", "milestone_billing_contract_id"
        ):
            create_column(
                self.env.cr, "account_move", "milestone_billing_contract_id", "int4"
            )
        return super()._auto_init()

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("line_ids.milestone_billing_line_id")
    def _compute_milestone_billing_contract_id(self):
        if not self.line_ids.milestone_billing_line_id:
            # most documents of a database bill no milestones
            self.milestone_billing_contract_id = False
            return
        for move in self:
            contracts = move.line_ids.milestone_billing_line_id.contract_id
            move.milestone_billing_contract_id = contracts[:1]

    @api.depends("milestone_billing_contract_id")
    def _compute_milestone_ids(self):
        for move in self:
            move.milestone_ids = move.line_ids.milestone_billing_line_id.milestone_id

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    @api.readonly
    def action_open_milestone_billing(self):
        """Open the contract that the document bills.

        :return: an ``ir.actions.act_window``
        """
        self.ensure_one()
        return self.milestone_billing_contract_id._get_records_action()

    @api.readonly
    def action_open_milestones(self):
        """Open the milestone lines that the document bills or credits."""
        lines = self.line_ids.milestone_billing_line_id
        return lines._get_records_action(name=self.env._("Milestones"))

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _get_milestone_display_name(self):
        """Return a name for messages that gives away neither customer nor amount."""
        self.ensure_one()
        if self.name and self.name != "/":
            return self.name
        return self.env._(
            "%(document)s (* %(id)s)",
            document=self._get_move_display_name(),
            id=self.id,
        )

    def _as_own_record(self):
        """Return these documents for writing what the addon records on them.

        That is no edit of the accountant's and changes no journal item: core need not
        synchronize them.
        """
        return self.with_context(
            skip_is_manually_modified=True,
            skip_invoice_sync=True,
            skip_account_move_synchronization=True,
            check_move_validity=False,
        )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _reverse_moves(self, default_values_list=None, cancel=False):
        # EXTENDS 'account': credit notes carry the link to the milestone lines
        reverses = super(AccountMove, CARRY_LINK.on(self))._reverse_moves(
            default_values_list, cancel
        )
        return reverses.with_env(self.env)

    # -------------------------------------------------------------------------
    # BUSINESS: families of documents
    # -------------------------------------------------------------------------

    def _get_milestone_family_root(self):
        """Return the invoice that this document reverses, through all reversals."""
        self.ensure_one()
        # sudo: a family is one whoever may read which of its documents
        root = self.sudo()
        seen = root
        while root.reversed_entry_id and root.reversed_entry_id not in seen:
            root = root.reversed_entry_id
            seen |= root
        return root
