from contextlib import contextmanager

from odoo import api, models
from odoo.exceptions import ValidationError

from ..refusal import BillingRefusal


class MilestoneBillingLine(models.Model):
    """What a line keeps once it is drafted or billed, and how documents are guarded."""

    _inherit = "milestone.billing.line"

    # -------------------------------------------------------------------------
    # CONSTRAINTS
    # -------------------------------------------------------------------------

    @api.constrains("milestone_id", "contract_id")
    def _check_milestone_project(self):
        # sudo: the rule holds for who cannot open the project
        for line in self.sudo():
            if line.milestone_id.project_id != line.contract_id.project_id:
                raise ValidationError(
                    self.env._(
                        "%(line)s belongs to %(project)s, but its milestone to"
                        " %(other)s. Choose a milestone of the same project.",
                        line=line.name,
                        project=line.contract_id.project_id.name,
                        other=line.milestone_id.project_id.name,
                    )
                )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def write(self, vals):
        self._check_live_line_unchanged(vals)
        self._get_leaving(vals)._check_movable(vals)
        return super().write(vals)

    def unlink(self):
        self.check_access("unlink")
        self._unlink_except_billed()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        self._check_nothing_recorded()
        # sudo: the rule holds for who cannot see the invoices
        for move in self.sudo()._get_documents()[:1]:
            raise BillingRefusal(
                self.env._(
                    "%(milestones)s cannot be deleted: %(invoice)s bills it. Cancel or"
                    " delete that invoice first.",
                    milestones=", ".join(
                        (move.line_ids.milestone_billing_line_id & self.sudo()).mapped(
                            "name"
                        )
                    ),
                    invoice=move._get_milestone_display_name(),
                )
            )

    def _check_movable(self, vals):
        """Refuse to move lines beyond their project, or with something recorded.

        :raise UserError: naming the line, and the invoice
        """
        # sudo: the rule holds for who cannot open the contracts, nor see the invoices
        lines = self.sudo()
        other = lines.contract_id.browse(vals.get("contract_id"))
        for line in lines:
            if other and other.project_id != line.project_id:
                raise BillingRefusal(
                    self.env._(
                        "%(line)s stays in its project. Add a line to the contract of"
                        " the other one instead.",
                        line=line.name,
                    )
                )
        self._check_nothing_recorded()
        for move in lines.move_line_ids.move_id[:1]:
            raise BillingRefusal(
                self.env._(
                    "%(lines)s cannot be moved: %(invoice)s bills it.",
                    lines=", ".join(lines.mapped("name")),
                    invoice=move._get_milestone_display_name(),
                )
            )

    def _has_recorded(self):
        """Whether part of the line was billed elsewhere, or given up."""
        self.ensure_one()
        return bool(self.amount_opening)

    def _check_nothing_recorded(self):
        """Refuse to lose what was billed elsewhere, carried or written off.

        :raise UserError: naming the line
        """
        # sudo: the rule holds for who cannot see the schedule
        for line in self.sudo():
            if line._has_recorded():
                raise BillingRefusal(
                    self.env._(
                        "%(line)s cannot be deleted or moved: part of it was billed"
                        " elsewhere, carried or written off. Ask the accountant to take"
                        " that back first.",
                        line=line.name,
                    )
                )

    def _check_live_line_unchanged(self, vals):
        """Refuse to change what a drafted or billed line bills, or for which milestone.

        :raise UserError: naming the invoice
        """
        fnames = vals.keys() & {
            "basis",
            "percent",
            "amount",
            "milestone_id",
            "contract_id",
        }
        for line in self.filtered("is_live") if fnames else self.browse():
            changed = any(
                self._fields[fname].convert_to_cache(vals[fname], line)
                != self._fields[fname].convert_to_cache(line[fname], line)
                for fname in fnames
            )
            if changed:
                # sudo: the invoice is named to who may change the schedule
                moves = line.sudo()._get_live_documents()
                raise BillingRefusal(
                    self.env._(
                        "%(line)s keeps the plan with which it was invoiced:"
                        " %(invoices)s. Delete that draft or credit that invoice"
                        " first, or change the other lines or the contract sum.",
                        line=line.name,
                        invoices=", ".join(
                            move._get_milestone_display_name() for move in moves
                        ),
                    )
                )

    # -------------------------------------------------------------------------
    # BUSINESS: guards of the line
    # -------------------------------------------------------------------------

    @contextmanager
    def _guarding(self, moves, reopened=None):
        """Change documents of these lines, and refuse what the schedule forbids.

        Writes the contracts' rows first, so that of two transactions on one contract
        the second is tried again.

        :param moves: the documents that are changed
        :param reopened: those among them that bill the lines anew, or again
        :return: a list, to which documents are added that are made for the lines
        :raise ValidationError: with figures, or the document, and the way out
        """
        # sudo: the rules hold for who cannot see the schedule
        lines = self.sudo()
        lines.contract_id._touch_rows()
        before = {
            line: (line.amount_drafted + line.amount_billed, line.amount_credited)
            for line in lines
        }
        made = []
        yield made
        made = moves.browse().union(*made)
        reopened = made | (reopened or made.browse())
        moves = (moves.exists() | made).sudo()
        lines |= moves.line_ids.milestone_billing_line_id
        notes = moves.filtered(lambda move: move.move_type == "out_refund")
        moves._check_milestone_documents()
        lines.contract_id._check_contract_not_exceeded()
        for line in lines:
            used, credited = before.get(line, (0.0, 0.0))
            line._check_not_negative()
            has_less_credit = (
                line._get_currency().compare_amounts(line.amount_credited, credited) < 0
            )
            if reopened or has_less_credit:
                line._check_not_billed_since(used, notes | reopened)

    def _check_not_negative(self):
        """Refuse documents that credit more than they bill of this line.

        What was billed elsewhere is no document that could be credited.
        """
        compare = self._get_currency().compare_amounts
        used = self.amount_drafted + self.amount_billed - self.amount_opening
        if compare(self.amount_drafted, 0.0) >= 0 and compare(used, 0.0) >= 0:
            return
        raise ValidationError(
            self.env._(
                "%(line)s would be credited with more than is invoiced of it. Lower or"
                " delete the credit note, or leave the invoice that it credits as it"
                " is.",
                line=self.name,
            )
        )

    def _check_not_billed_since(self, used, moves):
        """Refuse to take back a credit or a cancellation of what was billed again.

        :param float used: what was drafted and billed of the line before
        :param moves: the credit notes that were taken back, and the documents that live
            again
        :raise ValidationError: naming the other invoice
        """
        compare = self._get_currency().compare_amounts
        now_used = self.amount_drafted + self.amount_billed
        if compare(now_used, used) <= 0 or compare(now_used, self.amount_planned) <= 0:
            return
        notes = moves.filtered(lambda move: move.move_type == "out_refund")
        live = self._get_live_documents()
        # of several that are taken back at once, one may bill the line
        own = (live & (notes.reversed_entry_id | (moves - notes))).sorted("id")[:1]
        others = (live - own).filtered(lambda move: not self._is_replaced(move, own))
        if others:
            raise ValidationError(
                self.env._(
                    "%(line)s was billed again by %(invoice)s: %(document)s stays as it"
                    " is. Delete or credit that other invoice first.",
                    line=self.name,
                    invoice=others.sorted("id")[-1:]._get_milestone_display_name(),
                    document=", ".join(
                        move._get_milestone_display_name() for move in moves
                    ),
                )
            )

    def _is_replaced(self, move, other):
        """Whether another document of the same family bills what was credited of one.

        :param move: a document that bills this line
        :param other: the document that is to bill it instead
        """
        family = other and other._get_milestone_family_root()
        if not family or move._get_milestone_family_root() != family:
            return False
        return any(
            note.state == "posted" and self in note.line_ids.milestone_billing_line_id
            for note in move.reversal_move_ids
        )
