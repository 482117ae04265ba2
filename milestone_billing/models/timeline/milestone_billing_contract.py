from odoo import api, fields, models

from .picture import Part, add_up, draw_bar, split_for_customer

PICTURE_CONTEXT = ("uid", "lang", "tz", "allowed_company_ids")
"""What a picture depends on besides the records: the reader."""
MAX_STAGES = 8
"""More do not stand beside each other on a page: the list below has them."""


class MilestoneBillingContract(models.Model):
    """The picture of a contract's schedule."""

    _inherit = "milestone.billing.contract"

    billing_timeline = fields.Json(
        help="What the picture of the schedule shows the reader.",
        compute="_compute_billing_timeline",
        export_string_translation=False,
    )
    billing_bar = fields.Json(
        help="How much of the contract sum is how far: the widths of the bar in lists.",
        compute="_compute_billing_bar",
        export_string_translation=False,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends(
        "amount_unscheduled",
        "amount_over_scheduled",
        "partner_id",
        "reference",
        "line_ids.name",
        "line_ids.kind",
        "line_ids.sequence",
        "line_ids.deadline",
        "line_ids.amount_planned",
        "line_ids.state",
    )
    @api.depends_context(*PICTURE_CONTEXT)
    def _compute_billing_timeline(self):
        for contract in self:
            contract.billing_timeline = contract._draw_timeline()

    @api.depends_context("lang")
    def _compute_billing_bar(self):
        # without depends: a list reads it anew
        timeline = self.env["milestone.billing.timeline"]
        labels = timeline._get_labels()
        for contract in self:
            values = contract._get_bar_values()
            contract.billing_bar = timeline._draw_small_bar(values, labels)

    # -------------------------------------------------------------------------
    # HOOKS: the picture on documents and on the customer's portal
    # -------------------------------------------------------------------------

    def _prepare_billing_schedule(self):
        schedule = super()._prepare_billing_schedule()
        contract = self.with_context(lang=self._get_billing_schedule_lang())
        return {**schedule, "picture": contract._draw_for_customer(schedule["stages"])}

    def _prepare_billing_portal(self, customer):
        values = super()._prepare_billing_portal(customer)
        stages = [row["stage"] for row in values["stages"]]
        return {**values, "picture": self._draw_for_customer(stages)}

    # -------------------------------------------------------------------------
    # BUSINESS: the picture
    # -------------------------------------------------------------------------

    @api.readonly
    def get_billing_timeline(self):
        """Return the picture of the contract's schedule.

        :return: a dictionary as ``milestone.billing.timeline`` documents it
        :raise AccessError: when the user may not read the contract
        """
        self.ensure_one()
        self.check_access("read")
        return self._draw_timeline()

    def _draw_timeline(self):
        """Return the picture of the contract, as the reader may see it."""
        self.ensure_one()
        # rights are the reader's, whoever computes
        contract = self.sudo(False)
        milestones = contract.line_ids.milestone_id._filtered_access("read")
        return contract.env["milestone.billing.timeline"]._draw(contract, milestones)

    def _get_bar_values(self):
        """Return the amounts of the bar in lists, by status: of the stored totals."""
        self.ensure_one()
        values = {
            "paid": self.amount_paid,
            "deducted": self.amount_settled - self.amount_paid,
            "billed": self.amount_unpaid,
            "drafted": self.amount_drafted,
            "blocked" if self.state == "blocked" else "ready": self.amount_ready,
            "to_decide": self.amount_to_decide,
            "unscheduled": self.amount_unscheduled,
        }
        values["upcoming"] = self.amount_to_date - sum(values.values())
        currency = self._get_currency()
        return {status: currency.round(value) for status, value in values.items()}

    def _draw_for_customer(self, stages):
        """Return the picture of a schedule as its customer reads it.

        Texts are in the language of the context.

        :param list stages: the :class:`~..statement.Stage` objects, in their order
        :return: a dictionary: ``segments`` with ``status``, ``label`` and ``width`` (in
            percent), ``sums`` with ``status``, ``label`` and ``value`` (net), and
            ``stages`` with ``stage``, ``label`` and ``is_next``; none where they are
            too many to stand beside each other
        """
        parts = [
            Part(status, self.currency_id.round(amount), stage.title)
            for stage in stages
            for status, amount in split_for_customer(stage)
        ]
        return {
            "segments": [
                {
                    "status": segment.status,
                    "label": self._get_customer_part_label(segment.status),
                    "width": segment.width,
                }
                for segment in draw_bar(parts)
            ],
            "sums": [
                {
                    "status": status,
                    "label": self._get_customer_part_label(status),
                    "value": value,
                }
                for status, value in add_up(parts).items()
            ],
            "stages": self._draw_path_for_customer(stages),
        }

    def _draw_path_for_customer(self, stages):
        """Return the stages as the path of a customer's picture shows them."""
        if len(stages) > MAX_STAGES:
            return []
        following = [stage for stage in stages if not stage.is_delivered]
        return [
            {
                "stage": stage,
                "label": self._get_customer_label(stage.status),
                "is_next": stage in following[:1],
            }
            for stage in stages
        ]

    @api.model
    def _get_customer_part_label(self, status):
        """Return what customers read of a part of the bar."""
        if status == "deducted":
            return self.env._("Discounts and deductions")
        return self._get_customer_label(status)
