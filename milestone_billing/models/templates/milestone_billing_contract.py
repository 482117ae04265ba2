from odoo import api, fields, models
from odoo.fields import Command

from ..refusal import BillingRefusal


class MilestoneBillingContract(models.Model):
    """A contract whose stages come from a template, or make one."""

    _inherit = "milestone.billing.contract"

    template_id = fields.Many2one(
        comodel_name="milestone.billing.template",
        help="The template from which the stages were made.",
        check_company=True,
        index="btree_not_null",
    )
    allow_acceptance = fields.Boolean(
        default=lambda self: self.env.company.milestone_billing_acceptance,
    )
    show_on_portal = fields.Boolean(
        default=lambda self: self.env.company.milestone_billing_portal,
    )

    # -------------------------------------------------------------------------
    # DEFAULTS
    # -------------------------------------------------------------------------

    @api.model
    def _prepare_facts(self, project, vals):
        facts = super()._prepare_facts(project, vals)
        company_id = facts.get("company_id") or vals.get("company_id")
        # sudo: only the ids, which the company says to all that make contracts
        company = self.env["res.company"].browse(company_id).sudo()
        for name, record in (
            ("product_id", company.milestone_billing_product_id),
            ("user_id", company.milestone_billing_user_id),
        ):
            if record and name not in vals:
                facts[name] = record.id
        return facts

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_save_as_template(self):
        """Make a template of the contract's stages, and open it.

        :return: an ``ir.actions.act_window``
        :raise AccessError: when the user may not make templates
        :raise UserError: when the contract has no stages
        """
        self.ensure_one()
        template = self.env["milestone.billing.template"].create(
            self._prepare_template_vals()
        )
        return template._get_records_action(name=self.env._("Schedule Template"))

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _prepare_template_vals(self):
        """Return the values of a template with the stages of this contract.

        Dates are counted in days from the contract's own, else from its first stage's;
        what change orders added stays behind. Whose stages do not add up is archived:
        somebody completes it first.
        """
        lines = self._get_schedule().filtered(lambda line: not line._is_of_change())
        if not lines:
            raise BillingRefusal(
                self.env._(
                    "%(contract)s has no stages to make a template of.",
                    contract=self.display_name,
                )
            )
        start = self.date or min(filter(None, lines.mapped("deadline")), default=False)
        vals = {
            "name": self.display_name,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "stage_ids": [
                Command.create(line._prepare_template_stage_vals(start, place))
                for place, line in enumerate(lines, start=10)
            ],
        }
        return {**vals, "active": not self._is_incomplete_template(vals)}

    @api.model
    def _is_incomplete_template(self, vals):
        """Whether a template with these values would be refused."""
        template = self.env["milestone.billing.template"].new(vals)
        return bool(template._get_refusal())
