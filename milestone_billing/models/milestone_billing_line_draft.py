import logging

from psycopg2 import OperationalError

from odoo import models
from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.fields import Command

from .groups import INVOICING_GROUP

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
        return self._create_drafts_by_hand("milestone_id")

    def action_create_draft_invoice_per_contract(self):
        """Make the draft invoices of the ready lines, one for each contract.

        :return: the action that opens the drafts
        :raise AccessError, UserError: as :meth:`action_create_draft_invoice`
        """
        return self._create_drafts_by_hand("contract_id")

    def _create_drafts_by_hand(self, key):
        """Make the draft invoices that an invoicing user asks for.

        :param str key: what the lines of one invoice have in common besides their
            contract: ``milestone_id`` or ``contract_id``
        """
        if not (self._is_system() or self.env.user.has_group(INVOICING_GROUP)):
            raise AccessError(
                self.env._(
                    "Only users with the Invoicing right may make invoices. Ask your"
                    " accountant."
                )
            )
        # sudo given by a caller gives no right to these lines
        self.sudo(False).check_access("read")
        asked = self._as_system()._get_reached_open()
        asked._check_billable(anew=True)
        states = {"ready", "blocked"} | ({"to_decide"} if len(self) == 1 else set())
        moves = asked.filtered(
            lambda line: line.state in states
        )._create_draft_invoices(self.env.user, key=key)
        left = asked - moves.line_ids.milestone_billing_line_id
        if not moves:
            raise UserError(left._get_left_message())
        action = moves.with_env(self.env)._get_records_action(
            name=self.env._("Milestone Invoices")
        )
        return left._get_left_notification(action) if left else action

    def _get_left_message(self):
        """Return why these lines were not invoiced."""
        reasons = [
            self.env._("%(line)s: %(reason)s", line=line.name, reason=reason)
            for line in self
            if (reason := line._get_left_reason())
        ]
        return "\n".join(reasons) or self.env._(
            "There is nothing to invoice: a line is invoiced when its milestone is done"
            " and something of it is open."
        )

    def _get_left_reason(self):
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

    def _get_left_notification(self, action):
        """Return the action that says what was left out, then does ``action``."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("Not invoiced"),
                "message": self._get_left_message(),
                "next": action,
            },
        }

    # -------------------------------------------------------------------------
    # BUSINESS: drafts
    # -------------------------------------------------------------------------

    def _is_billed_by_itself(self):
        """Whether reaching the milestone drafts the invoice of this line."""
        self.ensure_one()
        contract = self.contract_id
        return (
            self.state == "ready"
            and contract.active
            and contract.project_id.active
            and not contract.project_id.is_template
            and contract.automation != "manual"
        )

    def _create_draft_invoices(self, user, by_tick=False, key="milestone_id"):
        """Make one draft invoice for each milestone and contract of these lines.

        Lines that cannot be invoiced are left out; if Odoo refuses an invoice, its
        lines record why and the others are made all the same.

        :param user: who asked for it, named in the log
        :param bool by_tick: whether the user marked the milestones done just now
        :param str key: as :meth:`_create_drafts_by_hand` takes it
        :return: the draft invoices, an ``account.move`` recordset
        """
        self.contract_id._touch_rows()
        billable = self.filtered(lambda line: not line.check_code)
        moves = self.env["account.move"]
        for company, lines in billable.grouped("company_id").items():
            lines = lines.with_company(company)
            groups = lines.grouped(lambda line: (line.contract_id, line[key]))
            moves |= lines._create_moves(list(groups.values()))
        if by_tick:
            moves._prepare_automatic_posting(user)
        moves._after_milestone_drafts(user, by_tick)
        return moves

    def _create_moves(self, groups):
        """Make one draft invoice a group of lines, all at once if Odoo lets.

        When something is refused, the halves are tried, so that the one that is
        refused is found in few steps and the others are made together.

        :param list groups: recordsets of lines, each of one contract
        """
        if not groups:
            return self.env["account.move"]
        try:
            with self.env.cr.savepoint():
                return self._create_moves_at_once(groups)
        except OperationalError:
            raise  # of another transaction: the server tries it all again
        except Exception as error:  # noqa: BLE001  # pylint: disable=broad-except
            # a tick is never refused for what another addon raises
            if len(groups) == 1:
                groups[0]._record_failure(error)
                return self.env["account.move"]
        middle = len(groups) // 2
        return self._create_moves(groups[:middle]) | self._create_moves(groups[middle:])

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

    def _create_moves_at_once(self, groups):
        """Make one draft invoice a group of lines, with exactly the lines' net.

        :raise UserError: when Odoo refuses one of them
        """
        lines = self.browse().concat(*groups)
        lines.contract_id._keep_numbers()
        nets = {line: line.amount_open for line in lines}
        moves = (
            self.env["account.move"]
            .with_context(mail_create_nosubscribe=True, mail_create_nolog=True)
            .create([group._prepare_invoice_vals() for group in groups])
        )
        for move_line in moves.line_ids.filtered("milestone_billing_line_id"):
            move_line._set_milestone_net(nets[move_line.milestone_billing_line_id])
        return moves

    def _get_product(self):
        """Return the product that the line invoices, possibly none."""
        return self.product_id or self.contract_id._get_billing_product()

    def _get_journal(self):
        """Return the sales journal of the line's invoice, possibly none."""
        return self.contract_id.effective_journal_id

    def _prepare_invoice_vals(self):
        """Return the values of the draft invoice of these lines of one contract."""
        contract = self.contract_id
        project = contract.project_id
        milestones = ", ".join(self.milestone_id.mapped("name"))
        partner = contract._get_invoice_partner()
        lines = self.with_context(lang=partner.lang)
        vals = {
            "move_type": "out_invoice",
            "company_id": contract.company_id.id,
            "currency_id": contract.currency_id.id,
            "journal_id": self[:1]._get_journal().id,
            "partner_id": partner.id,
            "invoice_user_id": contract._get_billing_salesperson(partner).id,
            "invoice_origin": contract._adapt_to_e_invoice(
                f"{project.name} — {milestones}"
            ),
            "invoice_line_ids": [
                Command.create(line._prepare_invoice_line_vals()) for line in lines
            ],
        }
        if contract.payment_term_id:
            vals["invoice_payment_term_id"] = contract.payment_term_id.id
        return vals

    def _prepare_invoice_line_vals(self):
        """Return the values of the invoice line of this line; its price is net."""
        self.ensure_one()
        vals = {
            "milestone_billing_line_id": self.id,
            "milestone_billing_planned": self._get_plan_to_record(),
            "product_id": self._get_product().id,
            "name": self._get_invoice_label(),
            "quantity": 1.0,
            "price_unit": self.amount_open,
        }
        # given, so that core need not search for each line; without it, the company's
        # analytic distribution models apply
        if analytic_distribution := self.project_id._get_analytic_distribution():
            vals["analytic_distribution"] = analytic_distribution
        if self.tax_ids:
            vals["tax_ids"] = [Command.set(self.tax_ids.ids)]
        return vals
