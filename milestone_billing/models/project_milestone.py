from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .milestone_billing_line import BILLING_STATES
from .project_project import BILLING_GROUPS, STATE_GROUPS


class ProjectMilestone(models.Model):
    _name = "project.milestone"
    _inherit = ["project.milestone", "milestone.billing.read.only.mixin"]

    acceptance_criteria = fields.Text(
        help="What must be true for this milestone to be done, in plain words.",
    )
    billing_line_ids = fields.One2many(
        comodel_name="milestone.billing.line",
        inverse_name="milestone_id",
        string="Milestone Lines",
        groups=BILLING_GROUPS,
    )
    billing_state = fields.Selection(
        selection=BILLING_STATES,
        string="Billing",
        help="How far the billing of this milestone is: the status of its least"
        " advanced line.",
        compute="_compute_billing_state",
        store=True,
        compute_sudo=True,
        groups=STATE_GROUPS,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("billing_line_ids.state")
    def _compute_billing_state(self):
        for milestone in self:
            milestone.billing_state = milestone.billing_line_ids._get_least_state()

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        milestones = super().create(vals_list)
        milestones._check_not_billed_twice()
        milestones.filtered("is_reached")._bill_reached()
        return milestones

    def write(self, vals):
        changed = self.browse()
        if "is_reached" in vals:
            changed = self.filtered(lambda m: m.is_reached != bool(vals["is_reached"]))
            changed._touch_billing()
            if not vals["is_reached"]:
                changed._remove_untouched_drafts()
        if vals.get("project_id"):
            self._check_movable(vals["project_id"])
        renamed = self._get_lines_named_after() if "name" in vals else None
        res = super().write(vals)
        if vals.get("sale_line_id"):
            self._check_not_billed_twice()
        if vals.get("project_id"):
            # sudo: the lines follow their milestone whoever may move it
            self.sudo().billing_line_ids.project_id = vals["project_id"]
        if renamed:
            renamed.name = vals["name"]
        if vals.get("is_reached"):
            changed._bill_reached()
        return res

    def unlink(self):
        self.check_access("unlink")
        # sudo: the lines go with their milestone, whoever may delete it; not by the
        # database's cascade, which would leave the totals of the schedule behind
        self.sudo().billing_line_ids.unlink()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        # sudo: a milestone may be deleted by who cannot see what it bills
        self.sudo().billing_line_ids._unlink_except_billed()

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
        """Refuse to move milestones to another project once drafted or billed."""
        moved = self.filtered(lambda milestone: milestone.project_id.id != project_id)
        # sudo: the rule holds for users who cannot see the schedule
        moved.sudo().billing_line_ids._check_nothing_recorded()
        for move in moved.sudo().billing_line_ids._get_documents()[:1]:
            raise UserError(
                self.env._(
                    "%(milestones)s cannot be moved to another project: %(invoice)s"
                    " bills it. Cancel or delete that invoice first.",
                    milestones=", ".join((move.milestone_ids & moved).mapped("name")),
                    invoice=move._get_milestone_display_name(),
                )
            )

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    @api.model
    def _get_fields_to_export(self):
        # EXTENDS 'project': the badge in the panel of the project's dashboard
        return [*super()._get_fields_to_export(), "billing_state"]

    def _get_data(self):
        # EXTENDS 'project'
        labels = dict(self._fields["billing_state"]._description_selection(self.env))
        return {
            **super()._get_data(),
            "billing_state_label": labels.get(self.billing_state),
        }

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_mark_done(self):
        """Mark the milestones done, as ticking them does; bills what is to be billed."""
        self.filtered(lambda milestone: not milestone.is_reached).is_reached = True

    def action_create_draft_invoice(self):
        """Make the draft invoices of these milestones' ready lines.

        :return: the action that opens them
        :raise AccessError: when the user may not make invoices
        :raise UserError: when there is nothing to invoice, saying why
        """
        return self.billing_line_ids.action_create_draft_invoice()

    # -------------------------------------------------------------------------
    # BUSINESS
    # -------------------------------------------------------------------------

    def _bill_reached(self):
        """Bill what the milestones' projects bill by themselves when one is reached.

        Never refuses for reasons of billing: what cannot be invoiced stays ready and
        says why.
        """
        # the row that makes a second transaction wait, fail and be tried again is
        # written before any invoice exists
        self.flush_recordset(["is_reached"])
        # sudo: whoever marks a milestone done need not be able to make invoices
        # himself, as a salesperson need not who invoices an order; so nothing else in
        # the context of his request, such as defaults, may shape the invoice
        context = {
            key: value
            for key, value in self.env.context.items()
            if key in ("lang", "tz", "allowed_company_ids")
        }
        milestones = (
            self.with_env(self.env(context=context))
            .sudo()
            .filtered(
                lambda m: m.billing_line_ids and m.project_id.allow_milestone_billing
            )
        )
        lines = milestones.billing_line_ids.filtered(
            lambda line: line._is_billed_by_itself()
        )
        moves = lines._create_draft_invoices(by_tick=True)
        milestones._log_reached(moves.milestone_ids)

    def _touch_billing(self):
        """Make transactions that bill these milestones' projects at once conflict."""
        # sudo: whether a project is billed by milestones is not for every user
        projects = self.sudo().project_id
        projects.filtered("allow_milestone_billing")._touch_billing()

    def _log_reached(self, invoiced):
        """Log on the projects who marked which milestones done, without amounts.

        :param invoiced: the milestones for which a draft invoice was made
        """
        bodies = {
            project.id: milestones._get_reached_message(bool(milestones & invoiced))
            for project, milestones in self.grouped("project_id").items()
        }
        if bodies:
            self.project_id._message_log_batch(bodies=bodies)

    def _get_reached_message(self, is_invoiced):
        """Return who marked these milestones of one project done, without amounts."""
        values = {
            "user": self.env.user.name,
            "milestones": ", ".join(self.mapped("name")),
        }
        if is_invoiced:
            return self.env._(
                "%(milestones)s marked done by %(user)s: the invoice is drafted.",
                **values,
            )
        return self.env._("%(milestones)s marked done by %(user)s.", **values)

    def _remove_untouched_drafts(self):
        """Remove the draft invoices of milestones that are no longer done.

        :raise UserError: when an invoice is posted, was edited or bills more besides;
            nothing is removed then
        """
        # sudo: who undoes his tick undoes the draft that it made, nothing else
        lines = self.sudo().billing_line_ids
        moves = lines._get_live_documents()
        # drafts first: what was credited already needs no second credit note
        for move in moves.sorted(lambda move: move.state == "posted"):
            if not move._is_untouched_milestone_draft(lines):
                drafts = moves.filtered(lambda move: move.state == "draft")
                raise UserError((drafts[:1] or move)._get_unreach_refusal())
        moves.unlink()
