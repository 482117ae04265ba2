from odoo import SUPERUSER_ID, api, fields, models


class AccountMove(models.Model):
    """The drafts that milestones make: logged, called for, posted and sent."""

    _inherit = "account.move"

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _post(self, soft=True):
        # EXTENDS 'account': what is to be sent is sent soon, not once a day
        self._set_milestone_due_date()
        posted = super()._post(soft=soft)
        # sudo: whoever posts may have it sent
        if posted.sudo().filtered(
            lambda move: move.sending_data and move.milestone_billing_contract_id
        ):
            self.env.ref("account.ir_cron_account_move_send").sudo()._trigger()
        return posted

    def _portal_ensure_token(self):
        # EXTENDS 'portal': the link that a notification makes is no edit of the
        # accountant's
        return super(
            AccountMove, self.with_context(skip_is_manually_modified=True)
        )._portal_ensure_token()

    @api.model
    def _autopost_draft_entries(self, batch_size=100):
        # EXTENDS 'account': core's job tells nobody of what it could not post
        today = fields.Date.context_today(self)
        domain = [
            ("state", "=", "draft"),
            ("date", "<=", today),
            ("auto_post", "!=", "no"),
        ]
        tried = self.search(domain, limit=batch_size)
        res = super()._autopost_draft_entries(batch_size=batch_size)
        failed = tried.exists().filtered(
            lambda move: (
                move.state == "draft"
                and move.auto_post != "no"
                and move.milestone_billing_contract_id
            )
        )
        for move in failed:
            move._give_up_automatic_posting()
        return res

    def _give_up_automatic_posting(self):
        """Leave to a person what core's job could not post, and call one."""
        self.ensure_one()
        reason = self.message_ids[:1].body
        # our own write is no edit of the accountant's
        self.with_context(skip_is_manually_modified=True).auto_post = "no"
        self.activity_ids.filtered(
            lambda activity: activity.create_uid.id == SUPERUSER_ID
        ).unlink()
        self._call_for_milestone(
            self.env._("The milestone invoice was not posted"), reason
        )

    def button_draft(self):
        # EXTENDS 'account': else core's job would post again what is being corrected
        res = super().button_draft()
        # sudo: the field is the addon's own doing, whoever resets the document
        self.sudo().filtered(
            lambda move: (
                move.milestone_billing_contract_id and move.auto_post == "at_date"
            )
        ).auto_post = "no"
        return res

    def _set_milestone_due_date(self):
        """Let no invoice be due before its date, or never.

        Without payment terms core keeps the day on which the draft was made; a draft
        that a tick made may wait long before the accountant posts it.
        """
        today = fields.Date.context_today(self)
        # sudo: whoever posts need not see the schedule
        for move in self.sudo().filtered("milestone_billing_contract_id"):
            date = move.invoice_date or today
            due = move.invoice_date_due
            if not move.invoice_payment_term_id and (not due or due < date):
                move.with_context(
                    skip_is_manually_modified=True
                ).invoice_date_due = date

    def _fetch_duplicate_reference(self, matching_states=("draft", "posted")):
        # EXTENDS 'account': stages of one schedule often have the same amount and date;
        # two documents are no duplicates when they bill different milestone lines
        duplicates = super()._fetch_duplicate_reference(matching_states)
        # sudo: only whether documents bill the same
        billed = {
            move: move.sudo().line_ids.milestone_billing_line_id
            for move in duplicates.keys() | self.browse().concat(*duplicates.values())
        }
        return {
            move: kept
            for move, others in duplicates.items()
            if (
                kept := others.filtered(
                    lambda other, move=move: (
                        not (billed[move] and billed[other])
                        or billed[move] & billed[other]
                    )
                )
            )
        }

    # -------------------------------------------------------------------------
    # BUSINESS: a draft that its tick may remove
    # -------------------------------------------------------------------------

    def _is_untouched_milestone_draft(self, lines):
        """Whether the draft may be removed when the milestones of ``lines`` are undone.

        That is a draft that was never posted, that nobody edited, and that bills
        nothing but ``lines``.
        """
        self.ensure_one()
        product_lines = self.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        return (
            self.state == "draft"
            and not self.posted_before
            and not self.is_manually_modified
            and product_lines == self.invoice_line_ids
            and all(line.milestone_billing_line_id in lines for line in product_lines)
        )

    def _get_unreach_refusal(self):
        """Return why a milestone of this document cannot be marked not done."""
        self.ensure_one()
        values = {
            "milestones": ", ".join(self.milestone_ids.mapped("name")),
            "invoice": self._get_milestone_display_name(),
        }
        if self.state == "posted":
            return self.env._(
                "%(milestones)s is invoiced by %(invoice)s and stays done. Ask the"
                " accountant to credit that invoice first.",
                **values,
            )
        return self.env._(
            "%(milestones)s is on %(invoice)s, which was edited, bills other things too"
            " or bills again what was credited, and stays done. Ask the accountant to"
            " delete or cancel that draft first.",
            **values,
        )

    # -------------------------------------------------------------------------
    # BUSINESS: new drafts
    # -------------------------------------------------------------------------

    def _after_milestone_drafts(self, user, by_tick):
        """Have new drafts posted where their contract wants so, log and call for them.

        :param user: who marked the milestones done or asked for the drafts
        :param bool by_tick: whether the user marked the milestones done just now
        """
        if by_tick:
            self._prepare_automatic_posting(user)
        self._message_log_batch(
            bodies={
                move.id: move._get_milestone_origin_message(user, by_tick)
                for move in self
            }
        )
        for called, moves in self.grouped(
            lambda move: move.milestone_billing_contract_id._get_called_user(
                move.invoice_user_id
            )
        ).items():
            if called and moves._is_readable_by(called):
                moves[0].with_context(lang=called.lang).activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=moves.with_context(
                        lang=called.lang
                    )._get_milestone_activity_summary(),
                    user_id=called.id,
                )

    def _get_milestone_activity_summary(self):
        """Return what the one who is called is asked to do with new drafts."""
        posts_itself = all(move.auto_post != "no" for move in self)
        count = len(self)
        if posts_itself and count == 1:
            return self.env._("Check the milestone invoice: it is posted by itself")
        if posts_itself:
            return self.env._(
                "Check %(count)s milestone invoices: they are posted by themselves",
                count=count,
            )
        if count == 1:
            return self.env._("Check and post the milestone invoice")
        return self.env._("Check and post %(count)s milestone invoices", count=count)

    def _prepare_automatic_posting(self, user):
        """Have core's own jobs post, and send, what their contracts want so.

        :param user: who marked the milestones done; the invoices are of their day
        """
        automatic = self.filtered(
            lambda move: (
                move.milestone_billing_contract_id.automation in ("post", "post_send")
            )
        )
        if not automatic:
            return
        # our own write is no edit of the accountant's
        automatic.with_context(skip_is_manually_modified=True).write(
            {
                "auto_post": "at_date",
                "invoice_date": fields.Date.context_today(
                    self.with_context(tz=user.tz or self.env.context.get("tz"))
                ),
            }
        )
        for move in automatic:
            contract = move.milestone_billing_contract_id
            if contract.automation == "post_send":
                author = contract._get_called_user(move.invoice_user_id)
                author = author or self.env.ref("base.user_root")
                move.with_context(skip_is_manually_modified=True).sending_data = {
                    "author_user_id": author.id,
                    "author_partner_id": author.partner_id.id,
                }
        self.env.ref("account.ir_cron_auto_post_draft_entry")._trigger()

    def _schedule_milestone_sending_failed(self, reason):
        """Call somebody when a milestone invoice was not sent."""
        self.ensure_one()
        self._call_for_milestone(
            self.env._("The milestone invoice was not sent"), reason
        )

    def _call_for_milestone(self, summary, reason):
        """Call who is responsible for a milestone invoice that somebody must mend.

        When nobody is, the project manager is called on the project: without the reason,
        which may name the customer.

        :param str summary: what happened
        :param reason: why, as text or HTML
        """
        self.ensure_one()
        # sudo: whoever runs the job
        contract = self.sudo().milestone_billing_contract_id
        if not contract:
            return
        user = contract._get_called_user(self.invoice_user_id)
        if user and self._is_readable_by(user):
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=summary,
                note=reason,
                user_id=user.id,
            )
            return
        manager = contract.project_id.user_id
        if manager.active:
            contract.project_id.activity_schedule(
                "mail.mail_activity_data_warning", summary=summary, user_id=manager.id
            )

    def _is_readable_by(self, user):
        """Whether a user may read these documents with all of their companies."""
        moves = self.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        return bool(user) and moves.has_access("read")

    def _get_milestone_origin_message(self, user, by_tick):
        """Return the log message of a new draft: which milestones, and whose doing.

        :param user: who marked the milestones done or asked for the draft
        """
        self.ensure_one()
        values = {
            "user": user.name,
            "milestones": ", ".join(self.milestone_ids.mapped("name")),
            "project": self.milestone_billing_contract_id.project_id._get_html_link(),
        }
        if by_tick:
            return self.env._(
                "%(user)s marked %(milestones)s of %(project)s done.", **values
            )
        return self.env._("%(user)s drafted %(milestones)s of %(project)s.", **values)
