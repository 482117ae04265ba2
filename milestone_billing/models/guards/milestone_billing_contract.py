from odoo import api, models
from odoo.exceptions import AccessError, ValidationError

from ..allocation import exceeds
from ..groups import BILLING_GROUP
from ..refusal import BillingRefusal


class MilestoneBillingContract(models.Model):
    """What a contract keeps once something of it is drafted or billed."""

    _inherit = "milestone.billing.contract"

    # -------------------------------------------------------------------------
    # CONSTRAINTS
    # -------------------------------------------------------------------------

    @api.constrains("company_id", "project_id")
    def _check_project_company(self):
        # sudo: the rule holds for who cannot open the project
        for contract in self.sudo():
            company = contract.project_id.company_id
            if company and contract.company_id != company:
                raise ValidationError(
                    self.env._(
                        "%(project)s belongs to %(company)s: %(billing_company)s cannot"
                        " have a contract of it.",
                        project=contract.project_id.name,
                        company=company.name,
                        billing_company=contract.company_id.name,
                    )
                )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        contracts = super().create(vals_list)
        # afterwards, as defaults of the request or of the user count as well
        contracts._check_own_company()
        contracts._check_contract_not_exceeded()
        return contracts

    def write(self, vals):
        if "project_id" in vals:
            self._check_same_project(vals["project_id"])
        self._check_recorded_facts_unchanged(vals)
        if vals.get("active") is False:
            self._check_archivable()
        res = super().write(vals)
        if "company_id" in vals:
            self._check_own_company()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        # sudo: the rule holds for who cannot see the invoices
        self.sudo().line_ids._unlink_except_billed()

    def _check_own_company(self):
        """Refuse a contract of a company to which the user has no access."""
        if self._is_system():
            return
        # sudo: only the company, which the user cannot read if it is not theirs
        if self.sudo().company_id - self.env.user.company_ids:
            raise AccessError(
                self.env._(
                    "Only users of the company that bills a project may change its"
                    " contract."
                )
            )

    def _check_same_project(self, project_id):
        """Refuse to give a contract to another project."""
        for contract in self:
            if contract.project_id.id != project_id:
                raise BillingRefusal(
                    self.env._(
                        "%(contract)s stays with its project. Make a new contract for"
                        " the other one.",
                        contract=contract.display_name,
                    )
                )

    def _check_recorded_facts_unchanged(self, vals):
        """Refuse another currency or company for a contract that is drafted or billed.

        :raise UserError: naming the invoice
        """
        fnames = vals.keys() & {"company_id", "currency_id"}
        # sudo: the rule holds for who cannot see the invoices
        for contract in self.sudo() if fnames else self.browse():
            moves = contract.line_ids._get_documents()
            openings = contract.line_ids.filtered("amount_opening")
            if (moves or openings) and any(
                vals[fname] != contract[fname].id for fname in fnames
            ):
                raise BillingRefusal(
                    self.env._(
                        "%(contract)s is invoiced by %(invoice)s: its currency and its"
                        " company cannot change any more. Bill the rest with a new"
                        " contract.",
                        contract=contract.display_name,
                        invoice=moves[:1]._get_milestone_display_name()
                        if moves
                        else openings[0].name,
                    )
                )

    def _check_archivable(self):
        """Refuse to archive a contract that still has something to do."""
        for contract in self:
            if contract.state in ("drafted", "ready", "blocked", "to_decide"):
                raise BillingRefusal(
                    self.env._(
                        "%(contract)s cannot be archived: some of its stages are ready,"
                        " drafted or to be decided. Bill them or write them off first.",
                        contract=contract.display_name,
                    )
                )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _after_schedule_change(self, before):
        res = super()._after_schedule_change(before)
        self._check_contract_not_exceeded()
        return res

    # -------------------------------------------------------------------------
    # BUSINESS: the guard of the contract
    # -------------------------------------------------------------------------

    def _check_contract_not_exceeded(self):
        """Refuse what drafts or bills more than the contract sum to date.

        :raise ValidationError: with the figures and the way out
        """
        # sudo: the rule holds for who cannot see the schedule
        for contract in self.sudo():
            used = contract.amount_drafted + contract.amount_billed
            if exceeds(
                used, contract.amount_to_date, contract._get_contract_rounding()
            ):
                raise ValidationError(contract._get_exceeded_message(used))

    def _get_exceeded_message(self, used):
        """Return why ``used``, drafted and billed together, is too much."""
        invoices = self.line_ids._get_documents().filtered(
            lambda move: move.move_type != "out_refund"
        )
        newest = invoices.sorted("id")[-1:]
        if not self.env.user.has_group(BILLING_GROUP):
            return self.env._(
                "%(project)s would be billed beyond its contract sum; its newest invoice"
                " is %(invoice)s. Ask the accountant.",
                project=self.project_name,
                invoice=newest._get_milestone_display_name() if newest else "–",
            )
        values = {
            "contract": self.display_name,
            "used": self._format_contract_amount(used),
            "excess": self._format_contract_amount(used - self.amount_to_date),
            "to_date": self._format_contract_amount(self.amount_to_date),
        }
        if not newest:
            return self.env._(
                "%(contract)s would have %(used)s drafted and billed, %(excess)s more than"
                " its contract sum to date of %(to_date)s. Raise the contract sum.",
                **values,
            )
        return self.env._(
            "%(contract)s would have %(used)s drafted and billed, %(excess)s more than"
            " its contract sum to date of %(to_date)s. Its newest invoice is"
            " %(invoice)s. Lower or delete that draft, credit an invoice, or raise the"
            " contract sum first.",
            invoice=newest._get_milestone_display_name(),
            **values,
        )
