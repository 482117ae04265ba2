import re

from markupsafe import Markup

from odoo import SUPERUSER_ID, models

from ..groups import INVOICING_GROUP

MAX_NAMES = 3


class ProjectMilestone(models.Model):
    """What a tick did is said at once to the one who ticked, by whatever road.

    The web client shows what comes through its own bus, once the transaction is
    committed: the tick pays for it with one row, and no view need know of it.
    """

    _inherit = "project.milestone"

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def mark_done(self):
        """Mark the milestones done, and return what that did: for other systems.

        A milestone that is done already stays as it is, and is answered alike.

        :return: a list of ``{"id", "name", "state": of its billing or False, "message":
            what happened or why nothing did, as the user may read it, "invoice_ids":
            its draft invoices if the user may open them}``, in the order of the call
        :raise AccessError: when the user may not mark them done
        """
        self.check_access("write")
        self.action_mark_done()
        # the superuser, as with the tick itself: what is told depends on the user
        return [
            milestone._prepare_outcome(self.env.user) for milestone in self._as_system()
        ]

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _tell_reached(self, user, moves):
        res = super()._tell_reached(user, moves)
        self._answer(user, self._prepare_reached_answers(user, moves))
        return res

    def _tell_not_reached(self, user, removed):
        res = super()._tell_not_reached(user, removed)
        # archived and template contracts count nowhere
        others = (self - removed).filtered("billing_state")
        self._answer(
            user, [removed._prepare_removed_answer(), others._prepare_undone_answer()]
        )
        return res

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _answer(self, user, answers):
        """Show answers to a user of the web client.

        :param list answers: of dictionaries as :meth:`_prepare_answer` returns them;
            empty ones are left out
        """
        if user.id != SUPERUSER_ID and user._is_internal():
            for answer in filter(None, answers):
                user._bus_send("milestone_billing_answer", answer)

    def _prepare_reached_answers(self, user, moves):
        """Return what marking these milestones done did, possibly with empty answers."""
        blocked = self.billing_line_ids._get_to_cure()
        invoiced = self & moves.milestone_ids
        waiting = self.filtered(lambda milestone: milestone.billing_state == "ready")
        return [
            invoiced._prepare_invoiced_answer(user, moves),
            (waiting - invoiced)._prepare_waiting_answer(),
            blocked.milestone_id._prepare_blocked_answer(user, blocked),
        ]

    def _prepare_outcome(self, user):
        """Return what :meth:`mark_done` answers of one milestone."""
        self.ensure_one()
        moves = self.billing_line_ids._get_draft_invoice_lines().move_id
        answers = list(filter(None, self._prepare_reached_answers(user, moves)))
        messages = [
            Markup(re.sub("<(?=br|div)", " <", answer["message"])).striptags()
            for answer in answers
        ]
        return {
            "id": self.id,
            "name": self.name,
            "state": self.billing_state,
            "message": " ".join(messages),
            "invoice_ids": [id_ for answer in answers for id_ in answer["move_ids"]],
        }

    def _prepare_answer(self, kind, message, **values):
        """Return what the web client shows of these milestones.

        :param str kind: ``success``, ``info`` or ``danger``
        :param message: markup without amounts
        :return: ``{"type", "message", "move_ids": documents to open, "undo_ids":
            milestones whose tick can be taken back, "fix": None or ``{"line_id",
            "label"}``}``
        """
        return {
            "type": kind,
            "message": str(message),
            "move_ids": [],
            "undo_ids": [],
            "fix": None,
            **values,
        }

    def _prepare_invoiced_answer(self, user, moves):
        """Return that the invoices of these milestones are made."""
        if not self:
            return None
        names = {"stages": self._get_bold_names()}
        if all(move.auto_post != "no" for move in moves):
            text = self.env._(
                "Invoice made for %(stages)s: it is posted soon.", **names
            )
        elif len(moves) == 1:
            text = self.env._("Draft invoice made for %(stages)s.", **names)
        else:
            text = self.env._("Draft invoices made for %(stages)s.", **names)
        may_open = user.has_group(INVOICING_GROUP)
        return self._prepare_answer(
            "success",
            text,
            move_ids=moves.ids if may_open else [],
            undo_ids=self.ids,
        )

    def _prepare_waiting_answer(self):
        """Return that these milestones wait to be billed by a person."""
        return self and self._prepare_answer(
            "success",
            self.env._(
                "Done, and waiting to be billed: %(stages)s.",
                stages=self._get_bold_names(),
            ),
            undo_ids=self.ids,
        )

    def _prepare_blocked_answer(self, user, lines):
        """Return that lines of these milestones are not invoiced, and who was told.

        :param lines: the blocked lines, as the superuser
        """
        if not self:
            return None
        sentences = [line._get_blocked_sentence(user) for line in lines[:MAX_NAMES]]
        if len(lines) > MAX_NAMES:
            sentences.append(
                self.env._("And %(count)s more.", count=len(lines) - MAX_NAMES)
            )
        told = Markup('<div class="text-muted small">%s</div>') % (
            self._get_told_sentence(user, lines.contract_id)
        )
        return self._prepare_answer(
            "danger",
            Markup("<br/>").join(sentences) + told,
            undo_ids=self.ids,
            fix=lines._prepare_fix(user) if len(lines) == 1 else None,
        )

    def _get_told_sentence(self, user, contracts):
        """Return who is called to cure what blocks lines of these contracts."""
        called = self.env["res.users"]
        for contract in contracts:
            called |= contract._get_called_user()
        if not called:
            return self.env._(
                "Nobody is told: the contract has no billing responsible."
            )
        if called == user:
            return self.env._("You are the one to cure it: see your activities.")
        names = ", ".join(called.mapped("name"))
        if len(called) == 1:
            return self.env._("%(user)s was told.", user=names)
        return self.env._("%(users)s were told.", users=names)

    def _prepare_removed_answer(self):
        """Return that the draft invoices of these milestones are removed."""
        return self and self._prepare_answer(
            "info",
            self.env._(
                "Not done any more: %(stages)s. The draft invoice is removed.",
                stages=self._get_bold_names(),
            ),
        )

    def _prepare_undone_answer(self):
        """Return that these milestones wait no more."""
        return self and self._prepare_answer(
            "info",
            self.env._(
                "Not done any more: %(stages)s. Nothing of it waits to be billed.",
                stages=self._get_bold_names(),
            ),
        )

    def _get_bold_names(self):
        """Return the names of these milestones as markup, the first ones of many."""
        names = Markup(", ").join(
            Markup("<b>%s</b>") % milestone.name for milestone in self[:MAX_NAMES]
        )
        if len(self) <= MAX_NAMES:
            return names
        return self.env._(
            "%(names)s and %(count)s more", names=names, count=len(self) - MAX_NAMES
        )
