from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import formatLang
from odoo.tools.misc import get_lang

from ..models.pasting.schedule_text import read_schedule
from ..models.pasting.written import Notation
from ..models.refusal import BillingRefusal

MAX_SHOWN = 10


class MilestoneBillingSetup(models.TransientModel):
    """The preview of a schedule that was pasted as text.

    What was understood fills the stages, cell by cell; what was not is told with the
    reason, in the language and the number format of the user.
    """

    _inherit = "milestone.billing.setup"

    is_pasted = fields.Boolean(help="Whether the stages are read from a text.")
    pasted_text = fields.Text(string="Text")
    unread = fields.Html(
        string="Not understood",
        help="The lines that are no stages, and why.",
        compute="_compute_unread",
    )
    unread_count = fields.Integer(compute="_compute_unread")
    has_doubts = fields.Boolean(compute="_compute_has_doubts")

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    def _compute_template_id(self):
        # EXTENDS 'milestone_billing'
        pasted = self.filtered("is_pasted")
        pasted.template_id = False
        return super(MilestoneBillingSetup, self - pasted)._compute_template_id()

    @api.depends("pasted_text")
    def _compute_line_ids(self):
        # EXTENDS 'milestone_billing'
        pasted = self.filtered("is_pasted")
        for setup in pasted:
            stages = setup._prepare_pasted_stages()
            setup.line_ids = [
                Command.clear(),
                *(Command.create(vals) for vals in stages),
            ]
        return super(MilestoneBillingSetup, self - pasted)._compute_line_ids()

    @api.depends("pasted_text", "contract_sum")
    @api.depends_context("lang")
    def _compute_unread(self):
        for setup in self:
            sentences = setup._get_unread()
            setup.unread_count = len(sentences)
            setup.unread = Markup().join(
                Markup("<p dir='auto'>%s</p>") % sentence for sentence in sentences
            )

    @api.depends("line_ids.to_check")
    def _compute_has_doubts(self):
        for setup in self:
            setup.has_doubts = any(setup.line_ids.mapped("to_check"))

    @api.onchange("pasted_text")
    def _onchange_pasted_text(self):
        """Take the sum that the text names, if none was entered."""
        if not self.contract_sum:
            self.contract_sum = float(self._read_pasted().total or 0)

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    @api.model
    def _get_row_makers(self):
        return super()._get_row_makers() | {"pasted_text"}

    def _check_stages(self):
        # EXTENDS 'milestone_billing'
        open_stages = self.line_ids.filtered(lambda stage: stage._lacks_share())
        if open_stages:
            raise BillingRefusal(
                self.env._(
                    "Give the shares that were not clear in the text, or delete the"
                    " stages: %(stages)s.",
                    stages=", ".join(open_stages.mapped("name")),
                )
            )
        if self.is_pasted and not self.line_ids:
            raise BillingRefusal(
                self.env._("Paste a text in which there are stages first.")
            )
        return super()._check_stages()

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _get_notation(self):
        """Return how the user writes numbers, dates and this contract's money."""
        self.ensure_one()
        lang = get_lang(self.env)
        currency = self.currency_id or self.env.company.currency_id
        places = {lang.date_format.find(f"%{each}"): each for each in "dmyY"}
        order = "".join(places[place] for place in sorted(places) if place >= 0)
        return Notation(
            decimal=lang.decimal_point,
            thousands=lang.thousands_sep or "",
            date_order=order.lower() if len(order) == 3 else "",
            currency=currency.name,
            symbol=currency.symbol or "",
            digits=currency.decimal_places,
        )

    def _read_pasted(self):
        """Return the ``Schedule`` that the text names."""
        self.ensure_one()
        return read_schedule(
            self.pasted_text or "", self._get_notation(), self.contract_sum
        )

    def _prepare_pasted_stages(self):
        """Return the values of the stages that the text names."""
        return [
            {
                "name": stage.name or self.env._("Stage %(number)s", number=place - 9),
                "acceptance_criteria": stage.deliverable,
                "sequence": place,
                "kind": stage.kind,
                "basis": stage.basis or "percent",
                "percent": float(stage.percent or 0),
                "amount": float(stage.amount or 0) if stage.basis == "fixed" else 0.0,
                "deadline": stage.deadline,
                "share_doubt": self._get_doubt(stage, is_date=False),
                "date_doubt": self._get_doubt(stage, is_date=True),
            }
            for place, stage in enumerate(self._read_pasted().stages, start=10)
        ]

    @api.model
    def _get_doubt(self, stage, is_date):
        """Return why a stage's share or date was not taken, as a sentence or nothing."""
        return " ".join(
            self._get_reason_sentence(reason)
            for reason in stage.reasons
            if is_date == (reason.code in ("no_date", "several_dates"))
        )

    def _get_unread(self):
        """Return sentences on the lines that are no stages, and on the total."""
        schedule = self._read_pasted()
        sentences = [
            self.env._(
                "Line %(number)s, “%(text)s”: %(reason)s",
                number=line.line,
                text=line.text,
                reason=self._get_reason_sentence(line.reason),
            )
            for line in schedule.unread[:MAX_SHOWN]
        ]
        more = len(schedule.unread) - MAX_SHOWN
        if more > 0:
            sentences.append(self.env._("And %(count)s more.", count=more))
        total = schedule.total
        currency = self.currency_id or self.env.company.currency_id
        if total and currency.compare_amounts(float(total), self.contract_sum):
            sentences.append(
                self.env._(
                    "The text names a total of %(total)s, which is not the contract"
                    " sum.",
                    total=formatLang(self.env, float(total), currency_obj=currency),
                )
            )
        return sentences

    @api.model
    def _get_reason_sentence(self, reason):
        """Return why something was not understood, and what to do."""
        sentence = self._get_reason_sentences().get(reason.code, "%(text)s")
        return sentence % {"text": reason.text}

    @api.model
    def _get_reason_sentences(self):
        """Return what each reason of ``read_schedule`` says, in the user's language."""
        return {
            **self._get_number_sentences(),
            "no_share": self.env._("No percentage and no amount with its currency."),
            "no_figure": self.env._("“%(text)s” is no number."),
            "several": self.env._("“%(text)s”: which of them is it?"),
            "several_dates": self.env._("“%(text)s”: which of the dates is it?"),
            "no_date": self.env._("“%(text)s” is no date."),
            "unit": self.env._("“%(text)s”: a percentage or an amount?"),
            "mismatch": self.env._("Percentage and amount do not agree: “%(text)s”."),
            "second_rest": self.env._("Another stage takes the rest already."),
            "too_long": self.env._("The line is longer than 500 characters."),
            "too_many_lines": self.env._("Only the first 200 lines are read."),
        }

    @api.model
    def _get_number_sentences(self):
        """Return what the reasons say that are about one figure."""
        return {
            "ambiguous": self.env._("“%(text)s” can be read in two ways."),
            "malformed": self.env._("“%(text)s” is no clear number."),
            "multiplied": self.env._("“%(text)s”: write the number in full."),
            "repeated": self.env._(
                "“%(text)s” stands for several payments: one line for each."
            ),
            "range": self.env._("“%(text)s” is one end of a range."),
            "about": self.env._("“%(text)s” is not exact."),
            "off": self.env._("“%(text)s” is taken off: it is no stage."),
            "tax": self.env._(
                "“%(text)s” is a tax, or includes one: stages are without taxes."
            ),
            "negative": self.env._("“%(text)s” is negative."),
            "above_100": self.env._("“%(text)s” is more than 100 %%."),
            "too_big": self.env._("“%(text)s” is too big."),
            "too_precise": self.env._("“%(text)s” has too many decimals."),
            "other_currency": self.env._("“%(text)s” is in another currency."),
        }


class MilestoneBillingSetupStage(models.TransientModel):
    """What was not clear of a stage in the text, until it is given."""

    _inherit = "milestone.billing.setup.stage"

    share_doubt = fields.Char(help="Why the share was not taken from the text.")
    date_doubt = fields.Char(help="Why the date was not taken from the text.")
    to_check = fields.Char(
        help="What was not clear in the text, until it is given.",
        compute="_compute_to_check",
    )

    @api.depends("share_doubt", "date_doubt", "basis", "percent", "amount", "deadline")
    def _compute_to_check(self):
        for stage in self:
            doubts = [
                stage.share_doubt if stage._lacks_share() else "",
                stage.date_doubt if not stage.deadline else "",
            ]
            stage.to_check = " ".join(filter(None, doubts))

    def _lacks_share(self):
        """Whether the share was not clear in the text, and is not given yet."""
        self.ensure_one()
        return bool(
            self.share_doubt
            and self.basis != "balance"
            and not self.percent
            and not self.amount
        )
