from odoo import api, fields, models
from odoo.tools import SQL, formatLang

from ..groups import BILLING_GROUP, STATUS_GROUP
from ..status import STATUS_BY_KEY

# what of the statuses calls for somebody, in the order of their rank
URGENT = ("blocked", "to_decide", "ready", "drafted", "overdue")


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
    billing_badge = fields.Json(
        help="The most urgent fact of the billing, empty where nobody has to act.",
        compute="_compute_billing_badge",
        export_string_translation=False,
        groups=STATUS_GROUP,
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

    @api.depends("billing_status")
    @api.depends_context("uid", "lang", "tz", "allowed_company_ids")
    def _compute_billing_badge(self):
        # stored and read anyway: no query where nothing is billed
        billed = self.filtered("billing_stage_count")
        (self - billed).billing_badge = False
        facts = billed._read_billing_facts()
        for project in billed:
            project.billing_badge = project._prepare_billing_badge(
                *facts.get(project.id, (False, None))
            )

    def _read_billing_facts(self):
        """Return what the statuses do not say of these projects.

        :return: ``{project id: (whether a stage was sent back, the oldest day on which
            an invoice became due that is not paid)}``
        """
        if not self.ids:
            return {}
        self.env["project.milestone"].flush_model(["acceptance_state", "project_id"])
        self.env["account.move"].flush_model(
            ["invoice_date_due", "milestone_billing_contract_id", "payment_state"]
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT project_id, bool_or(sent_back), min(due)
                  FROM (
                        SELECT project_id, TRUE AS sent_back, NULL::date AS due
                          FROM project_milestone
                         WHERE acceptance_state = 'returned'
                           AND project_id IN %(ids)s
                         UNION ALL
                        SELECT contract.project_id, FALSE, move.invoice_date_due
                          FROM milestone_billing_contract contract
                          JOIN account_move move
                            ON move.milestone_billing_contract_id = contract.id
                         WHERE contract.project_id IN %(ids)s
                           AND contract.active
                           AND move.state = 'posted'
                           AND move.move_type = 'out_invoice'
                           AND move.payment_state IN ('not_paid', 'partial')
                       ) AS facts
                 GROUP BY project_id
                """,
                ids=self._ids,
            )
        )
        return {project_id: facts for project_id, *facts in rows}

    def _prepare_billing_badge(self, is_sent_back, due):
        """Return the most urgent fact of this project's billing.

        :param bool is_sent_back: whether the client sent a stage back
        :param due: the oldest day on which an invoice became due, or None
        :return: ``{"label", "color"}``, or False
        """
        status = self.billing_status in URGENT and self.billing_status
        if is_sent_back and status not in ("blocked", "to_decide"):
            return {"label": self.env._("Sent back"), "color": "danger"}
        if status:
            return {
                "label": self._get_urgent_label(status),
                "color": STATUS_BY_KEY[status].color,
            }
        days = due and (fields.Date.context_today(self) - due).days
        if days and days > 0:
            label = self.env._("Unpaid since %(days)s d", days=days)
            return {"label": label, "color": "danger"}
        return False

    def _get_urgent_label(self, status):
        """Return how the card names a status, with the amount that is ready by right."""
        if status == "drafted":
            return self.env._("Draft waits")
        labels = dict(self._fields["billing_status"]._description_selection(self.env))
        amount = status == "ready" and self._format_billing_ready()
        return f"{labels[status]} {amount}" if amount else labels[status]

    def _format_billing_ready(self):
        """Return how much is ready, in one currency, for who sees amounts."""
        if not self.env.user.has_group(BILLING_GROUP) or len(self.billing_amounts) != 1:
            return ""
        return self._format_short(**self.billing_amounts[0], name="ready")

    def _format_short(self, currency_id, name, **amounts):
        """Return an amount without its currency, and without decimals where it has none."""
        currency = self.env["res.currency"].browse(currency_id)
        amount = currency.round(amounts[name])
        digits = 0 if amount == int(amount) else currency.decimal_places
        return formatLang(self.env, amount, digits=digits)

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
        """Return what is billed of what is agreed: ``7,500 / 10,000``.

        With the currency where it is another than the reader's company's.
        """
        self.ensure_one()
        texts = []
        for amounts in self.billing_amounts or ():
            billed = self._format_short(**amounts, name="billed")
            to_date = self._format_short(**amounts, name="to_date")
            currency = self.env["res.currency"].browse(amounts["currency_id"])
            sign = currency != self.env.company.currency_id and f" {currency.symbol}"
            texts.append(f"{billed} / {to_date}{sign or ''}")
        return ", ".join(texts)
