import logging
from collections import defaultdict

from psycopg2 import OperationalError

from odoo import fields, models

from ..groups import BILLING_GROUP
from ..settlement import settle
from ..statement import VERSION, read_statement

_logger = logging.getLogger(__name__)

INVOICE_REPORT = "account.report_invoice_document"


class AccountMove(models.Model):
    """The billing schedule on the document: on its print, in mails, on the portal."""

    _inherit = "account.move"

    milestone_billing_ordinal = fields.Integer(
        string="Place in the Contract",
        help="The place among the documents of its contract, given at first posting and"
        " kept.",
        copy=False,
        readonly=True,
        groups=BILLING_GROUP,
        prefetch="milestone_billing",
    )
    milestone_statement = fields.Json(
        help="The billing schedule as it stood when the document was posted, for its"
        " print: a reprint shows what was issued.",
        copy=False,
        readonly=True,
        groups="base.group_system",
        prefetch="milestone_billing",
    )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _post(self, soft=True):
        # EXTENDS 'account'
        posted = super()._post(soft=soft)
        # sudo: whoever posts may have the schedule kept
        billing_moves = posted.sudo().filtered("milestone_billing_contract_id")
        billing_moves._give_milestone_ordinals()
        billing_moves._freeze_milestone_statement()
        return posted

    def _give_milestone_ordinals(self):
        """Give each document that is posted for the first time its place."""
        new = self._as_own_record().filtered(
            lambda move: not move.milestone_billing_ordinal
        )
        contracts = new.milestone_billing_contract_id
        contracts._touch_rows()
        last = dict(
            self._read_group(
                [("milestone_billing_contract_id", "in", contracts.ids)],
                ["milestone_billing_contract_id"],
                ["milestone_billing_ordinal:max"],
            )
        )
        by_ordinal = defaultdict(list)
        by_contract = new.sorted("id").grouped("milestone_billing_contract_id")
        for contract, moves in by_contract.items():
            for ordinal, id_ in enumerate(moves.ids, start=last[contract] + 1):
                by_ordinal[ordinal].append(id_)
        # one write a place, however many contracts
        for ordinal, ids in by_ordinal.items():
            new.browse(ids).milestone_billing_ordinal = ordinal

    def _get_mail_template(self):
        # EXTENDS 'account': milestone invoices say what remains; credit notes do not
        template = self.env.ref(
            "milestone_billing.mail_template_milestone_invoice",
            raise_if_not_found=False,
        )
        if (
            template
            and self
            and all(
                move.move_type == "out_invoice" and move.milestone_billing_contract_id
                # sudo: not all who send invoices see schedules
                for move in self.sudo()
            )
        ):
            return template
        return super()._get_mail_template()

    # -------------------------------------------------------------------------
    # BUSINESS: the billing schedule on the document
    # -------------------------------------------------------------------------

    def _freeze_milestone_statement(self):
        """Keep the billing schedule with posted documents, as their prints show it."""
        # sudo: whoever posts need not be able to read the project
        moves = self.sudo().filtered("milestone_billing_contract_id")._as_own_record()
        # all are read before the first is written, which reading would flush
        statements = [move._read_live_milestone_statement() for move in moves]
        for move, statement in zip(moves, statements, strict=True):
            move.milestone_statement = statement

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
        # not by the savepoint, which would also run what waits for the commit, such as
        # the log of changes, document by document
        self.env.flush_all()
        try:
            with self.env.cr.savepoint(flush=False):
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
        own_stages = self.line_ids.milestone_billing_line_id
        schedule = contract._get_schedule()
        stages, sums = contract._read_schedule(self.commercial_partner_id)
        return {
            "version": VERSION,
            "project": contract.project_id.name,
            "reference": contract.reference or "",
            "titles": [
                stage.title
                for line, stage in zip(schedule, stages, strict=True)
                if line in own_stages
            ],
            "stages": [
                {
                    "title": stage.title,
                    "criteria": stage.criteria.split("\n")[0],
                    "amount": stage.amount,
                    "state": contract._get_customer_label(stage.status),
                    "invoices": [
                        {"name": name, "date": fields.Date.to_string(date)}
                        for name, date in stage.invoices
                    ],
                    "is_current": line in own_stages,
                }
                for line, stage in zip(schedule, stages, strict=True)
            ],
            **self._prepare_statement_amounts(schedule, sums),
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

    def _prepare_statement_amounts(self, schedule, sums):
        """Return the amounts of the statement, net and, of documents, with taxes.

        :param schedule: the contract's milestone lines
        :param sums: the :class:`Sums` of the schedule for the document's customer
        """
        posted = schedule._get_documents().filtered(lambda m: m.state == "posted")
        previous = self._get_previous_milestone_documents(posted)
        previously = sum(schedule.mapped("amount_opening")) + sum(
            move._get_milestone_net() for move in previous
        )
        this_document = self._get_milestone_net()
        amounts = {
            "original": sums.original,
            "changes": sums.changes,
            "agreed": sums.agreed,
            "written_off": sums.written_off,
            "to_date": sums.to_date,
            "previously": previously,
            "this_document": this_document,
            "remaining": sums.to_date - previously - this_document,
            "paid": sums.paid,
            "deducted": sums.deducted,
            **self._prepare_statement_gross_amounts(schedule, posted, previous),
        }
        round_amount = schedule.currency_id.round
        # no negative zero
        return {key: round_amount(amount) + 0.0 for key, amount in amounts.items()}

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
    # BUSINESS: what others say of the document
    # -------------------------------------------------------------------------

    def _get_milestone_titles(self):
        """Return the stages that the document bills or credits, as text."""
        self.ensure_one()
        statement = self._get_milestone_statement()
        return ", ".join(statement["titles"]) if statement else ""

    def _split_milestone_labels(self):
        """Return what the labels of several stages say alike, for its print to say once.

        A localisation's own report prints labels as they are.

        :return: a dictionary with ``common``, the rows that name the project on all of
            them, and ``own``, the rest of each label by the id of its line; both empty
            where nothing is said twice
        """
        self.ensure_one()
        # sudo: of the lines of this document, whoever may print it
        lines = self.sudo().invoice_line_ids.filtered("milestone_billing_line_id")
        statement = self._get_milestone_statement()
        is_own_report = self._get_name_invoice_report() != INVOICE_REPORT
        if len(lines) < 2 or not statement or is_own_report:
            return {"common": [], "own": {}}
        labels = {line.id: (line.name or "").split("\n") for line in lines}
        first, *others = labels.values()
        common = [
            row
            for row in first[1:]
            if statement["project"] in row and all(row in rows[1:] for rows in others)
        ]
        own = {
            id_: "\n".join(row for row in rows if row not in common)
            for id_, rows in labels.items()
        }
        return {"common": common, "own": own if common else {}}
