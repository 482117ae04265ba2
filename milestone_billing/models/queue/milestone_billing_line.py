from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..groups import INVOICE_READERS, INVOICING_GROUP
from ..guarded_fields import Amount
from ..refusal import BillingRefusal
from .cures import CURED_BY

# what somebody has to do, in the order in which the queue shows it
WAITING = ("ready", "to_decide", "blocked", "drafted")
MAX_REASONS = 5


class MilestoneBillingLine(models.Model):
    """The queue: what waits for somebody, how much of it, and what is to be done."""

    _inherit = "milestone.billing.line"

    waits_for = fields.Selection(
        selection=[
            ("ready", "Ready"),
            ("to_decide", "To Decide"),
            ("blocked", "Blocked"),
            ("drafted", "Drafts Waiting"),
        ],
        help="What somebody has to do with this line.",
        compute="_compute_waits_for",
        search="_search_waits_for",
    )
    amount_waiting = Amount(
        string="Amount",
        help="What waits: in a draft invoice, or open, net.",
        compute="_compute_state",
        store=True,
    )
    stage = fields.Char(
        help="The stage with its number.",
        compute="_compute_stage",
    )
    next_step = fields.Selection(
        selection=[
            ("create", "Create draft"),
            ("decide", "Decide"),
            ("open", "Open"),
            ("choose", "Set customer"),
            ("fix", "Fix"),
            ("check", "Check again"),
            ("ask", "Ask"),
        ],
        help="What the reader may do next with this line.",
        compute="_compute_next_step",
    )
    to_do = fields.Json(
        string="What to Do",
        compute="_compute_to_do",
        # sudo: the names of the documents of a line that the reader sees
        compute_sudo=True,
        export_string_translation=False,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("state")
    def _compute_waits_for(self):
        for line in self:
            line.waits_for = line.state in WAITING and line.state

    @api.model
    def _search_waits_for(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain("state", "in", [key for key in value if key in WAITING])
        if False in value:
            domain |= Domain("state", "not in", WAITING)
        return domain

    def _compute_state(self):
        res = super()._compute_state()
        for line in self:
            is_open = line.state in ("blocked", "ready", "to_decide")
            amount = line.amount_drafted if line.is_drafted else line.amount_open
            line.amount_waiting = amount if line.is_drafted or is_open else 0.0
        return res

    @api.depends("name", "kind", "number", "contract_id.line_ids.sequence")
    @api.depends_context("lang")
    def _compute_stage(self):
        for line in self:
            line.stage = line._get_stage_title()

    @api.depends("state", "check_code")
    @api.depends_context("uid")
    def _compute_next_step(self):
        may_invoice = self.env.user.has_group(INVOICING_GROUP)
        may_open = self.env.user.has_groups(INVOICE_READERS)
        steps = {
            "ready": may_invoice and "create",
            "to_decide": may_invoice and "decide",
            "drafted": may_open and "open",
        }
        for line in self:
            line.next_step = (
                line._get_cure_step()
                if line.state == "blocked"
                else steps.get(line.state, False)
            )

    @api.depends("state", "blocking_reason", "move_line_ids.parent_state")
    @api.depends_context("lang", "uid")
    def _compute_to_do(self):
        for line in self:
            line.to_do = line._prepare_to_do()

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr != "waits_for":
            return super()._field_to_sql(alias, field_expr, query)
        return SQL(
            "CASE WHEN %(state)s IN %(waiting)s THEN %(state)s END",
            state=self._field_to_sql(alias, "state", query),
            waiting=WAITING,
        )

    @api.model
    def _get_ranks(self):
        return {**super()._get_ranks(), "waits_for": list(WAITING)}

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_make_drafts(self):
        """Make the draft invoices of the ready lines, and stay in the queue.

        :return: the action that says what was made and what was left out, and why
        :raise AccessError, UserError: as :meth:`action_create_draft_invoice`
        """
        return self._say_drafts_made(*self._make_drafts_by_hand())

    def action_make_drafts_per_contract(self):
        """Make the draft invoices of the ready lines, one for each contract.

        :return: as :meth:`action_make_drafts`
        """
        return self._say_drafts_made(*self._make_drafts_by_hand(per_contract=True))

    def action_confirm_drafts(self):
        """Post the draft invoices that have these lines, and stay in the queue.

        :return: the action that says what was posted and what was refused, and why
        :raise AccessError: when the user may not make invoices
        :raise UserError: when nothing can be posted, saying why
        """
        self._check_may_invoice()
        # sudo given by a caller gives no right to the documents
        drafts = self.sudo(False)._get_draft_invoice_lines().move_id
        posted, refused = drafts._confirm_milestone_drafts()
        reasons = [
            self.env._(
                "%(line)s: %(reason)s",
                line=", ".join(move.milestone_ids.mapped("name")),
                reason=reason,
            )
            for move, reason in refused.items()
        ]
        if not posted:
            raise BillingRefusal(
                "\n".join(reasons)
                or self.env._("None of these lines has a draft invoice to confirm.")
            )
        said = self.env._("%(count)s confirmed", count=len(posted))
        return self._say_done(posted, said, reasons)

    @api.readonly
    def action_open_drafts(self):
        """Open the draft invoices that have these lines.

        :return: an ``ir.actions.act_window``
        """
        moves = self._get_draft_invoice_lines().move_id
        return moves._get_records_action(name=self.env._("Milestone Invoices"))

    # -------------------------------------------------------------------------
    # BUSINESS: what is said after an act on several
    # -------------------------------------------------------------------------

    def _say_drafts_made(self, moves, left):
        """Return the action that says which drafts were made and what was left."""
        reasons = [
            self.env._("%(line)s: %(reason)s", line=line.name, reason=reason)
            for line in left
            if (reason := line._get_skipped_reason())
        ]
        made = self.env._("%(count)s made", count=len(moves))
        return self._say_done(moves, made, reasons)

    @api.model
    def _say_done(self, moves, said, reasons):
        """Return the action that says in one sentence what was done, and offers to show it.

        :param moves: the documents that were made or posted
        :param str said: how many
        :param list reasons: why each of the others was skipped
        """
        shown = moves._get_records_action(name=self.env._("Milestone Invoices"))
        if not reasons:
            return self._get_result_action("success", f"{said}.", shown)
        skipped = self.env._("%(count)s skipped", count=len(reasons))
        return self._get_result_action(
            "warning", f"{said}, {skipped}.", shown, reasons[:MAX_REASONS]
        )

    @api.model
    def _get_result_action(self, kind, message, shown=None, reasons=()):
        """Return the client action that says what was done, and reloads the view.

        :param str kind: ``success`` or ``warning``
        :param shown: the action behind *Show*, if any
        :param reasons: sentences below the message
        """
        return {
            "type": "ir.actions.client",
            "tag": "milestone_billing_result",
            "params": {
                "type": kind,
                "message": message,
                "reasons": list(reasons),
                "show": shown,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # -------------------------------------------------------------------------
    # BUSINESS: the columns
    # -------------------------------------------------------------------------

    def _get_stage_title(self):
        """Return the number, or the kind, and the name of this stage."""
        self.ensure_one()
        if self.kind == "progress":
            return f"{self._get_number()} — {self.name}"
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        return f"{kinds[self.kind]} — {self.name}"

    def _get_cure_step(self):
        """Return how the reader comes to the cure of what blocks this line."""
        self.ensure_one()
        if self.check_code not in CURED_BY:
            return "check"
        if not self._may_cure():
            return "ask"
        return "choose" if self.check_code == "no_customer" else "fix"

    def _prepare_to_do(self):
        """Return what the queue says of this line, in the reader's language.

        :return: ``{"text": sentence, "moves": [{"id", "name"}]}``
        """
        self.ensure_one()
        if self.state == "to_decide":
            moves = self.move_line_ids.filtered(
                lambda m: m.parent_state == "posted" and m.move_type == "out_refund"
            ).move_id
            amount = self._get_currency().format(self.amount_to_decide)
            text = self.env._("%(amount)s credited by", amount=amount)
            return {
                "text": text,
                "moves": [{"id": m.id, "name": m.name} for m in moves],
            }
        if self.state == "drafted":
            moves = self._get_draft_invoice_lines().move_id
            return {"text": "", "moves": [m._get_draft_link() for m in moves]}
        return {"text": self.blocking_reason or "", "moves": []}
