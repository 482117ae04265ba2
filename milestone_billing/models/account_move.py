from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.sql import column_exists, create_column

from .marks import CARRY_LINK, GUARDED
from .groups import BILLING_GROUP
from .settlement import settle

# what may change what a document bills of a contract
GUARDED_FIELDS = frozenset(
    {
        "state",
        "line_ids",
        "invoice_line_ids",
        "currency_id",
        "company_id",
        "journal_id",
        "partner_id",
        "fiscal_position_id",
        "move_type",
        "reversed_entry_id",
    }
)


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "milestone.billing.sealed.mixin"]

    milestone_billing_contract_id = fields.Many2one(
        comodel_name="milestone.billing.contract",
        string="Milestone Contract",
        help="The contract whose milestones this document bills or credits.",
        compute="_compute_milestone_billing_contract_id",
        store=True,
        index="btree_not_null",
        compute_sudo=True,
        groups=BILLING_GROUP,
    )
    milestone_billing_ordinal = fields.Integer(
        string="Place in the Contract",
        help="The place among the documents of its contract, given at first posting and"
        " kept.",
        copy=False,
        readonly=True,
        groups=BILLING_GROUP,
    )
    milestone_ids = fields.Many2many(
        comodel_name="project.milestone",
        string="Milestones",
        help="The milestones that this document bills or credits.",
        compute="_compute_milestone_ids",
        compute_sudo=True,
        groups=BILLING_GROUP,
    )

    def _auto_init(self):
        # an empty column spares the compute on every journal entry at installation
        if not column_exists(
            self.env.cr, "account_move", "milestone_billing_contract_id"
        ):
            create_column(
                self.env.cr, "account_move", "milestone_billing_contract_id", "int4"
            )
        return super()._auto_init()

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("line_ids.milestone_billing_line_id.contract_id")
    def _compute_milestone_billing_contract_id(self):
        for move in self:
            contracts = move.line_ids.milestone_billing_line_id.contract_id
            move.milestone_billing_contract_id = contracts[:1]

    @api.depends("line_ids.milestone_billing_line_id.milestone_id")
    def _compute_milestone_ids(self):
        for move in self:
            move.milestone_ids = move.line_ids.milestone_billing_line_id.milestone_id

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def write(self, vals):
        # sudo: not all who write documents, such as vendor bills, see the schedule
        billing_moves = self.sudo().filtered("milestone_billing_contract_id")
        if not billing_moves:
            return super().write(vals)
        billing_moves._check_milestone_identity_unchanged(vals)
        moves = self
        if vals.keys() == {"access_token"}:
            # the link that a notification makes is no edit of the accountant's
            moves = moves.with_context(skip_is_manually_modified=True)
        if GUARDED.is_set(self.env) or GUARDED_FIELDS.isdisjoint(vals):
            return super(AccountMove, moves).write(vals)
        if vals.get("state") == "cancel":
            billing_moves._check_not_credited()
        partners = {move: move.partner_id for move in billing_moves}
        is_reopened = vals.get("state") == "draft" and any(
            move.state == "cancel" for move in billing_moves
        )
        lines = billing_moves.line_ids.milestone_billing_line_id
        # core writes edited lines one by one: they are checked together, at the end
        with lines._guarding(billing_moves, is_reopened=is_reopened):
            res = super(AccountMove, GUARDED.on(moves)).write(vals)
            if vals.get("state") == "posted":
                billing_moves._check_credits_covered()
        for move, partner in partners.items():
            if move.partner_id != partner:
                move._log_milestone_customer_change(partner)
        return res

    def _check_milestone_identity_unchanged(self, vals):
        """Refuse to make something else of a document that bills milestones.

        :raise UserError: naming the document
        """
        for move in self:
            if ("move_type" in vals and vals["move_type"] != move.move_type) or (
                "reversed_entry_id" in vals
                and (vals["reversed_entry_id"] or False) != move.reversed_entry_id.id
            ):
                raise UserError(
                    self.env._(
                        "%(document)s bills milestones and stays what it is. Delete it"
                        " and credit the invoice instead.",
                        document=move._get_milestone_display_name(),
                    )
                )

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_open_milestone_billing(self):
        """Open the contract that the document bills.

        :return: an ``ir.actions.act_window``
        """
        self.ensure_one()
        return self.milestone_billing_contract_id._get_records_action()

    def action_open_milestones(self):
        """Open the milestone lines that the document bills or credits."""
        lines = self.line_ids.milestone_billing_line_id
        return lines._get_records_action(name=self.env._("Milestones"))

    # -------------------------------------------------------------------------
    # GUARDS
    # -------------------------------------------------------------------------

    def _check_milestone_documents(self):
        """Refuse what no document of a contract may be.

        :raise ValidationError: when a document is none to a customer, mixes contracts,
            or is in another currency or company than its contract
        """
        for move in self.filtered("milestone_billing_contract_id"):
            move._check_milestone_document()
            move._check_milestone_contract()

    def _check_milestone_document(self):
        """Refuse a document that is none to a customer: it would count as billed."""
        if not self.is_sale_document(include_receipts=True):
            raise ValidationError(
                self.env._(
                    "%(document)s is no customer invoice and cannot bill a milestone.",
                    document=self._get_milestone_display_name(),
                )
            )
        contracts = self.line_ids.milestone_billing_line_id.contract_id
        if len(contracts) > 1:
            raise ValidationError(
                self.env._(
                    "%(invoice)s would bill milestones of more than one contract:"
                    " %(contracts)s. Make one invoice for each contract.",
                    invoice=self._get_milestone_display_name(),
                    contracts=", ".join(contracts.mapped("display_name")),
                )
            )

    def _check_milestone_contract(self):
        """Refuse a document in another currency or company than the contract's."""
        contract = self.milestone_billing_contract_id
        if self.currency_id != contract.currency_id:
            raise ValidationError(
                self.env._(
                    "%(invoice)s bills milestones of %(project)s, whose contract is in"
                    " %(currency)s. Keep that currency, or remove the milestone lines"
                    " from the invoice first.",
                    invoice=self._get_milestone_display_name(),
                    project=contract.project_name,
                    currency=contract.currency_id.name,
                )
            )
        if self.company_id != contract.company_id:
            raise ValidationError(
                self.env._(
                    "%(invoice)s bills milestones of %(project)s, which is billed by"
                    " %(company)s. Keep that company, or remove the milestone lines"
                    " from the invoice first.",
                    invoice=self._get_milestone_display_name(),
                    project=contract.project_name,
                    company=contract.company_id.name,
                )
            )

    def _check_not_credited(self, lines=None):
        """Refuse to cancel, delete or empty an invoice that is credited.

        :param lines: the journal items that go; by default all of the documents
        :raise ValidationError: naming the credit note
        """
        # sudo: the rule holds for who cannot see the schedule
        for move in self.sudo().filtered(lambda m: m.move_type != "out_refund"):
            going = (lines.sudo() & move.line_ids) if lines else move.line_ids
            stages = going.milestone_billing_line_id
            notes = move.reversal_move_ids.filtered(
                lambda note, stages=stages: (
                    note.state == "posted"
                    and note.line_ids.milestone_billing_line_id & stages
                )
            )
            for note in (notes - self.sudo())[:1]:
                raise ValidationError(
                    self.env._(
                        "%(invoice)s is credited by %(note)s and stays. Cancel that"
                        " credit note first.",
                        invoice=move._get_milestone_display_name(),
                        note=note._get_milestone_display_name(),
                    )
                )

    def _check_credits_covered(self):
        """Refuse credit notes beyond what is posted of a milestone line.

        :raise ValidationError: with the figures for who may see them
        """
        for move in self.filtered(lambda move: move.move_type == "out_refund"):
            for line in move.line_ids.milestone_billing_line_id:
                currency = line.currency_id
                invoiced = (
                    line.amount_billed + line.amount_credited - line.amount_opening
                )
                if currency.compare_amounts(line.amount_credited, invoiced) > 0:
                    raise ValidationError(
                        self.env._(
                            "%(document)s would credit more of %(line)s than is"
                            " invoiced: %(credited)s of %(invoiced)s. Lower it or delete"
                            " it.",
                            document=move._get_milestone_display_name(),
                            line=line.name,
                            credited=currency.format(line.amount_credited),
                            invoiced=currency.format(invoiced),
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

    def _log_milestone_customer_change(self, before):
        """Log on the contract that a draft of its schedule goes to another customer.

        :param before: the ``res.partner`` to whom it went
        """
        # sudo: the contract keeps the log whoever changed the draft
        self.sudo().milestone_billing_contract_id._message_log(
            body=self.env._(
                "The customer of %(invoice)s, which bills %(milestones)s, was changed by"
                " %(user)s: %(old)s → %(new)s",
                invoice=self._get_milestone_display_name(),
                milestones=", ".join(self.sudo().milestone_ids.mapped("name")),
                user=self.env.user.name,
                old=before.display_name,
                new=self.partner_id.display_name,
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

    def _reverse_moves(self, default_values_list=None, cancel=False):
        # EXTENDS 'account': credit notes carry the link to the milestone lines
        reverses = super(AccountMove, CARRY_LINK.on(self))._reverse_moves(
            default_values_list, cancel
        )
        return reverses.with_env(self.env)

    def _post(self, soft=True):
        # EXTENDS 'account': what is to be sent is sent soon, not once a day
        self._set_milestone_due_date()
        posted = super()._post(soft=soft)
        # sudo: whoever posts may have it sent, and its schedule kept
        billing_moves = posted.sudo().filtered("milestone_billing_contract_id")
        billing_moves._give_milestone_ordinals()
        billing_moves._freeze_milestone_statement()
        if billing_moves.filtered("sending_data"):
            self.env.ref("account.ir_cron_account_move_send").sudo()._trigger()
        return posted

    def _give_milestone_ordinals(self):
        """Give each document that is posted for the first time its place."""
        new = self.filtered(lambda move: not move.milestone_billing_ordinal)
        for contract, moves in new.grouped("milestone_billing_contract_id").items():
            contract._touch_rows()
            last = self.search(
                [
                    ("milestone_billing_contract_id", "=", contract.id),
                    ("milestone_billing_ordinal", ">", 0),
                ],
                order="milestone_billing_ordinal desc",
                limit=1,
            )
            for ordinal, move in enumerate(
                moves.sorted("id"), start=last.milestone_billing_ordinal + 1
            ):
                # our own write is no edit of the accountant's
                move.with_context(
                    skip_is_manually_modified=True
                ).milestone_billing_ordinal = ordinal

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

    def _get_draft_invoices(self):
        # EXTENDS 'account_invoice_merge' of OCA, where it is installed: it copies the
        # lines of drafts into a new one, without the link, and cancels the drafts, so
        # that their stages would be billed a second time
        extended = getattr(super(), "_get_draft_invoices", None)
        drafts = extended() if extended else self.filtered(lambda m: m.state == "draft")
        # sudo: not all who merge documents see the schedule
        billing_moves = drafts.sudo().filtered("milestone_billing_contract_id")
        return drafts - billing_moves.sudo(self.env.su)

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
                move.move_type == "out_invoice" and move.milestone_billing_contract_id
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
    # BUSINESS: families of documents
    # -------------------------------------------------------------------------

    def _get_milestone_family_root(self):
        """Return the invoice that this document reverses, through all reversals."""
        self.ensure_one()
        # sudo: a family is one whoever may read which of its documents
        root = self.sudo()
        seen = root
        while root.reversed_entry_id and root.reversed_entry_id not in seen:
            root = root.reversed_entry_id
            seen |= root
        return root

    def _get_milestone_families(self):
        """Return the families of these documents with what became of their totals.

        A family is an invoice and the credit notes that reverse it, as far as they are
        posted. All amounts are in the documents' currency, with taxes, credits less.

        :return: a list of ``(documents, total, residual, received)``
        """
        families = []
        roots = {move._get_milestone_family_root() for move in self}
        for root in sorted(roots, key=lambda move: move.id):
            family = root
            newest = root
            while newest := newest.reversal_move_ids - family:
                family |= newest
            family = family.filtered(lambda move: move.state == "posted").sorted("id")
            if family:
                families.append(
                    (
                        family,
                        family._sum_milestone_signed("amount_total"),
                        family._sum_milestone_signed("amount_residual"),
                        sum(move._get_milestone_received() for move in family),
                    )
                )
        return families

    def _sum_milestone_signed(self, fname):
        """Return the sum of an amount of these documents, credits less."""
        return sum(
            -move[fname] if move.move_type == "out_refund" else move[fname]
            for move in self
        )

    def _get_milestone_settlements(self):
        """Return what became of what the families of these documents bill.

        :return: for each family, by its posted documents, a dictionary of
            :class:`Settlement` by milestone line; net, in the documents' currency
        """
        settlements = {}
        for family, total, residual, received in self._get_milestone_families():
            nets = {}
            for move_line in family.line_ids.sorted("id"):
                if line := move_line.milestone_billing_line_id:
                    # the last linked one takes the rounding
                    net = nets.pop(line, 0.0) + move_line._get_milestone_net()
                    nets[line] = net
            settlements[family] = settle(
                nets, total, residual, received, family.currency_id.round
            )
        return settlements

    def _get_milestone_received(self):
        """Return the money that came in for this document, less what went out.

        By payments and bank statement lines, in the document's currency, with taxes:
        of what they settle, the part that is money and no discount or write-off.
        """
        self.ensure_one()
        received = 0.0
        for line in self.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ):
            for partial in line.matched_credit_ids:
                other = partial.credit_move_id.move_id
                received += (
                    partial.debit_amount_currency * other._get_milestone_liquidity()
                )
            for partial in line.matched_debit_ids:
                other = partial.debit_move_id.move_id
                received -= (
                    partial.credit_amount_currency * other._get_milestone_liquidity()
                )
        return received

    def _get_milestone_liquidity(self):
        """Return which share of what this entry settles is money, at most 1.

        0 for what is neither a payment's entry nor a bank statement line's.
        """
        self.ensure_one()
        source = self.origin_payment_id or self.statement_line_id
        if not source:
            return 0.0
        liquidity = source._seek_for_lines()[0]
        settled = self.line_ids.filtered(
            lambda line: (
                line.account_id.account_type
                in ("asset_receivable", "liability_payable")
                and line not in liquidity
            )
        )
        total = abs(sum(settled.mapped("balance")))
        money = abs(sum(liquidity.mapped("balance")))
        return min(money / total, 1.0) if total else 0.0

    # -------------------------------------------------------------------------
    # BUSINESS: new drafts
    # -------------------------------------------------------------------------

    def _after_milestone_drafts(self, user, by_tick):
        """Log on new drafts where they come from and call who posts them.

        :param user: who marked the milestones done or asked for the drafts
        :param bool by_tick: whether the user marked the milestones done just now
        """
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
        """Whether a user may read these documents with all of his companies."""
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
