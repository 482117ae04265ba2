import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, RedirectWarning, UserError

from ..batches import work_off
from ..groups import BILLING_GROUP
from ..refusal import BillingRefusal

_logger = logging.getLogger(__name__)

CRON = "milestone_billing.ir_cron_work_off_runs"
BATCH_SIZE = 100
KEPT_DAYS = 90


class MilestoneBillingRun(models.Model):
    """Drafts that are made, or confirmed, in the background: too many for a request.

    A scheduled job works it off in batches, each with the rights that the one who asked
    for it has by then. What is done of it is kept, so that it goes on where it stood.
    """

    _name = "milestone.billing.run"
    _inherit = "milestone.billing.sealed.mixin"
    _description = "Milestone Billing Run"
    _order = "id desc"
    _rec_name = "create_date"

    act = fields.Selection(
        selection=[
            ("draft", "Create drafts"),
            ("draft_per_contract", "One draft a contract"),
            ("tick", "Create drafts of milestones marked done"),
            ("confirm", "Confirm drafts"),
        ],
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Asked by",
        required=True,
        index=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_ids = fields.Many2many(
        comodel_name="res.company",
        string="Companies",
        help="Those that were switched on.",
        readonly=True,
    )
    is_seen = fields.Boolean(
        help="Whether the one who asked for it has put its result away.",
        readonly=True,
    )
    item_ids = fields.One2many(
        comodel_name="milestone.billing.run.item",
        inverse_name="run_id",
        string="Stages",
        readonly=True,
    )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    @api.model
    @api.readonly
    def get_progress(self):
        """Return the user's runs that are not put away, the newest first.

        :return: dictionaries as :meth:`_prepare_progress` describes them
        """
        runs = self.search([("user_id", "=", self.env.uid), ("is_seen", "=", False)])
        return runs._prepare_progress()

    def action_cancel(self):
        """Stop what is not done yet; what is done stays.

        :return: True
        """
        self._check_own()
        runs = self._as_system()
        # a batch at work is kept first, or comes to nothing
        runs._touch_rows()
        runs.item_ids._skip_waiting(self.env._("The run was cancelled."))
        return True

    def action_dismiss(self):
        """Put the result of these runs away.

        :return: True
        """
        self._check_own()
        self._as_system().is_seen = True
        return True

    @api.readonly
    def action_show(self):
        """Open what became of each stage, what was skipped first.

        :return: an ``ir.actions.act_window``
        """
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "milestone_billing.milestone_billing_run_item_action"
            ),
            "domain": [("run_id", "=", self.id)],
        }

    def _check_own(self):
        """Refuse to stop, or put away, what somebody else asked for."""
        self.check_access("read")
        # in sudo no rule has held anybody back
        if self.user_id - self.env.user:
            raise BillingRefusal(
                self.env._("Only who asked for this run may stop it or put it away.")
            )

    # -------------------------------------------------------------------------
    # BUSINESS: asking
    # -------------------------------------------------------------------------

    @api.model
    def _ask(self, act, lines, user):
        """Have something done with lines in the background.

        :param str act: what is to be done
        :param lines: those that no run has yet are taken
        :param user: who asked for it
        :return: the run, as the superuser; empty where all of them are at work already
        """
        system = self._as_system()
        lines = lines.with_env(system.env).filtered(
            lambda line: not line._get_open_run(act)
        )
        if not lines:
            return system.browse()
        lines.contract_id._touch_rows()
        run = system.create(
            {
                "act": act,
                "user_id": user.id,
                "company_id": self.env.company.id,
                "company_ids": self.env.companies.ids,
            }
        )
        self.env["milestone.billing.run.item"].with_env(system.env).create(
            [{"run_id": run.id, "line_id": line.id} for line in lines]
        )
        run._get_cron()._trigger()
        run._tell()
        return run

    def _get_cron(self):
        """Return the scheduled job that works runs off."""
        # sudo: whoever asks may have it called, and see whether it is switched on
        return self.env.ref(CRON).sudo()

    def _get_asked_message(self):
        """Return what the one who asked for this run is told at once."""
        self.ensure_one()
        message = self.env._(
            "%(count)s stages are worked off in the background.",
            count=len(self.item_ids),
        )
        return " ".join(filter(None, (message, self._get_stopped_message())))

    def _get_stopped_message(self):
        """Return that nothing is done before the job is switched on, or False."""
        cron = self._get_cron()
        return not cron.active and self.env._(
            "The scheduled action “%(name)s” is switched off: ask your administrator to"
            " switch it on.",
            name=cron.name,
        )

    # -------------------------------------------------------------------------
    # BUSINESS: what is told of it
    # -------------------------------------------------------------------------

    def _prepare_progress(self):
        """Return how far these runs are.

        :return: for each ``{"id", "is_open": whether something waits, "message",
            "share": percent that is worked off, "stopped": why nothing is done, or
            False, "may_show": whether the one who asked may see the stages}``
        """
        counts = {run: dict.fromkeys(("waiting", "done", "skipped"), 0) for run in self}
        for run, state, count in self.env["milestone.billing.run.item"]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "state"], ["__count"]
        ):
            counts[run][state] = count
        return [run._prepare_own_progress(**counts[run]) for run in self]

    def _prepare_own_progress(self, waiting, done, skipped):
        """Return how far this run is, of how many stages in which state."""
        total = waiting + done + skipped
        values = {"done": done, "skipped": skipped, "total": total}
        return {
            "id": self.id,
            "is_open": bool(waiting),
            "message": self._get_open_message(values)
            if waiting
            else self._get_done_message(values),
            "share": 100 * (total - waiting) // total if total else 100,
            "stopped": bool(waiting) and self._get_stopped_message(),
            "may_show": self.user_id.has_group(BILLING_GROUP),
        }

    def _get_open_message(self, values):
        """Return how many of the stages are worked off, as a sentence."""
        if self.act == "confirm":
            return self.env._("Confirming drafts: %(done)s of %(total)s", **values)
        return self.env._("Creating drafts: %(done)s of %(total)s", **values)

    def _get_done_message(self, values):
        """Return for how many stages it was done, and for how many not."""
        if self.act == "confirm":
            done = self.env._("%(done)s confirmed", **values)
        else:
            done = self.env._("%(done)s drafted", **values)
        if not values["skipped"]:
            return f"{done}."
        skipped = self.env._("%(skipped)s not", **values)
        return f"{done}, {skipped}."

    def _tell(self):
        """Tell the one who asked, in their language, how far this run is."""
        self.ensure_one()
        reader = self.with_context(lang=self.user_id.lang)
        for progress in reader._prepare_progress():
            self.user_id._bus_send("milestone_billing_run", progress)

    # -------------------------------------------------------------------------
    # BUSINESS: working off
    # -------------------------------------------------------------------------

    @api.model
    def _cron_work_off(self, batch_size=BATCH_SIZE):
        """Work off what was asked for, batch by batch, the oldest run first."""
        Item = self.env["milestone.billing.run.item"]
        waiting = [("state", "=", "waiting")]
        while items := Item.search(waiting, order="run_id, id", limit=batch_size):
            run, items = next(iter(items.grouped("run_id").items()))
            parts = run._get_parts(items)
            remaining = Item.search_count(waiting) - sum(map(len, parts))
            if not work_off(parts, run._process, run._give_up, remaining):
                break

    def _get_parts(self, items):
        """Return items of this run, as a list of recordsets that stay together."""
        if self.act != "draft_per_contract":
            return list(items)
        # one invoice a contract: all stages of it
        items |= self.item_ids.filtered(
            lambda item: (
                item.state == "waiting" and item.contract_id in items.contract_id
            )
        )
        return list(items.grouped("contract_id").values())

    def _process(self, items):
        """Do what is asked with the stages of some items, and record what became of it."""
        self._touch_rows()
        # those that were not cancelled meanwhile
        items = items.filtered(lambda item: item.state == "waiting")
        items._record(self._do(items.line_id))
        self._tell()

    def _give_up(self, items, error):
        """Record that the stages of some items were refused, and by what error."""
        if isinstance(error, (UserError, RedirectWarning)):
            reason = str(error.args[0])
        else:
            _logger.error("A run could not work off %s", items, exc_info=error)
            reason = self.with_context(lang=self.user_id.lang).env._(
                "It failed for a technical reason: ask your administrator."
            )
        items._skip_waiting(reason)
        self._tell()

    def _do(self, lines):
        """Do what is asked with some stages.

        :param lines: the stages, as the superuser
        :return: ``{line: why it was skipped}``
        """
        if self.act == "tick":
            return self._draft_reached(lines)
        asker = self._as_asker(lines)
        own = asker._filtered_access("read") if self.user_id.active else asker.browse()
        reason = asker.env._("Who asked for it may not do it any more.")
        reasons = dict.fromkeys(lines - own.with_env(self.env), reason)
        try:
            own._check_may_invoice()
        except AccessError as error:
            return {**reasons, **dict.fromkeys(own.with_env(self.env), str(error))}
        act = self._confirm_drafts if self.act == "confirm" else self._make_drafts
        return {**reasons, **act(own)}

    def _as_asker(self, lines):
        """Return stages as the one who asked for this run sees them by now.

        With their rights, in their language and in the companies that were switched on.
        """
        user = self.user_id
        companies = (self.company_ids & user.company_ids) or user.company_id
        context = {
            "lang": user.lang,
            "tz": user.tz,
            "allowed_company_ids": companies.ids,
        }
        return lines.with_env(self.env(user=user, su=False, context=context))

    def _draft_reached(self, lines):
        """Bill what bills itself of lines whose milestones were marked done, and still are.

        :return: as :meth:`_do`
        """
        moves = lines._bill_reached(self.user_id)
        skipped = lines - moves.line_ids.milestone_billing_line_id
        return self._get_skipped_reasons(self._as_asker(skipped))

    def _make_drafts(self, lines):
        """Make the drafts that the one who asked may make.

        :return: as :meth:`_do`
        """
        per_contract = self.act == "draft_per_contract"
        moves, _left = lines._try_drafts_by_hand(per_contract)
        # sudo: which stages they bill, whoever reads them
        made = moves.sudo().line_ids.milestone_billing_line_id
        return self._get_skipped_reasons(lines - made.with_env(lines.env))

    def _confirm_drafts(self, lines):
        """Post the drafts that the one who asked may post.

        :return: as :meth:`_do`
        """
        drafts = lines._get_draft_invoice_lines().move_id
        posted, refused = drafts._confirm_milestone_drafts()
        # sudo: which stages they bill, whoever reads them
        done = posted.sudo().line_ids.milestone_billing_line_id.with_env(lines.env)
        reasons = self._get_skipped_reasons(lines - done)
        for move, reason in refused.items():
            # sudo: as above
            stages = move.sudo().line_ids.milestone_billing_line_id
            reasons.update(dict.fromkeys(stages.with_env(self.env), reason))
        return reasons

    def _get_skipped_reasons(self, lines):
        """Return why stages were skipped, as the one who asked may read it.

        :return: as :meth:`_do`
        """
        other = lines.env._("It was done meanwhile, or is not ready any more.")
        return {
            line.with_env(self.env): line._get_skipped_reason() or other
            for line in lines
        }

    # -------------------------------------------------------------------------
    # BUSINESS: clearing away
    # -------------------------------------------------------------------------

    @api.autovacuum
    def _gc_runs(self):
        """Delete what was worked off long ago."""
        long_ago = fields.Datetime.subtract(fields.Datetime.now(), days=KEPT_DAYS)
        self.search(
            [
                ("create_date", "<", long_ago),
                ("item_ids", "not any", [("state", "=", "waiting")]),
            ]
        ).unlink()
