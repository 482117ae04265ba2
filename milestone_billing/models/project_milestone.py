from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .marks import WITH_MILESTONE
from .groups import BILLING_GROUP, MANAGER_GROUP, STATUS_GROUP
from .status import LINE_STATE_SELECTION, STATUS_BY_KEY, STATUS_SELECTION


class ProjectMilestone(models.Model):
    _name = "project.milestone"
    _inherit = [
        "project.milestone",
        "milestone.billing.sealed.mixin",
        "milestone.billing.overdue.mixin",
    ]
    _overdue_fields = ("billing_status", "billing_state", "deadline")

    acceptance_criteria = fields.Text(
        help="What must be true for this milestone to be done, in plain words.",
    )
    billing_line_ids = fields.One2many(
        comodel_name="milestone.billing.line",
        inverse_name="milestone_id",
        string="Milestone Lines",
        groups=BILLING_GROUP,
    )
    billing_state = fields.Selection(
        selection=LINE_STATE_SELECTION,
        help="The status of its lines that needs doing first.",
        compute="_compute_billing_state",
        store=True,
        index="btree_not_null",
        compute_sudo=True,
        groups=STATUS_GROUP,
    )
    billing_status = fields.Selection(
        selection=STATUS_SELECTION,
        string="Billing",
        help="How far the billing of this milestone is: the status of its lines that"
        " needs doing first; overdue while it is upcoming and its date is past.",
        compute="_compute_overdue_status",
        search="_search_overdue_status",
        groups=STATUS_GROUP,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends(
        "billing_line_ids.state",
        "billing_line_ids.contract_id.active",
        "project_id.is_template",
    )
    def _compute_billing_state(self):
        for milestone in self:
            # archived and template contracts count nowhere
            lines = milestone.billing_line_ids.filtered(
                lambda line: line.contract_id.active and not line.project_id.is_template
            )
            milestone.billing_state = lines._get_first_state()

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        milestones = super().create(vals_list)
        milestones._check_not_billed_twice()
        reached = milestones.filtered("is_reached")
        if reached:
            reached._bill_reached()
        return milestones

    def write(self, vals):
        changed = self.browse()
        if "is_reached" in vals:
            changed = self.filtered(lambda m: m.is_reached != bool(vals["is_reached"]))
            changed = changed._filter_billed()
            if changed:
                self.check_access("write")
                changed._touch_rows()
                changed._as_system().billing_line_ids.contract_id._touch_rows()
            if changed and not vals["is_reached"]:
                changed._remove_untouched_drafts()
        if vals.get("project_id"):
            self._check_movable(vals["project_id"])
        renamed = self._get_lines_named_after() if "name" in vals else None
        contracts = self.env["milestone.billing.contract"]
        if vals.keys() & {"name", "deadline"}:
            # sudo: the contract's log is kept whoever changes the milestone
            contracts = self.sudo().billing_line_ids.contract_id
        with contracts._changing_schedule():
            res = super().write(vals)
            if renamed:
                renamed.name = vals["name"]
        if vals.get("sale_line_id"):
            self._check_not_billed_twice()
        if changed and vals["is_reached"]:
            changed._bill_reached()
        elif changed:
            changed._as_system().billing_line_ids.contract_id._call_off()
        return res

    def unlink(self):
        self.check_access("unlink")
        # sudo: the lines go with their milestone, whoever may delete it; not by the
        # database's cascade, which would leave the totals of the schedule behind
        lines = self.sudo().billing_line_ids
        if lines:
            self._check_may_delete_billed()
            WITH_MILESTONE.on(lines).unlink()
        return super().unlink()

    def _check_may_delete_billed(self):
        """Refuse to delete milestones with lines to who does not edit schedules."""
        if self._is_system() or self.env.user.has_group(MANAGER_GROUP):
            return
        raise AccessError(
            self.env._(
                "%(milestones)s is part of a billing schedule. Ask who edits the"
                " schedule to remove it.",
                milestones=", ".join(self.mapped("name")),
            )
        )

    def _unlink_made_by_lines(self):
        """Delete milestones that their lines made, as far as nothing else needs them.

        Whoever deleted the lines is told of those that stay.
        """
        # sudo: which of them somebody else uses is not asked in the user's name
        sudo = self.sudo()
        unused = sudo.filtered(
            lambda m: (
                not (
                    m.is_reached
                    or m.billing_line_ids
                    or m.with_context(active_test=False).task_ids
                    or m.acceptance_state
                    or m.message_ids.filtered(
                        lambda message: message.message_type != "notification"
                    )
                )
            )
        )
        kept = sudo - unused
        if kept:
            self.env.user._bus_send(
                "simple_notification",
                {
                    "type": "info",
                    "message": self.env._(
                        "The milestones %(milestones)s stay in the project: they are"
                        " done, or have tasks, messages or other stages.",
                        milestones=", ".join(kept.mapped("name")),
                    ),
                },
            )
        unused.unlink()

    def _filter_billed(self):
        """Return those of these milestones that have a milestone line."""
        # sudo: that a milestone is billed decides what follows, and is not told; read
        # as core reads it when milestones change, which then needs no query of its own
        return self.sudo().filtered("billing_line_ids").with_env(self.env)

    def _get_lines_named_after(self):
        """Return the lines that bear their milestone's name and so follow it."""
        # sudo: a project user renames milestones without seeing the schedule
        return self.sudo().billing_line_ids.filtered(
            lambda line: line.name == line.milestone_id.name
        )

    def _check_not_billed_twice(self):
        """Refuse a milestone that both a sales order and a milestone line would bill."""
        if "sale_line_id" not in self._fields:
            return
        # sudo: the rule holds for who cannot see the schedule
        for milestone in self.sudo():
            if milestone.sale_line_id and milestone.billing_line_ids:
                raise ValidationError(
                    self.env._(
                        "%(milestone)s is billed by the sales order %(order)s and cannot"
                        " have a milestone line too. Remove one of them.",
                        milestone=milestone.name,
                        order=milestone.sale_line_id.order_id.name,
                    )
                )

    def _check_movable(self, project_id):
        """Refuse to move milestones with lines to another project.

        :raise UserError: naming the milestones
        """
        moved = self.filtered(lambda milestone: milestone.project_id.id != project_id)
        # sudo: the rule holds for users who cannot see the schedule
        billed = moved.sudo().filtered("billing_line_ids")
        if billed:
            raise UserError(
                self.env._(
                    "%(milestones)s is part of a billing schedule and stays in its"
                    " project. Remove its stages from the schedule first.",
                    milestones=", ".join(billed.mapped("name")),
                )
            )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    @api.model
    def _get_fields_to_export(self):
        # EXTENDS 'project': the badge in the panel of the project's dashboard
        return [*super()._get_fields_to_export(), "billing_status"]

    def _get_data(self):
        # EXTENDS 'project'
        labels = dict(self._fields["billing_status"]._description_selection(self.env))
        status = STATUS_BY_KEY.get(self.billing_status)
        return {
            **super()._get_data(),
            "billing_state_label": labels.get(self.billing_status),
            "billing_state_color": status and status.color,
        }

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_mark_done(self):
        """Mark the milestones done, as ticking them does; bills what is to be billed.

        :return: True
        """
        self.filtered(lambda milestone: not milestone.is_reached).is_reached = True
        return True

    def action_create_draft_invoice(self):
        """Make the draft invoices of these milestones' ready lines.

        :return: the action that opens the drafts
        :raise AccessError: when the user may not make invoices
        :raise UserError: when there is nothing to invoice, saying why
        """
        return self.billing_line_ids.action_create_draft_invoice()

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _bill_reached(self):
        """Bill what the milestones' contracts bill by themselves when one is reached.

        Never refuses for reasons of billing: what cannot be invoiced is blocked and
        says why.
        """
        # the row that makes a second transaction wait, fail and be tried again is
        # written before any invoice exists
        self.flush_recordset(["is_reached"])
        # the superuser: whoever marks a milestone done need not be able to make
        # invoices himself, and nothing of his request shapes the invoice
        milestones = self._as_system().filtered("billing_line_ids")
        if not milestones:
            return
        milestones.billing_line_ids.contract_id._touch_rows()
        milestones.billing_line_ids._get_reached_open()._check_billable()
        lines = milestones.billing_line_ids.filtered(
            lambda line: line._is_billed_by_itself()
        )
        moves = lines._create_draft_invoices(self.env.user, by_tick=True)
        milestones._log_reached(self.env.user, moves.milestone_ids)
        milestones.billing_line_ids._call_for_blocked(self.env.user)

    def _log_reached(self, user, invoiced):
        """Log on the projects who marked which milestones done, without amounts.

        :param user: who marked them done
        :param invoiced: the milestones for which a draft invoice was made
        """
        bodies = {
            project.id: milestones._get_reached_message(
                user, bool(milestones & invoiced)
            )
            for project, milestones in self.grouped("project_id").items()
        }
        if bodies:
            self.project_id._message_log_batch(bodies=bodies)

    def _get_reached_message(self, user, is_invoiced):
        """Return who marked these milestones of one project done, without amounts."""
        values = {"user": user.name, "milestones": ", ".join(self.mapped("name"))}
        if is_invoiced:
            return self.env._(
                "%(milestones)s marked done by %(user)s: the invoice is drafted.",
                **values,
            )
        if "blocked" in self.billing_line_ids.mapped("state"):
            return self.env._(
                "%(milestones)s marked done by %(user)s: not invoiced. The accountant"
                " sees why.",
                **values,
            )
        return self.env._("%(milestones)s marked done by %(user)s.", **values)

    def _remove_untouched_drafts(self):
        """Remove the draft invoices of milestones that are no longer done.

        To be called after the check of the right to the milestones.

        :raise UserError: when an invoice is posted, was edited or bills more besides;
            nothing is removed then
        """
        # the superuser: who undoes his tick undoes the draft that it made
        milestones = self._as_system()
        lines = milestones.billing_line_ids
        moves = lines._get_live_documents()
        in_the_way = moves.filtered(
            lambda move: not move._is_untouched_milestone_draft(lines)
        )
        # drafts first: what was credited already needs no second credit note
        for move in in_the_way.sorted(lambda move: move.state == "posted")[:1]:
            raise UserError(move._get_unreach_refusal())
        removed = moves.milestone_ids
        moves.unlink()
        for project, undone in (milestones & removed).grouped("project_id").items():
            project._message_log(
                body=self.env._(
                    "%(milestones)s marked not done by %(user)s: the draft invoice is"
                    " removed.",
                    milestones=", ".join(undone.mapped("name")),
                    user=self.env.user.name,
                )
            )
