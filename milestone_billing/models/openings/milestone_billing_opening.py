from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..guarded_fields import Amount
from ..milestone_billing_contract import MAX_AMOUNT
from ..refusal import BillingRefusal


class MilestoneBillingOpening(models.Model):
    """What was billed of a stage before: elsewhere, or by a document that is linked.

    What was billed elsewhere counts as billed and paid, by its amount. A document of this
    ledger is linked instead: it counts as those that the schedule makes, and so do its
    payments. Undone by deletion.
    """

    _name = "milestone.billing.opening"
    _inherit = "milestone.billing.sealed.mixin"
    _description = "Billed Before"
    _order = "date desc, id desc"
    _rec_name = "reference"

    line_id = fields.Many2one(
        comodel_name="milestone.billing.line",
        string="Stage",
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
    customer_id = fields.Many2one(
        related="contract_id.partner_id.commercial_partner_id",
        string="Customer",
    )
    move_line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Invoice Line",
        help="A line of a posted invoice or credit note of the same customer, which so"
        " counts as billed of the stage, with its payments.",
        index="btree_not_null",
        ondelete="cascade",
    )
    amount = Amount(
        help="Net; of a linked document what it was then, less than zero of a credit"
        " note.",
        required=True,
    )
    reference = fields.Char(help="The number of the invoice.")
    date = fields.Date(help="The date of the invoice.")

    _amount_positive = models.Constraint(
        f"CHECK (move_line_id IS NOT NULL OR (amount > 0 AND amount < {MAX_AMOUNT}))",
        "What was billed elsewhere is more than zero, and less than 1,000,000,000,000.",
    )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = self.env["milestone.billing.line"]
        lines = lines.browse([vals["line_id"] for vals in vals_list])
        # sudo: an invoicing user need not be able to read the project
        contracts = lines.sudo().contract_id
        with contracts._changing_schedule(self) as marked:
            openings = super(MilestoneBillingOpening, marked).create(
                [
                    {**vals, **self._prepare_facts(line, vals)}
                    for vals, line in zip(vals_list, lines, strict=True)
                ]
            )
            openings = openings.with_env(self.env)
            for opening in openings.filtered("move_line_id"):
                opening._link_document()
        return openings

    def write(self, vals):
        if vals.keys() & {"line_id", "move_line_id"} or (
            "amount" in vals and self.move_line_id
        ):
            raise BillingRefusal(
                self.env._(
                    "What was billed before stays with its stage and its document. Delete"
                    " it and enter it anew."
                )
            )
        # sudo: an invoicing user need not be able to read the project
        with self.sudo().contract_id._changing_schedule(self) as openings:
            return super(MilestoneBillingOpening, openings).write(vals)

    def unlink(self):
        self.check_access("unlink")
        # sudo: as in write()
        with self.sudo().contract_id._changing_schedule(self) as openings:
            for opening in self.filtered("move_line_id"):
                opening._unlink_document()
            return super(MilestoneBillingOpening, openings).unlink()

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    @api.model
    def _prepare_facts(self, line, vals):
        """Return what is known of an opening besides what is given.

        :param line: its stage
        :param dict vals: the values that are given
        :return: the keys ``amount`` and, of a document, ``reference`` and ``date``
        """
        if not vals.get("move_line_id"):
            # as the database will: the totals add it up before it does
            # sudo: the currency alone
            amount = line.sudo().currency_id.round(vals.get("amount") or 0.0)
            return {"amount": amount}
        move_line = self.env["account.move.line"].browse(vals["move_line_id"])
        move_line.check_access("read")
        return {
            "amount": move_line._get_milestone_net(),
            "reference": move_line.move_id.name,
            "date": move_line.move_id.invoice_date,
        }

    def _link_document(self):
        """Have the document bill, or credit, the stage.

        :raise ValidationError: when it is none that could, or goes beyond the contract
        """
        self.ensure_one()
        # sudo: an invoicing user need not be able to read the project
        opening = self.sudo()
        domain = opening.line_id._get_linkable_domain()
        if not opening.move_line_id.filtered_domain(domain):
            raise ValidationError(
                self.env._(
                    "%(document)s cannot be linked to %(line)s. Choose a line of a posted"
                    " invoice or credit note of the contract's customer, in its currency"
                    " and company, that bills no stage yet.",
                    document=opening.reference or opening.move_line_id.display_name,
                    line=opening.line_id.name,
                )
            )
        opening.line_id._link_document(opening.move_line_id)
        self._log_link(
            self.env._(
                "%(user)s linked %(document)s, %(amount)s, to %(line)s.",
                **opening._prepare_link_values(),
            )
        )

    def _unlink_document(self):
        """Have the document bill the stage no more.

        :raise ValidationError: when a credit note of it stays
        """
        self.ensure_one()
        # sudo: an invoicing user need not be able to read the project
        opening = self.sudo()
        opening.line_id._unlink_document(opening.move_line_id)
        self._log_link(
            self.env._(
                "%(user)s took %(document)s, %(amount)s, away from %(line)s.",
                **opening._prepare_link_values(),
            )
        )

    def _prepare_link_values(self):
        """Return what the log says of a link: who, what, how much, of which stage."""
        return {
            "user": self.env.user.name,
            "document": self.reference or "",
            "amount": self.currency_id.format(self.amount),
            "line": self.line_id.name,
        }

    def _log_link(self, message):
        # sudo: the log is kept whatever the user may write
        self.sudo().contract_id._log_change(message)
