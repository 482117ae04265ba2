import logging

from psycopg2 import OperationalError

from odoo import api, models
from odoo.exceptions import AccessError, RedirectWarning, UserError

from ..groups import INVOICING_GROUP
from ..marks import GUARDED
from ..refusal import BillingRefusal

_logger = logging.getLogger(__name__)


class MilestoneBillingLine(models.Model):
    """From lines that are ready to draft invoices."""

    _inherit = "milestone.billing.line"

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_create_draft_invoice(self):
        """Make the draft invoices of the ready lines; one line may bill a credit again.

        :return: the action that opens the drafts
        :raise AccessError: when the user may not make invoices
        :raise UserError: when there is nothing to invoice, saying why; nothing is made
        """
        return self._create_drafts_by_hand()

    def action_create_draft_invoice_per_contract(self):
        """Make the draft invoices of the ready lines, one for each contract.

        :return: the action that opens the drafts
        :raise AccessError, UserError: as :meth:`action_create_draft_invoice`
        """
        return self._create_drafts_by_hand(per_contract=True)

    def _create_drafts_by_hand(self, per_contract=False):
        """Make the draft invoices that an invoicing user asks for, and open them.

        :param bool per_contract: as :meth:`_get_invoice_grouping_keys` takes it
        """
        moves, left = self._make_drafts_by_hand(per_contract)
        action = moves._get_records_action(name=self.env._("Milestone Invoices"))
        return left._get_skipped_notification(action) if left else action

    def _make_drafts_by_hand(self, per_contract=False):
        """Make the draft invoices that an invoicing user asks for, at least one.

        :return: as :meth:`_try_drafts_by_hand`
        :raise UserError: when there is nothing to invoice, saying why; nothing is made
        """
        moves, left = self._try_drafts_by_hand(per_contract)
        if not moves:
            raise BillingRefusal(left._get_skipped_message())
        return moves, left

    def _try_drafts_by_hand(self, per_contract=False):
        """Make the draft invoices that an invoicing user asks for, as far as they can be.

        :param bool per_contract: as :meth:`_get_invoice_grouping_keys` takes it
        :return: the drafts, and the lines that were left out
        :raise AccessError: when the user may not make invoices
        """
        self._check_may_invoice()
        asked = self._as_system()._get_reached_open()
        asked._check_billable(anew=True)
        states = {"ready", "blocked"} | ({"to_decide"} if len(self) == 1 else set())
        moves = asked.filtered(
            lambda line: line.state in states
        )._create_draft_invoices(self.env.user, per_contract=per_contract)
        left = asked - moves.line_ids.milestone_billing_line_id
        return moves.with_env(self.env), left

    def _check_may_invoice(self):
        """Refuse who makes no invoices, or may not read these lines."""
        if not (self._is_system() or self.env.user.has_group(INVOICING_GROUP)):
            raise AccessError(
                self.env._(
                    "Only users with the Invoicing right may make invoices. Ask your"
                    " accountant."
                )
            )
        # sudo given by a caller gives no right to these lines
        self.sudo(False).check_access("read")

    def _get_skipped_message(self):
        """Return why these lines were not invoiced."""
        reasons = [
            self.env._("%(line)s: %(reason)s", line=line.name, reason=reason)
            for line in self
            if (reason := line._get_skipped_reason())
        ]
        return "\n".join(reasons) or self.env._(
            "There is nothing to invoice: a line is invoiced when its milestone is done"
            " and something of it is open."
        )

    def _get_skipped_reason(self):
        """Return why this line is left when several are invoiced, or False."""
        self.ensure_one()
        if self.check_code:
            return self._get_reason(self.check_code, self.check_args)
        if self.state == "to_decide":
            return self.env._(
                "it was credited. Bill it again by itself, carry it to the balance, or"
                " write it off."
            )
        return False

    def _get_skipped_notification(self, action):
        """Return the action that says what was left out, then does ``action``."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("Not invoiced"),
                "message": self._get_skipped_message(),
                "next": action,
            },
        }

    # -------------------------------------------------------------------------
    # BUSINESS: drafts
    # -------------------------------------------------------------------------

    def _bill_reached(self, user):
        """Bill what of these lines, whose milestones were marked done, bills itself.

        :param self: the lines as the superuser
        :param user: who marked the milestones done
        :return: the draft invoices, an ``account.move`` recordset
        """
        self.contract_id._touch_rows()
        self._get_reached_open()._check_billable()
        lines = self.filtered(lambda line: line._is_drafted_automatically())
        moves = lines._draft_reached(user)
        self._call_for_blocked()
        return moves

    def _draft_reached(self, user):
        """Make the draft invoices of these lines, whose milestones were marked done.

        :param user: who marked them done
        :return: the drafts, an ``account.move`` recordset
        """
        return self._create_draft_invoices(user, by_tick=True)

    def _remove_untouched_drafts(self):
        """Remove the draft invoices of these lines, whose milestones are undone.

        :param self: the lines as the superuser
        :return: the milestones of which a draft was removed
        :raise UserError: when an invoice is posted, was edited or bills more besides;
            nothing is removed then
        """
        moves = self._get_live_documents()
        in_the_way = moves.filtered(
            lambda move: not move._is_untouched_milestone_draft(self)
        )
        # drafts first: what was credited already needs no second credit note
        for move in in_the_way.sorted(lambda move: move.state == "posted")[:1]:
            raise BillingRefusal(move._get_unreach_refusal())
        milestones = moves.milestone_ids
        moves.unlink()
        return milestones

    def _is_drafted_automatically(self):
        """Whether reaching the milestone drafts the invoice of this line."""
        self.ensure_one()
        return self.state == "ready" and self.contract_id._is_drafting_automatically()

    def _create_draft_invoices(
        self, user, by_tick=False, per_contract=False, nets=None
    ):
        """Make draft invoices of these lines, by default one a milestone and contract.

        Lines that cannot be invoiced are left out; if Odoo refuses an invoice, its
        lines record why and the others are made all the same.

        :param user: who asked for it, named in the log
        :param bool by_tick: whether the user marked the milestones done just now
        :param bool per_contract: as :meth:`_get_invoice_grouping_keys` takes it
        :param dict nets: what to bill of each line, by default all that is open
        :return: the draft invoices, an ``account.move`` recordset
        """
        self.contract_id._touch_rows()
        billable = self.filtered(lambda line: not line.check_code)
        nets = nets or {line: line.amount_open for line in billable}
        moves = self.env["account.move"]
        for company, lines in billable.grouped("company_id").items():
            lines = lines.with_company(company)
            keys = lines._get_invoice_grouping_keys(per_contract)
            groups = lines.grouped(lambda line, keys=keys: tuple(line[k] for k in keys))
            moves |= lines._create_moves(list(groups.values()), nets)
        moves._after_milestone_drafts(user, by_tick)
        return moves

    @api.model
    def _get_invoice_grouping_keys(self, per_contract=False):
        """Hook: return what the lines of one invoice have in common.

        :param bool per_contract: whether all lines of a contract are to be on one
        :return: a list of names of the line's fields, ``contract_id`` among them
        """
        return ["contract_id"] if per_contract else ["contract_id", "milestone_id"]

    def _create_moves(self, groups, nets):
        """Make one draft invoice a group of lines, all at once if Odoo lets.

        When something is refused, the halves are tried, so that the one that is
        refused is found in few steps and the others are made together.

        :param list groups: recordsets of lines, each of one contract
        :param dict nets: what to bill of each line
        """
        if not groups:
            return self.env["account.move"]
        try:
            with self.env.cr.savepoint():
                return self._create_moves_at_once(groups, nets)
        except OperationalError:
            raise  # of another transaction: the server tries it all again
        except Exception as error:  # noqa: BLE001  # pylint: disable=broad-except
            # a tick is never refused for what another addon raises
            if len(groups) == 1:
                groups[0]._record_failure(error)
                return self.env["account.move"]
        middle = len(groups) // 2
        first, second = groups[:middle], groups[middle:]
        return self._create_moves(first, nets) | self._create_moves(second, nets)

    def _record_failure(self, error):
        """Record why the attempt to invoice these lines failed.

        :param error: the exception; what is no refusal meant for users is logged
        """
        if isinstance(error, (UserError, RedirectWarning)):
            code, args = "refused", {"message": str(error.args[0])}
        else:
            code, args = "failed", {}
            _logger.error("The invoice of %s could not be made", self, exc_info=error)
        self.write({"check_code": code, "check_args": args})

    def _create_moves_at_once(self, groups, nets):
        """Make one draft invoice a group of lines, with exactly these nets.

        :raise UserError: when Odoo refuses one of them
        """
        lines = self.browse().concat(*groups)
        lines.contract_id._keep_numbers()
        Move = self.env["account.move"]
        # the guards hold for all of them together
        with lines._guarding(Move) as made:
            moves = (
                GUARDED.on(Move)
                .with_context(mail_create_nosubscribe=True, mail_create_nolog=True)
                .create(
                    [
                        group.contract_id._prepare_invoice_vals(group, nets)
                        for group in groups
                    ]
                )
            )
            made.append(moves)
            for move_line in moves.line_ids.filtered("milestone_billing_line_id"):
                move_line._set_milestone_net(nets[move_line.milestone_billing_line_id])
        return moves.with_env(self.env)
