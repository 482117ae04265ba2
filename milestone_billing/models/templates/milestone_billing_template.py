from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import formatLang

from ..allocation import PERCENT_TOLERANCE
from ..marks import TEMPLATING
from ..refusal import BillingRefusal


class MilestoneBillingTemplate(models.Model):
    """The usual way in which a kind of project is paid: stages, shares and dates.

    An archived one may be incomplete: it is applied to nothing.
    """

    _name = "milestone.billing.template"
    _description = "Schedule Template"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        comodel_name="res.company",
        help="Leave empty to offer it to all companies.",
        index="btree_not_null",
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        help="The currency of fixed amounts.",
        default=lambda self: self.env.company.currency_id,
        required=True,
    )
    description = fields.Text(
        help="When to take it.",
        translate=True,
    )
    stage_ids = fields.One2many(
        comodel_name="milestone.billing.template.stage",
        inverse_name="template_id",
        string="Stages",
        copy=True,
    )
    shares = fields.Char(
        help="The shares of the stages in short.",
        compute="_compute_shares",
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("stage_ids.basis", "stage_ids.percent", "stage_ids.amount")
    @api.depends_context("lang")
    def _compute_shares(self):
        for template in self:
            stages = template.stage_ids.sorted()
            template.shares = " · ".join(stage._get_share_text() for stage in stages)

    # -------------------------------------------------------------------------
    # CONSTRAINTS
    # -------------------------------------------------------------------------

    @api.constrains("active", "stage_ids")
    def _check_stages(self):
        for template in self.filtered("active"):
            refusal = template._get_refusal()
            if refusal:
                raise ValidationError(refusal)

    def _get_refusal(self):
        """Return what is wrong with the stages of this template, or False."""
        self.ensure_one()
        stages = self.stage_ids.sorted()
        if not stages:  # offered to nobody
            return False
        if len(stages.filtered(lambda stage: stage.basis == "balance")) > 1:
            return self.env._(
                "%(template)s: only one stage can take the rest.", template=self.name
            )
        finals = stages.filtered(lambda stage: stage.kind == "final")
        if finals != stages[-1:]:
            return self.env._(
                "%(template)s: the last stage is the final one, and no other.",
                template=self.name,
            )
        return self._get_percent_refusal(stages)

    def _get_percent_refusal(self, stages):
        """Return that the shares neither fill the contract nor leave a rest, or False."""
        percents = stages.filtered(lambda stage: stage.basis == "percent")
        missing = 100 - sum(percents.mapped("percent"))
        values = {
            "template": self.name,
            "share": formatLang(self.env, abs(missing), digits=2),
        }
        if missing < -PERCENT_TOLERANCE * len(stages):
            return self.env._(
                "%(template)s: the percentages are %(share)s %% more than 100 %%.",
                **values,
            )
        if "balance" in stages.mapped("basis") or not percents:
            return False
        if missing > PERCENT_TOLERANCE * len(stages):
            return self.env._(
                "%(template)s: %(share)s %% are missing. Give them to a stage, or let one"
                " stage take the rest.",
                **values,
            )
        if "fixed" in stages.mapped("basis"):
            return self.env._(
                "%(template)s: with a fixed amount beside 100 %% it is more than the"
                " contract. Let one stage take the rest.",
                **values,
            )
        return False

    # -------------------------------------------------------------------------
    # CRUD: the stages are checked when all are written
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        templates = super(MilestoneBillingTemplate, TEMPLATING.on(self)).create(
            vals_list
        )
        return templates.with_env(self.env)

    def write(self, vals):
        return super(MilestoneBillingTemplate, TEMPLATING.on(self)).write(vals)

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for template, vals in zip(self, vals_list, strict=True):
            vals["name"] = self.env._("%s (copy)", template.name)
        return vals_list

    # -------------------------------------------------------------------------
    # BUSINESS: what a template makes
    # -------------------------------------------------------------------------

    def _prepare_stages(self, start):
        """Return the stages of a contract made from this template, in their order.

        Pure: what is shown before, and what is made afterwards.

        :param date start: from which the dates are counted
        :return: a list of values of ``milestone.billing.line``, ``deadline`` included
        """
        stages, last = [], start
        for stage in self.stage_ids.sorted():
            deadline = stage._get_deadline(start, last)
            stages.append({**stage._prepare_stage_vals(), "deadline": deadline})
            last = deadline or last
        return stages

    def _check_currency(self, currency):
        """Refuse fixed amounts for a contract in another currency.

        :raise UserError: naming both
        """
        for template in self:
            fixed = "fixed" in template.stage_ids.mapped("basis")
            if fixed and template.currency_id != currency:
                raise BillingRefusal(
                    self.env._(
                        "%(template)s has amounts in %(currency)s, the contract is in"
                        " %(other)s. Choose another template.",
                        template=template.name,
                        currency=template.currency_id.name,
                        other=currency.name,
                    )
                )

    # -------------------------------------------------------------------------
    # BUSINESS: which template is offered
    # -------------------------------------------------------------------------

    @api.model
    def _get_offered(self, company):
        """Return the templates for contracts of a company, the most used first."""
        domain = Domain("company_id", "in", [False, company.id]) & Domain(
            "stage_ids", "!=", False
        )
        counts = self.env["milestone.billing.contract"]._read_group(
            [("template_id", "!=", False), ("company_id", "=", company.id)],
            ["template_id"],
            ["__count"],
        )
        used = {template.id: count for template, count in counts}
        # the sort is stable: of equals, in their own order
        return self.search(domain).sorted(lambda template: -used.get(template.id, 0))

    @api.model
    def _get_default(self, company):
        """Return the template that a new schedule begins with, if there is one."""
        return company.milestone_billing_template_id or self._get_offered(company)[:1]

    @api.model
    @api.readonly
    def get_cards(self, company_id=None):
        """Return what the page of an empty contract offers, the most used first.

        :param company_id: the company of the contract, else the user's
        :return: ``[{"id", "name", "shares", "description", "stages"}]``, with
            ``{"name", "share", "weight"}`` of each stage: its share as text, and in
            percent of the contract
        :raise AccessError: when the user may not read templates
        """
        self.check_access("read")
        company = self.env["res.company"].browse(company_id) or self.env.company
        return [template._prepare_card() for template in self._get_offered(company)]

    def _prepare_card(self):
        """Return what a card says of this template, as :meth:`get_cards` gives it."""
        self.ensure_one()
        stages = self.stage_ids.sorted()
        # fixed amounts are no share of a sum that nobody knows: drawn as a tenth
        allocation = stages._allocate_stages(
            [{**stage._prepare_stage_vals(), "amount": 10.0} for stage in stages],
            100.0,
            0.01,
        )
        return {
            "id": self.id,
            "name": self.name,
            "shares": self.shares,
            "description": self.description or "",
            "stages": [
                {
                    "name": stage.name,
                    "share": stage._get_share_text(),
                    "weight": weight,
                }
                for stage, weight in zip(stages, allocation.planned, strict=True)
            ],
        }
