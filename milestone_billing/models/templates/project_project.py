from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import formatLang

from ..groups import MANAGER_GROUP
from ..refusal import BillingRefusal


class ProjectProject(models.Model):
    """A project that is made with its contract, and several that get one at once."""

    _inherit = "project.project"

    # what the dialog "Create a project" asks for; kept in the contract alone
    billing_setup = fields.Boolean(
        string="Bill in stages",
        compute="_compute_billing_setup",
        inverse="_inverse_billing_setup",
        groups=MANAGER_GROUP,
    )
    billing_setup_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Who Pays",
        compute="_compute_billing_setup",
        inverse="_inverse_billing_setup",
        groups=MANAGER_GROUP,
    )
    billing_setup_sum = fields.Float(
        string="Contract Sum",
        compute="_compute_billing_setup",
        inverse="_inverse_billing_setup",
        digits=(16, 2),
        groups=MANAGER_GROUP,
    )
    billing_setup_template_id = fields.Many2one(
        comodel_name="milestone.billing.template",
        string="Schedule",
        compute="_compute_billing_setup_template_id",
        inverse="_inverse_billing_setup",
        readonly=False,
        groups=MANAGER_GROUP,
    )
    billing_setup_preview = fields.Json(
        string="Stages to Be Made",
        compute="_compute_billing_setup_preview",
        export_string_translation=False,
        groups=MANAGER_GROUP,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    def _compute_billing_setup(self):
        self.billing_setup = False
        self.billing_setup_partner_id = False
        self.billing_setup_sum = 0.0

    @api.depends("billing_setup", "company_id")
    def _compute_billing_setup_template_id(self):
        self.billing_setup_template_id = False
        for project in self.filtered("billing_setup"):
            company = project.company_id or self.env.company
            templates = self.env["milestone.billing.template"]
            project.billing_setup_template_id = templates._get_default(company)

    @api.depends("billing_setup_template_id", "billing_setup_sum", "date_start")
    @api.depends_context("uid", "lang", "tz")
    def _compute_billing_setup_preview(self):
        for project in self:
            project.billing_setup_preview = project._prepare_setup_preview()

    def _inverse_billing_setup(self):
        projects = self.filtered("billing_setup")
        projects._check_can_be_set_up()
        for project in projects.filtered(lambda project: not project.partner_id):
            project.partner_id = project.billing_setup_partner_id
        self.env["milestone.billing.contract"].create(
            [project._prepare_setup_contract_vals() for project in projects]
        )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_apply_schedule(self):
        """Open the preview of a schedule for these projects.

        :return: an ``ir.actions.act_window``
        :raise AccessError: when the user may not make contracts
        """
        self.env["milestone.billing.setup"].check_access("create")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Apply Schedule"),
            "res_model": "milestone.billing.setup",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_project_ids": self.ids},
        }

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _get_setup_refusals(self):
        """Return why some of these projects get no schedule.

        :return: a dictionary of projects and sentences
        """
        # sudo: that there is a contract is no secret to who may make one
        billed = self.sudo()._get_all_contracts().filtered("active").project_id
        refusals = {}
        for project in self:
            if project.is_template:
                text = self.env._("%(project)s is a template.", project=project.name)
            elif not project.active:
                text = self.env._("%(project)s is archived.", project=project.name)
            elif project in billed:
                text = self.env._(
                    "%(project)s has a contract already.", project=project.name
                )
            else:
                continue
            refusals[project] = text
        return refusals

    def _check_can_be_set_up(self):
        """Refuse a schedule for any of these projects that gets none.

        :raise UserError: saying why
        """
        refusals = self._get_setup_refusals()
        if refusals:
            raise BillingRefusal("\n".join(refusals.values()))

    def _get_setup_start(self):
        """Return the day from which the dates of a new schedule are counted."""
        self.ensure_one()
        return self.date_start or fields.Date.context_today(self)

    def _get_setup_currency(self):
        """Return the currency of a new contract."""
        self.ensure_one()
        return (self.company_id or self.env.company).currency_id

    def _prepare_setup_contract_vals(self):
        """Return the values of the contract that the dialog asks for."""
        self.ensure_one()
        template = self.billing_setup_template_id
        currency = self._get_setup_currency()
        template._check_currency(currency)
        stages = template._prepare_stages(self._get_setup_start())
        partner = self.billing_setup_partner_id or self.partner_id
        return {
            "project_id": self.id,
            "partner_id": partner.id,
            "currency_id": currency.id,
            "contract_sum": self.billing_setup_sum,
            "template_id": template.id,
            "line_ids": [Command.create(vals) for vals in stages],
        }

    def _prepare_setup_preview(self):
        """Return the stages that the dialog shows before the project is made.

        :return: ``[{"name", "date", "share", "amount"}]``, as the user reads them
        """
        self.ensure_one()
        template = self.billing_setup_template_id
        currency = self._get_setup_currency()
        stages = template._prepare_stages(self._get_setup_start())
        allocation = template.stage_ids._allocate_stages(
            stages, self.billing_setup_sum, currency.rounding
        )
        return [
            {
                "name": stage["name"],
                "date": fields.Date.to_string(stage["deadline"]) or "",
                "share": record._get_share_text(),
                "amount": formatLang(self.env, amount, currency_obj=currency),
            }
            for stage, record, amount in zip(
                stages, template.stage_ids.sorted(), allocation.planned, strict=True
            )
        ]
