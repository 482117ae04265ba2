from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.sql import column_exists, create_column

from .project_project import BILLING_GROUPS


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "milestone.billing.read.only.mixin"]

    milestone_billing_project_id = fields.Many2one(
        comodel_name="project.project",
        string="Billed Project",
        help="The project whose milestones this document bills or credits.",
        compute="_compute_milestone_billing_project_id",
        store=True,
        index="btree_not_null",
        compute_sudo=True,
        groups=BILLING_GROUPS,
    )
    milestone_ids = fields.Many2many(
        comodel_name="project.milestone",
        string="Milestones",
        help="The milestones that this document bills or credits.",
        compute="_compute_milestone_ids",
        compute_sudo=True,
        groups=BILLING_GROUPS,
    )

    milestone_statement = fields.Json(
        help="The billing schedule as it stood when the document was posted, for its"
        " print: a reprint shows what was issued.",
        copy=False,
        groups="base.group_system",
    )

    def _auto_init(self):
        # an empty column spares the compute on every journal entry at installation
        if not column_exists(
            self.env.cr, "account_move", "milestone_billing_project_id"
        ):
            create_column(
                self.env.cr, "account_move", "milestone_billing_project_id", "int4"
            )
        return super()._auto_init()

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("line_ids.milestone_billing_line_id.project_id")
    def _compute_milestone_billing_project_id(self):
        for move in self:
            projects = move.line_ids.milestone_billing_line_id.project_id
            move.milestone_billing_project_id = projects[:1]

    @api.depends("line_ids.milestone_billing_line_id.milestone_id")
    def _compute_milestone_ids(self):
        for move in self:
            move.milestone_ids = move.line_ids.milestone_billing_line_id.milestone_id

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def copy_data(self, default=None):
        # EXTENDS 'account': a debit note carries no milestone line
        is_debit_note = bool(default and default.get("debit_origin_id"))
        moves = self.with_context(milestone_billing_skip_link=is_debit_note)
        return super(AccountMove, moves).copy_data(default)

    def write(self, vals):
        # sudo: not all who write documents, such as vendor bills, see the schedule
        billing_moves = self.sudo().filtered(
            lambda move: (
                vals.keys() & {"access_token", "partner_id"}
                and move.milestone_billing_project_id
            )
        )
        billing_moves = billing_moves.sudo(self.env.su)
        partners = {
            move: move.partner_id for move in billing_moves if "partner_id" in vals
        }
        reopened = self._get_reopened_milestone_documents(vals)
        # core writes edited lines one by one: they are checked together, at the end
        is_outermost = not self.env.context.get("milestone_billing_check_later")
        moves = self.with_context(milestone_billing_check_later=True)
        if vals.keys() == {"access_token"} and billing_moves == self:
            # the link that a notification makes is no edit of the accountant's
            moves = moves.with_context(skip_is_manually_modified=True)
        res = super(AccountMove, moves).write(vals)
        if is_outermost:
            self._check_milestone_billing()
        reopened._check_not_billed_since()
        for move, partner in partners.items():
            if move.partner_id != partner:
                move._log_milestone_customer_change()
        return res

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_open_milestone_billing(self):
        """Open the billing schedule of the project that the document bills.

        :return: an ``ir.actions.act_window``: the project's Billing form or, for who
            cannot open the project, the lines of its schedule
        """
        self.ensure_one()
        project = self.milestone_billing_project_id
        if project.has_access("read"):
            return project.action_open_billing()
        # sudo: only the ids are taken; reading the lines is checked
        lines = project.sudo().billing_line_ids.sudo(False)
        return lines._get_records_action(name=self.env._("Billing Schedule"))

    def action_open_milestones(self):
        """Open the milestone lines that the document bills or credits."""
        lines = self.line_ids.milestone_billing_line_id
        return lines._get_records_action(name=self.env._("Milestones"))

    # -------------------------------------------------------------------------
    # GUARDS
    # -------------------------------------------------------------------------

    def _check_milestone_billing(self):
        """Refuse what the billing schedule of these documents' project forbids.

        :raise ValidationError: when a document mixes projects, is in another currency
            or company than the contract, or bills a contract beyond its sum
        """
        # sudo: the rules hold for documents of projects that the user cannot read
        moves = self.sudo().filtered("milestone_billing_project_id")
        for move in moves:
            move._check_milestone_document()
            move._check_milestone_project()
            move._check_milestone_contract()
        moves.line_ids.milestone_billing_line_id.project_id._check_contract_not_exceeded()

    def _check_milestone_document(self):
        """Refuse a document that is none to a customer: it would count as billed."""
        if not self.is_sale_document(include_receipts=True):
            raise ValidationError(
                self.env._(
                    "%(document)s is no customer invoice and cannot bill a milestone.",
                    document=self._get_milestone_display_name(),
                )
            )

    def _get_reopened_milestone_documents(self, vals):
        """Return the documents whose change of state bills again what they had freed.

        That is a posted credit note that is reset or cancelled, and a cancelled invoice
        that is reset.
        """
        if vals.get("state") not in ("draft", "cancel"):
            return self.browse()

        def is_reopened(move):
            if move.move_type == "out_refund":
                return move.state == "posted"
            return move.state == "cancel" and vals["state"] == "draft"

        # sudo: the rule holds for who cannot see the schedule
        return self.sudo().filtered(
            lambda move: move.milestone_billing_project_id and is_reopened(move)
        )

    def _check_not_billed_since(self):
        """Refuse to take back a credit or a cancellation of what was billed again.

        :raise ValidationError: naming the newer invoice
        """
        for move in self:
            for line in move.line_ids.milestone_billing_line_id:
                documents = line._get_live_documents()
                newer = documents.filtered(lambda m, move=move: m.id > move.id)
                exceeds = line._get_currency().compare_amounts(line.amount_open, 0) < 0
                if newer and exceeds:
                    raise ValidationError(
                        self.env._(
                            "%(line)s was billed again by %(invoice)s: %(document)s"
                            " stays as it is. Delete or credit that newer invoice first.",
                            line=line.name,
                            invoice=newer.sorted("id")[
                                -1:
                            ]._get_milestone_display_name(),
                            document=move._get_milestone_display_name(),
                        )
                    )

    def _check_milestone_project(self):
        """Refuse a document that bills milestones of more than one project."""
        projects = self.line_ids.milestone_billing_line_id.project_id
        if len(projects) > 1:
            raise ValidationError(
                self.env._(
                    "%(invoice)s would bill milestones of more than one project:"
                    " %(projects)s. Make one invoice for each project.",
                    invoice=self._get_milestone_display_name(),
                    projects=", ".join(projects.mapped("name")),
                )
            )

    def _check_milestone_contract(self):
        """Refuse a document in another currency or company than the contract's."""
        project = self.line_ids.milestone_billing_line_id.project_id
        if self.currency_id != project.contract_currency_id:
            raise ValidationError(
                self.env._(
                    "%(invoice)s bills milestones of %(project)s, whose contract is in"
                    " %(currency)s. Keep that currency, or remove the milestone lines"
                    " from the invoice first.",
                    invoice=self._get_milestone_display_name(),
                    project=project.name,
                    currency=project.contract_currency_id.name,
                )
            )
        if self.company_id != project.billing_company_id:
            raise ValidationError(
                self.env._(
                    "%(invoice)s bills milestones of %(project)s, which is billed by"
                    " %(company)s. Keep that company, or remove the milestone lines"
                    " from the invoice first.",
                    invoice=self._get_milestone_display_name(),
                    project=project.name,
                    company=project.billing_company_id.name,
                )
            )

    def _get_milestone_display_name(self):
        """Return a name for messages that gives away neither customer nor amount."""
        self.ensure_one()
        if self.name and self.name != "/":
            return self.name
        return self.env._(
            "%(document)s (* %(id)s)",
            document=self._get_move_display_name(),
            id=self.id,
        )

    def _log_milestone_customer_change(self):
        """Tell the project that a draft of its schedule goes to another customer."""
        # sudo: the project keeps the log whoever changed the draft; the customer is
        # not named, since not all who read the project may see the invoice
        self.sudo().milestone_billing_project_id._message_log(
            body=self.env._(
                "The customer of %(invoice)s, which bills %(milestones)s, was changed by"
                " %(user)s.",
                invoice=self._get_milestone_display_name(),
                milestones=", ".join(self.sudo().milestone_ids.mapped("name")),
                user=self.env.user.name,
            )
        )

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

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _post(self, soft=True):
        # EXTENDS 'account': what is to be sent is sent soon, not once a day
        self._set_milestone_due_date()
        posted = super()._post(soft=soft)
        posted._freeze_milestone_statement()
        # sudo: whoever posts may have it sent
        if posted.sudo().filtered(
            lambda m: m.milestone_billing_project_id and m.sending_data
        ):
            self.env.ref("account.ir_cron_account_move_send").sudo()._trigger()
        return posted

    def button_draft(self):
        # EXTENDS 'account': else core's job would post again what is being corrected
        res = super().button_draft()
        # sudo: the field is the addon's own doing, whoever resets the document
        self.sudo().filtered(
            lambda move: (
                move.milestone_billing_project_id and move.auto_post == "at_date"
            )
        ).auto_post = "no"
        return res

    def _set_milestone_due_date(self):
        """Let no invoice be due before its date, or never.

        Without payment terms core keeps the day on which the draft was made; a draft
        that a tick made may wait long before the accountant posts it.
        """
        today = fields.Date.context_today(self)
        for move in self.sudo().filtered("milestone_billing_project_id"):
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

    def _get_mail_template(self):
        # EXTENDS 'account': milestone invoices say what remains; credit notes do not
        template = self.env.ref(
            "milestone_billing.mail_template_milestone_invoice",
            raise_if_not_found=False,
        )
        if (
            template
            and self
            and all(
                move.move_type == "out_invoice" and move.milestone_billing_project_id
                # sudo: not all who send invoices see schedules
                for move in self.sudo()
            )
        ):
            return template
        return super()._get_mail_template()

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
    # BUSINESS: the billing schedule on the document
    # -------------------------------------------------------------------------

    def _freeze_milestone_statement(self):
        """Keep the billing schedule with posted documents, as their prints show it."""
        # sudo: whoever posts need not be able to read the project
        moves = self.sudo().filtered("milestone_billing_project_id").sorted("id")
        for of_project in moves.grouped("milestone_billing_project_id").values():
            later = of_project
            # of documents posted together, each is billed after those before it
            for move in of_project:
                later -= move
                move.with_context(
                    skip_is_manually_modified=True
                ).milestone_statement = move._prepare_milestone_statement(later)

    def _get_milestone_statement(self):
        """Return the billing schedule for the print of the document, or False.

        :return: the statement frozen at posting; live while the document is a draft; a
            cancelled document bills nothing and has none
        """
        self.ensure_one()
        # sudo: the document's own part of the schedule, for all who may print it
        move = self.sudo()
        if move.state == "posted" and move.milestone_statement:
            return move.milestone_statement
        if move.state == "cancel" or not move.milestone_billing_project_id:
            return False
        return move._prepare_milestone_statement()

    def _get_milestone_mail_title(self):
        """Return what an e-mail's subject says of the document, or nothing of others."""
        statement = self._get_milestone_statement()
        if not statement:
            return ""
        return f"{self._get_milestone_titles()} · {statement['project']}"

    def _get_milestone_net(self):
        """Return the net that the document adds to what is billed: credits are less."""
        self.ensure_one()
        own_lines = self.line_ids.filtered("milestone_billing_line_id")
        return own_lines._get_milestone_net()

    def _get_milestone_gross(self):
        """Return what the customer pays for the milestones of the document, signed."""
        self.ensure_one()
        gross = self.amount_total
        if self._has_lines_beside_milestones():
            own_lines = self.line_ids.filtered("milestone_billing_line_id")
            gross = sum(own_lines.mapped("price_total"))
        return -gross if self.move_type == "out_refund" else gross

    def _get_milestone_paid_gross(self):
        """Return the part of the document's milestones, taxes included, not due."""
        self.ensure_one()
        ratio = self.amount_residual / self.amount_total if self.amount_total else 0.0
        return self.currency_id.round(self._get_milestone_gross() * (1 - ratio))

    def _has_lines_beside_milestones(self):
        """Whether the document bills other things too."""
        self.ensure_one()
        return any(
            line.display_type == "product"
            and not line.milestone_billing_line_id
            and not self.currency_id.is_zero(line.price_total)
            for line in self.invoice_line_ids
        )

    def _prepare_milestone_statement(self, later=None):
        """Return the billing schedule as it stands now, seen from this document.

        Amounts are in the contract currency; texts are in the customer's language.

        :param later: documents posted together with this one, after it
        """
        self.ensure_one()
        project = self.milestone_billing_project_id.with_context(
            lang=self.partner_id.lang
        )
        customer = self.commercial_partner_id
        own_lines = self.line_ids.filtered("milestone_billing_line_id")
        own_stages = own_lines.milestone_billing_line_id
        schedule = project._get_schedule()
        return {
            "project": project.name,
            "reference": project.contract_reference or "",
            "titles": [line._get_label() for line in schedule if line in own_stages],
            "stages": [
                line._prepare_statement_row(line in own_stages, customer)
                for line in schedule
            ],
            **self._prepare_statement_amounts(schedule, later or self.browse()),
            "is_final": self.move_type != "out_refund"
            and "final" in own_stages.mapped("kind"),
        }

    def _prepare_statement_amounts(self, schedule, later):
        """Return the amounts of the statement, net and, of documents, with taxes.

        :param schedule: the project's milestone lines
        :param later: documents posted together with this one, after it
        """
        project = schedule.project_id
        posted = schedule._get_documents().filtered(lambda m: m.state == "posted")
        previous = posted - self - later
        previously = sum(schedule.mapped("amount_opening")) + sum(
            move._get_milestone_net() for move in previous
        )
        this_document = self._get_milestone_net()
        customer = self.commercial_partner_id
        amounts = {
            "agreed": project.contract_to_date + project.contract_written_off,
            "written_off": project.contract_written_off,
            "to_date": project.contract_to_date,
            "previously": previously,
            "this_document": this_document,
            "remaining": project.contract_to_date - previously - this_document,
            "paid": sum(line._get_paid_by(customer) for line in schedule),
            **self._prepare_statement_gross_amounts(schedule, posted, previous),
        }
        round_amount = project.contract_currency_id.round
        amounts = {key: round_amount(amount) for key, amount in amounts.items()}
        return {
            **amounts,
            "has_gross": any(
                amounts.get(f"{key}_gross", amounts[key]) != amounts[key]
                for key in ("previously", "this_document", "paid")
            ),
        }

    def _prepare_statement_gross_amounts(self, schedule, posted, previous):
        """Return the amounts of the statement that are known with taxes.

        What was billed elsewhere is known without taxes only.

        :param schedule: the project's milestone lines
        :param posted: the documents of the schedule that are posted
        :param previous: those that were before this one
        """
        amounts = {"this_document_gross": self._get_milestone_gross()}
        if self._has_lines_beside_milestones():
            amounts["total"] = self.amount_total
        if not any(schedule.mapped("amount_opening")):
            amounts["previously_gross"] = sum(
                move._get_milestone_gross() for move in previous
            )
            amounts["paid_gross"] = sum(
                move._get_milestone_paid_gross()
                for move in posted
                if move.commercial_partner_id == self.commercial_partner_id
            )
        return amounts

    # -------------------------------------------------------------------------
    # BUSINESS: the customer's portal
    # -------------------------------------------------------------------------

    def _get_milestone_billing_portal_url(self, user):
        """Return the address of the project's billing page, False for who may not see it."""
        self.ensure_one()
        # sudo: a customer reads his invoice, not the project that it bills
        project = self.sudo().milestone_billing_project_id
        return bool(project) and project._get_billing_portal_url(user)

    def _get_milestone_titles(self):
        """Return the stages that the document bills or credits, as text."""
        self.ensure_one()
        statement = self._get_milestone_statement() or {}
        return ", ".join(statement.get("titles", []))

    def _can_be_paid_online(self):
        """Whether the customer can pay the invoice on the portal."""
        self.ensure_one()
        # without account_payment nobody can
        return "transaction_ids" in self._fields and self._has_to_be_paid()

    def _is_payment_in_process(self):
        """Whether the customer has paid what has not arrived yet."""
        self.ensure_one()
        transactions = "transaction_ids" in self._fields and self.transaction_ids
        return self.payment_state == "in_payment" or any(
            transaction.state in ("pending", "authorized")
            # not those who only chose to pay by bank transfer
            and transaction.provider_code not in ("none", "custom")
            for transaction in transactions or ()
        )

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _after_milestone_drafts(self, by_tick):
        """Log on new drafts where they come from and call the billing responsible.

        :param bool by_tick: whether the user marked the milestones done just now
        """
        self._message_log_batch(
            bodies={
                move.id: move._get_milestone_origin_message(by_tick) for move in self
            }
        )
        for user, moves in self.grouped(
            lambda move: move.milestone_billing_project_id.billing_user_id
        ).items():
            if moves._is_readable_by(user):
                moves[0].activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=moves._get_milestone_activity_summary(),
                    user_id=user.id,
                )

    def _get_milestone_activity_summary(self):
        """Return what the billing responsible is asked to do with new drafts."""
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

    def _prepare_automatic_posting(self):
        """Have core's own jobs post, and send, what their projects want so."""
        automatic = self.filtered(
            lambda move: (
                move.milestone_billing_project_id.billing_automation
                in ("post", "post_send")
            )
        )
        # our own write is no edit of the accountant's
        automatic.with_context(skip_is_manually_modified=True).auto_post = "at_date"
        for move in automatic:
            project = move.milestone_billing_project_id
            if project.billing_automation == "post_send":
                author = project.billing_user_id or self.env.ref("base.user_root")
                move.with_context(skip_is_manually_modified=True).sending_data = {
                    "author_user_id": author.id,
                    "author_partner_id": author.partner_id.id,
                }
        if automatic:
            self.env.ref("account.ir_cron_auto_post_draft_entry")._trigger()

    def _schedule_milestone_sending_failed(self, reason):
        """Call the billing responsible, else the project manager, when sending failed."""
        self.ensure_one()
        project = self.sudo().milestone_billing_project_id
        if not project:
            return
        user = project.billing_user_id or self.invoice_user_id
        is_reader = self._is_readable_by(user)
        # the reason may name the customer: when no reader of the invoice is known, the
        # project manager is called on the project, without it
        (self if is_reader else project).activity_schedule(
            "mail.mail_activity_data_warning",
            summary=self.env._("The milestone invoice was not sent"),
            note=reason if is_reader else False,
            user_id=user.id if is_reader else project.user_id.id or user.id,
        )

    def _is_readable_by(self, user):
        """Whether a user may read these documents with all of his companies."""
        moves = self.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        return bool(user) and moves.has_access("read")

    def _get_milestone_origin_message(self, by_tick):
        """Return the log message of a new draft: which milestones, and whose doing."""
        self.ensure_one()
        values = {
            "user": self.env.user.name,
            "milestones": ", ".join(self.milestone_ids.mapped("name")),
            "project": self.milestone_billing_project_id._get_html_link(),
        }
        if by_tick:
            return self.env._(
                "%(user)s marked %(milestones)s of %(project)s done.", **values
            )
        return self.env._("%(user)s drafted %(milestones)s of %(project)s.", **values)
