from odoo import api, fields, models
from odoo.tools import SQL, formatLang

from ..groups import BILLING_GROUP, STATUS_GROUP
from ..status import STATUS_BY_KEY

# what of the statuses calls for somebody, in the order of their rank
URGENT = ("blocked", "to_decide", "ready", "drafted", "overdue")

READER = ("uid", "lang", "tz", "allowed_company_ids")
"""What is shown depends on besides the records: who reads it, and on what day."""

# of contracts, in the order in which the query has them
AMOUNTS = {
    "to_date": "amount_to_date",
    "billed": "amount_billed",
    "paid": "amount_paid",
    "ready": "amount_ready",
    "to_decide": "amount_to_decide",
}


class ProjectProject(models.Model):
    """What is known of projects at a glance: one query for all that a page shows."""

    _inherit = "project.project"

    # what one query knows of a page of projects, with the reader's rights: nobody's to
    # read but what is computed of it
    billing_glance = fields.Json(
        compute="_compute_billing_glance",
        export_string_translation=False,
        groups=fields.NO_ACCESS,
    )
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

    @api.depends("billing_stage_count", "billing_share", "billing_status")
    @api.depends_context(*READER)
    def _compute_billing_glance(self):
        # of what is being edited, that which is saved
        ids = [id_ or id_.origin for id_ in self._ids]
        counts = self._read_column("billing_stage_count")
        # stored and read anyway: no query where nothing is billed
        billed = [id_ for id_, count in zip(ids, counts, strict=True) if id_ and count]
        glances = self.browse(billed)._read_glances() if billed else {}
        self._fill_column("billing_glance", [glances.get(id_) for id_ in ids])

    @api.depends("billing_glance")
    @api.depends_context(*READER)
    def _compute_billing_amounts(self):
        # sudo: what it knows is read with the reader's rights
        glances = self.sudo()._read_column("billing_glance")
        amounts = [self._prepare_billing_amounts(glance) for glance in glances]
        self._fill_column("billing_amounts", amounts)

    @api.depends("billing_glance", "billing_status")
    @api.depends_context(*READER)
    def _compute_billing_badge(self):
        today = fields.Date.context_today(self)
        badges = [
            glance and self._prepare_billing_badge(status, glance, today)
            for glance, status in zip(
                # sudo: what it knows is read with the reader's rights
                self.sudo()._read_column("billing_glance"),
                self._read_column("billing_status"),
                strict=True,
            )
        ]
        self._fill_column("billing_badge", [badge or None for badge in badges])

    # -------------------------------------------------------------------------
    # BUSINESS: one query
    # -------------------------------------------------------------------------

    def _read_glances(self):
        """Return what is known of these projects, with the reader's rights.

        :return: ``{project id: {source: [row, …]}}``; a row is a list of currency id,
            status, count, list of sums and day, each None where the source has none
        """
        # rights are the reader's, whoever computes
        projects = self.sudo(False)
        contracts = None
        if self.env.user.has_group(BILLING_GROUP):
            # archived ones count nowhere
            model = projects.env["milestone.billing.contract"]
            contracts = model.with_context(active_test=True)._search([])
            self._limit_to_these(model, contracts)
        sources = SQL(" UNION ALL ").join(projects._get_glance_sources(contracts))
        glances = {id_: {} for id_ in self._ids}
        for project_id, source, *row in self.env.execute_query(
            SQL("%s ORDER BY 1, 3", sources)
        ):
            glances[project_id].setdefault(source, []).append(row)
        return glances

    def _get_glance_sources(self, contracts):
        """Hook: return the SQL of each source of what is known of these projects.

        Each selects the id of the project, the name of the source, and its row.

        :param contracts: the query of those that the reader sees; None for who sees no
            amounts
        """
        sources = [self._select_sent_back(), self._select_due()]
        if contracts is not None:
            model = self.env["milestone.billing.contract"]
            sources.append(
                self._select_sums("contract", model, contracts, AMOUNTS.values())
            )
        return sources

    def _limit_to_these(self, model, query):
        """Let a query of records of projects find those of these projects alone."""
        project = model._fields["project_id"].to_sql(model, query.table)
        query.add_where(SQL("%s = ANY(%s)", project, self.ids))

    @api.model
    def _select_sums(self, source, model, query, names, status=None):
        """Return the SQL of sums, a row a project, currency and status.

        :param model: of the records of the query
        :param names: of the fields to be summed up, if any; then it has currencies
        :param str status: the name of the field of the status, if it has one
        """

        def to_sql(name):
            return model._fields[name].to_sql(model, query.table)

        project = to_sql("project_id")
        currency = names and to_sql("currency_id")
        status = status and to_sql(status)
        sums = [SQL("SUM(%s)", to_sql(name)) for name in names]
        return SQL(
            "%s GROUP BY %s",
            query.select(
                project,
                SQL("%s", source),
                currency or SQL("NULL::int4"),
                status or SQL("NULL::varchar"),
                SQL("COUNT(*)"),
                SQL("ARRAY[%s]::float8[]", SQL(", ").join(sums)),
                SQL("NULL::date"),
            ),
            SQL(", ").join(filter(None, (project, currency, status))),
        )

    def _select_sent_back(self):
        """Return the SQL of the stages that clients sent back: states alone."""
        self.env["project.milestone"].flush_model(["acceptance_state", "project_id"])
        return SQL(
            """
            SELECT project_id, 'sent_back', NULL::int4, NULL::varchar, COUNT(*),
                   NULL::float8[], NULL::date
              FROM project_milestone
             WHERE acceptance_state = 'returned'
               AND project_id = ANY(%(ids)s)
             GROUP BY project_id
            """,
            ids=self.ids,
        )

    def _select_due(self):
        """Return the SQL of the oldest day on which an unpaid invoice became due."""
        self.env["account.move"].flush_model(
            ["invoice_date_due", "milestone_billing_contract_id", "payment_state"]
        )
        return SQL(
            """
            SELECT contract.project_id, 'due', NULL::int4, NULL::varchar, COUNT(*),
                   NULL::float8[], MIN(move.invoice_date_due)
              FROM milestone_billing_contract contract
              JOIN account_move move
                ON move.milestone_billing_contract_id = contract.id
             WHERE contract.project_id = ANY(%(ids)s)
               AND contract.active
               AND move.state = 'posted'
               AND move.move_type = 'out_invoice'
               AND move.payment_state IN ('not_paid', 'partial')
             GROUP BY contract.project_id
            """,
            ids=self.ids,
        )

    # -------------------------------------------------------------------------
    # BUSINESS: what a card says
    # -------------------------------------------------------------------------

    @api.model
    def _prepare_billing_amounts(self, glance):
        """Return the amounts of a project's contracts, one entry a currency, or None.

        :param glance: what is known of the project; False where nothing is billed
        """
        if not glance or "contract" not in glance:
            return None
        entries = [
            {"currency_id": currency_id, **dict(zip(AMOUNTS, sums, strict=True))}
            for currency_id, _status, _count, sums, _day in glance["contract"]
        ]
        if len(entries) > 1:
            currencies = self.env["res.currency"]
            entries.sort(key=lambda entry: currencies.browse(entry["currency_id"]).name)
        return entries

    @api.model
    def _prepare_billing_badge(self, status, glance, today):
        """Return the most urgent fact of a project's billing.

        :param str status: of the billing
        :param dict glance: what else is known of it
        :return: ``{"label", "color"}``, or None
        """
        urgent = status in URGENT and status
        if "sent_back" in glance and urgent not in ("blocked", "to_decide"):
            return {"label": self.env._("Sent back"), "color": "danger"}
        if urgent:
            return {
                "label": self._get_urgent_label(urgent, glance),
                "color": STATUS_BY_KEY[urgent].color,
            }
        due = glance["due"][0][-1] if "due" in glance else None
        if due and due < today:
            label = self.env._("Unpaid since %(days)s d", days=(today - due).days)
            return {"label": label, "color": "danger"}
        return None

    @api.model
    def _get_urgent_label(self, status, glance):
        """Return how the card names a status, with the amount that is ready by right."""
        if status == "drafted":
            return self.env._("Draft waits")
        labels = dict(self._fields["billing_status"]._description_selection(self.env))
        amounts = status == "ready" and self._prepare_billing_amounts(glance)
        # in one currency, for who sees amounts
        if not amounts or len(amounts) != 1:
            return labels[status]
        amount = self._format_short(**amounts[0], name="ready")
        return f"{labels[status]} {amount}"

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
