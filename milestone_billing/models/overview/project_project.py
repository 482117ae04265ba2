from odoo import api, fields, models
from odoo.tools import formatLang

from ..groups import BILLING_GROUP


class ProjectProject(models.Model):
    """The amounts of a project's contracts, for who may see them."""

    _inherit = "project.project"

    billing_amounts = fields.Json(
        help="What of the contracts that the reader sees is agreed, billed, paid, ready"
        " and to be decided: one entry a currency.",
        compute="_compute_billing_amounts",
        export_string_translation=False,
        groups=BILLING_GROUP,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("billing_stage_count")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_billing_amounts(self):
        sums = ("amount_to_date", "amount_billed", "amount_paid", "amount_ready")
        amounts = {}
        # stored and read anyway: no query where nothing is billed
        billed = self.filtered("billing_stage_count")
        # with the reader's rights: what they may not see is not in the sum
        for project, currency, *values in self.env[
            "milestone.billing.contract"
        ]._read_group(
            [("project_id", "in", billed.ids)],
            ["project_id", "currency_id"],
            [f"{name}:sum" for name in (*sums, "amount_to_decide")],
        ):
            names = ("to_date", "billed", "paid", "ready", "to_decide")
            amounts.setdefault(project.id, []).append(
                {"currency_id": currency.id, **dict(zip(names, values, strict=True))}
            )
        for project in self:
            project.billing_amounts = amounts.get(project.id, [])

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _get_stat_buttons(self):
        # EXTENDS 'project'
        buttons = super()._get_stat_buttons()
        if self.env.user.has_group(BILLING_GROUP):
            buttons.append(
                {
                    "icon": "list-ol",
                    "text": self.env._("Billing"),
                    "number": self._format_billing_amounts(),
                    "action_type": "object",
                    "action": "action_open_billing",
                    "show": True,
                    "sequence": 27,
                }
            )
        return buttons

    def _format_billing_amounts(self):
        """Return what is billed of what is agreed: ``7,500.00 / $ 10,000.00``."""
        self.ensure_one()
        texts = []
        for amounts in self.billing_amounts or ():
            currency = self.env["res.currency"].browse(amounts["currency_id"])
            billed = formatLang(
                self.env, amounts["billed"], digits=currency.decimal_places
            )
            texts.append(f"{billed} / {currency.format(amounts['to_date'])}")
        return ", ".join(texts)
