from odoo import models
from odoo.exceptions import ValidationError

from ..marks import GUARDED
from ..refusal import BillingRefusal

# what may change what a document bills of a contract
GUARDED_FIELDS = frozenset(
    {
        "state",
        "line_ids",
        "invoice_line_ids",
        "currency_id",
        "company_id",
        "journal_id",
        "partner_id",
        "fiscal_position_id",
        "move_type",
        "reversed_entry_id",
    }
)


class AccountMove(models.Model):
    """What no document of a contract may be or become, on whatever road."""

    _inherit = "account.move"

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def write(self, vals):
        # sudo: not all who write documents, such as vendor bills, see the schedule
        if not self.sudo().milestone_billing_contract_id:
            return super().write(vals)
        # sudo: as above
        billing_moves = self.sudo().filtered("milestone_billing_contract_id")
        billing_moves._check_milestone_identity_unchanged(vals)
        if GUARDED.is_set(self.env) or GUARDED_FIELDS.isdisjoint(vals):
            return super().write(vals)
        if vals.get("state") == "cancel":
            billing_moves._check_not_credited()
        reopened = billing_moves.browse()
        if vals.get("state") == "draft":
            reopened = billing_moves.filtered(lambda move: move.state == "cancel")
        lines = billing_moves.line_ids.milestone_billing_line_id
        # core writes edited lines one by one: they are checked together, at the end
        with lines._guarding(billing_moves, reopened):
            res = super(AccountMove, GUARDED.on(self)).write(vals)
            if vals.get("state") == "posted":
                billing_moves._check_credits_covered()
        return res

    def _check_milestone_identity_unchanged(self, vals):
        """Refuse to make something else of a document that bills milestones.

        :raise UserError: naming the document
        """
        for move in self:
            if ("move_type" in vals and vals["move_type"] != move.move_type) or (
                "reversed_entry_id" in vals
                and (vals["reversed_entry_id"] or False) != move.reversed_entry_id.id
            ):
                raise BillingRefusal(
                    self.env._(
                        "%(document)s bills milestones and stays what it is. Delete it"
                        " and credit the invoice instead.",
                        document=move._get_milestone_display_name(),
                    )
                )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _post(self, soft=True):
        # EXTENDS 'account': core writes documents and their lines one by one: they are
        # checked together, at the end
        # sudo: the rules hold for who cannot see the schedule
        billing_moves = self.sudo().filtered("milestone_billing_contract_id")
        if not billing_moves:
            return super()._post(soft=soft)
        lines = billing_moves.line_ids.milestone_billing_line_id
        with lines._guarding(billing_moves):
            posted = super(AccountMove, GUARDED.on(self))._post(soft=soft)
            (billing_moves & posted.sudo())._check_credits_covered()
        return GUARDED.off(posted)

    def _get_draft_invoices(self):
        # EXTENDS 'account_invoice_merge' of OCA, where it is installed: it copies the
        # lines of drafts into a new one, without the link, and cancels the drafts, so
        # that their stages would be billed a second time
        extended = getattr(super(), "_get_draft_invoices", None)
        drafts = extended() if extended else self.filtered(lambda m: m.state == "draft")
        # sudo: not all who merge documents see the schedule
        billing_moves = drafts.sudo().filtered("milestone_billing_contract_id")
        return drafts - billing_moves.sudo(self.env.su)

    # -------------------------------------------------------------------------
    # GUARDS
    # -------------------------------------------------------------------------

    def _check_milestone_documents(self):
        """Refuse what no document of a contract may be.

        :raise ValidationError: when a document is none to a customer, mixes contracts,
            or is in another currency or company than its contract
        """
        for move in self.filtered("milestone_billing_contract_id"):
            move._check_milestone_document()
            move._check_milestone_contract()

    def _check_milestone_document(self):
        """Refuse a document that is none to a customer: it would count as billed."""
        if not self.is_sale_document(include_receipts=True):
            raise ValidationError(
                self.env._(
                    "%(document)s is no customer invoice and cannot bill a milestone.",
                    document=self._get_milestone_display_name(),
                )
            )
        contracts = self.line_ids.milestone_billing_line_id.contract_id
        if len(contracts) > 1:
            raise ValidationError(
                self.env._(
                    "%(invoice)s would bill milestones of more than one contract:"
                    " %(contracts)s. Make one invoice for each contract.",
                    invoice=self._get_milestone_display_name(),
                    contracts=", ".join(contracts.mapped("display_name")),
                )
            )

    def _check_milestone_contract(self):
        """Refuse a document in another currency or company than the contract's."""
        contract = self.milestone_billing_contract_id
        if self.currency_id != contract.currency_id:
            raise ValidationError(
                self.env._(
                    "%(invoice)s bills milestones of %(project)s, whose contract is in"
                    " %(currency)s. Keep that currency, or remove the milestone lines"
                    " from the invoice first.",
                    invoice=self._get_milestone_display_name(),
                    project=contract.project_name,
                    currency=contract.currency_id.name,
                )
            )
        if self.company_id != contract.company_id:
            raise ValidationError(
                self.env._(
                    "%(invoice)s bills milestones of %(project)s, which is billed by"
                    " %(company)s. Keep that company, or remove the milestone lines"
                    " from the invoice first.",
                    invoice=self._get_milestone_display_name(),
                    project=contract.project_name,
                    company=contract.company_id.name,
                )
            )

    def _check_not_credited(self, lines=None):
        """Refuse to cancel, delete or empty an invoice that is credited.

        :param lines: the journal items that go; by default all of the documents
        :raise ValidationError: naming the credit note
        """
        # sudo: the rule holds for who cannot see the schedule
        for move in self.sudo().filtered(lambda m: m.move_type != "out_refund"):
            going = (lines.sudo() & move.line_ids) if lines else move.line_ids
            stages = going.milestone_billing_line_id
            notes = move.reversal_move_ids.filtered(
                lambda note, stages=stages: (
                    note.state == "posted"
                    and note.line_ids.milestone_billing_line_id & stages
                )
            )
            for note in (notes - self.sudo())[:1]:
                raise ValidationError(
                    self.env._(
                        "%(invoice)s is credited by %(note)s and stays. Cancel that"
                        " credit note first.",
                        invoice=move._get_milestone_display_name(),
                        note=note._get_milestone_display_name(),
                    )
                )

    def _check_credits_covered(self):
        """Refuse credit notes beyond what is posted of a milestone line.

        :raise ValidationError: with the figures for who may see them
        """
        for move in self.filtered(lambda move: move.move_type == "out_refund"):
            for line in move.line_ids.milestone_billing_line_id:
                currency = line.currency_id
                invoiced = (
                    line.amount_billed + line.amount_credited - line.amount_opening
                )
                if currency.compare_amounts(line.amount_credited, invoiced) > 0:
                    raise ValidationError(
                        self.env._(
                            "%(document)s would credit more of %(line)s than is"
                            " invoiced: %(credited)s of %(invoiced)s. Lower it or delete"
                            " it.",
                            document=move._get_milestone_display_name(),
                            line=line.name,
                            credited=currency.format(line.amount_credited),
                            invoiced=currency.format(invoiced),
                        )
                    )
