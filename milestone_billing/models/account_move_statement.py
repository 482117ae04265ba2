import logging

from psycopg2 import OperationalError

from odoo import fields, models

from .settlement import settle
from .statement import VERSION, read_statement

_logger = logging.getLogger(__name__)


class AccountMove(models.Model):
    """The billing schedule on the document: on its print, in mails, on the portal."""

    _inherit = "account.move"

    milestone_statement = fields.Json(
        help="The billing schedule as it stood when the document was posted, for its"
        " print: a reprint shows what was issued.",
        copy=False,
        readonly=True,
        groups="base.group_system",
    )

    # -------------------------------------------------------------------------
    # BUSINESS: the billing schedule on the document
    # -------------------------------------------------------------------------

    def _freeze_milestone_statement(self):
        """Keep the billing schedule with posted documents, as their prints show it."""
        # sudo: whoever posts need not be able to read the project
        moves = self.sudo().filtered("milestone_billing_contract_id")
        for move in moves.with_context(skip_is_manually_modified=True):
            move.milestone_statement = move._read_live_milestone_statement()

    def _get_milestone_statement(self):
        """Return the billing schedule for the print of the document, or False.

        Never raises: one print or e-mail that fails would stop those behind it.

        :return: the statement frozen at posting, with all keys whatever its age; live
            while the document is a draft; a cancelled document bills nothing and has
            none
        """
        self.ensure_one()
        # sudo: the document's own part of the schedule, for all who may print it
        move = self.sudo()
        if move.state == "posted" and move.milestone_statement:
            return read_statement(move.milestone_statement)
        if move.state == "cancel" or not move.milestone_billing_contract_id:
            return False
        return read_statement(move._read_live_milestone_statement())

    def _read_live_milestone_statement(self):
        """Return the schedule as it stands now; False, and a log, if that fails."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                return self._prepare_milestone_statement()
        except OperationalError:
            # the server tries the transaction again
            raise
        except Exception:
            _logger.exception("No billing schedule for the document %s", self.id)
            return False

    def _get_milestone_mail_title(self):
        """Return what an e-mail's subject says of the document, or nothing of others."""
        statement = self._get_milestone_statement()
        if not statement:
            return ""
        parts = (self._get_milestone_titles(), statement["project"])
        return " · ".join(part for part in parts if part)

    def _get_milestone_net(self):
        """Return the net that the document adds to what is billed: credits are less."""
        self.ensure_one()
        own_lines = self.line_ids.filtered("milestone_billing_line_id")
        return own_lines._get_milestone_net()

    def _get_milestone_gross(self):
        """Return what the customer pays for the milestones of the document, signed."""
        self.ensure_one()
        gross = self.amount_total
        if self._has_lines_beside_milestones():
            own_lines = self.line_ids.filtered("milestone_billing_line_id")
            gross = sum(own_lines.mapped("price_total"))
        return -gross if self.move_type == "out_refund" else gross

    def _get_milestone_settled_and_paid_gross(self):
        """Return how much of these posted documents' milestones, taxes included, is no
        longer due, and how much money came in for it.
        """
        settled = paid = 0.0
        for family, total, residual, received in self._get_milestone_families():
            gross = sum(move._get_milestone_gross() for move in family)
            shares = settle(
                {"milestones": gross},
                total,
                residual,
                received,
                family.currency_id.round,
            )
            settled += shares["milestones"].settled
            paid += shares["milestones"].paid
        return settled, paid

    def _has_lines_beside_milestones(self):
        """Whether the document bills other things too."""
        self.ensure_one()
        return any(
            line.display_type == "product"
            and not line.milestone_billing_line_id
            and not self.currency_id.is_zero(line.price_total)
            for line in self.invoice_line_ids
        )

    def _prepare_milestone_statement(self):
        """Return the billing schedule as it stands now, seen from this document.

        Amounts are in the contract currency; texts are in the customer's language.
        """
        self.ensure_one()
        contract = self.milestone_billing_contract_id.with_context(
            lang=self.partner_id.lang
        )
        customer = self.commercial_partner_id
        own_lines = self.line_ids.filtered("milestone_billing_line_id")
        own_stages = own_lines.milestone_billing_line_id
        schedule = contract._get_schedule()
        return {
            "version": VERSION,
            "project": contract.project_id.name,
            "reference": contract.reference or "",
            "titles": [line._get_label() for line in schedule if line in own_stages],
            "stages": [
                line._prepare_statement_row(line in own_stages, customer)
                for line in schedule
            ],
            **self._prepare_statement_amounts(schedule),
            "is_final": self.move_type != "out_refund"
            and "final" in own_stages.mapped("kind"),
        }

    def _get_previous_milestone_documents(self, posted):
        """Return those of the contract's posted documents that came before this one.

        Each keeps the place of its first posting, so that it says the same again when
        it is reset and posted once more. A draft that never was comes last.

        :param posted: the posted documents of the contract
        """
        self.ensure_one()
        ordinal = self.milestone_billing_ordinal
        return (posted - self).filtered(
            lambda move: not ordinal or move.milestone_billing_ordinal < ordinal
        )

    def _prepare_statement_amounts(self, schedule):
        """Return the amounts of the statement, net and, of documents, with taxes.

        :param schedule: the contract's milestone lines
        """
        contract = schedule.contract_id
        posted = schedule._get_documents().filtered(lambda m: m.state == "posted")
        previous = self._get_previous_milestone_documents(posted)
        previously = sum(schedule.mapped("amount_opening")) + sum(
            move._get_milestone_net() for move in previous
        )
        this_document = self._get_milestone_net()
        settled, paid = schedule._get_settled_and_paid_totals(
            self.commercial_partner_id
        )
        amounts = {
            "agreed": contract.amount_to_date + contract.amount_written_off,
            "written_off": contract.amount_written_off,
            "to_date": contract.amount_to_date,
            "previously": previously,
            "this_document": this_document,
            "remaining": contract.amount_to_date - previously - this_document,
            "paid": paid,
            "deducted": settled - paid,
            **self._prepare_statement_gross_amounts(schedule, posted, previous),
        }
        round_amount = contract.currency_id.round
        # no negative zero
        amounts = {key: round_amount(amount) + 0.0 for key, amount in amounts.items()}
        return {
            **amounts,
            "has_gross": any(
                amounts.get(f"{key}_gross", amounts[key]) != amounts[key]
                for key in ("previously", "this_document", "paid", "deducted")
            ),
        }

    def _prepare_statement_gross_amounts(self, schedule, posted, previous):
        """Return the amounts of the statement that are known with taxes.

        What was billed elsewhere is known without taxes only.

        :param schedule: the contract's milestone lines
        :param posted: the documents of the schedule that are posted
        :param previous: those that were before this one
        """
        amounts = {"this_document_gross": self._get_milestone_gross()}
        if self._has_lines_beside_milestones():
            amounts["total"] = self.amount_total
        if not any(schedule.mapped("amount_opening")):
            own = posted.filtered(
                lambda move: move.commercial_partner_id == self.commercial_partner_id
            )
            settled, paid = own._get_milestone_settled_and_paid_gross()
            amounts["previously_gross"] = sum(
                move._get_milestone_gross() for move in previous
            )
            amounts["paid_gross"] = paid
            amounts["deducted_gross"] = settled - paid
        return amounts

    # -------------------------------------------------------------------------
    # BUSINESS: the customer's portal
    # -------------------------------------------------------------------------

    def _get_milestone_billing_portal_url(self, user):
        """Return the address of the billing page, False for who may not see it."""
        self.ensure_one()
        # sudo: a customer reads his invoice, not the contract that it bills
        contract = self.sudo().milestone_billing_contract_id
        return bool(contract) and contract._get_billing_portal_url(user)

    def _get_portal_url_of(self, user, **kwargs):
        """Return the document's address on the portal, False for who may not read it.

        The address bears a token that opens the document to everybody: a page that
        shows more than its reader's own documents must not hand it out.

        :param kwargs: as :meth:`get_portal_url` takes them
        """
        self.ensure_one()
        move = self.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        return move.has_access("read") and self.get_portal_url(**kwargs)

    def _get_milestone_titles(self):
        """Return the stages that the document bills or credits, as text."""
        self.ensure_one()
        statement = self._get_milestone_statement()
        return ", ".join(statement["titles"]) if statement else ""

    def _can_be_paid_online(self):
        """Whether the customer can pay the invoice on the portal."""
        self.ensure_one()
        # without account_payment nobody can
        return "transaction_ids" in self._fields and self._has_to_be_paid()

    def _is_payment_in_process(self):
        """Whether the customer has paid what has not arrived yet."""
        self.ensure_one()
        transactions = "transaction_ids" in self._fields and self.transaction_ids
        return self.payment_state == "in_payment" or any(
            transaction.state in ("pending", "authorized")
            # not those who only chose to pay by bank transfer
            and transaction.provider_code not in ("none", "custom")
            for transaction in transactions or ()
        )
