from odoo import SUPERUSER_ID, api, models

from ..marks import CARRY_LINK, GUARDED

# nothing but the addon itself gives these
LINK_FIELDS = frozenset({"milestone_billing_line_id", "milestone_billing_planned"})


class AccountMoveLine(models.Model):
    """The link to a milestone line is the addon's own, and each change of it guarded."""

    _inherit = "account.move.line"

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        # most journal items of a database have nothing to do with milestones
        given = [vals for vals in vals_list if not LINK_FIELDS.isdisjoint(vals)]
        if given and not self._may_link_milestones():
            vals_list = [self._drop_link(vals) for vals in vals_list]
            given = []
        linked = {vals.get("milestone_billing_line_id") for vals in given} - {
            None,
            False,
        }
        if not linked or GUARDED.is_set(self.env):
            return super().create(vals_list)
        # sudo: the rules hold for who cannot see the schedule
        billed = self.env["milestone.billing.line"].sudo().browse(linked)
        moves = self.env["account.move"].browse(
            {vals["move_id"] for vals in vals_list if vals.get("move_id")}
        )
        with billed._guarding(moves, reopened=moves):
            lines = super(AccountMoveLine, GUARDED.on(self)).create(vals_list)
        return lines.with_env(self.env)

    def write(self, vals):
        if not LINK_FIELDS.isdisjoint(vals) and not self._may_link_milestones():
            vals = self._drop_link(vals)
        # sudo: not all who write documents, such as vendor bills, see the schedule
        billed = self.sudo().milestone_billing_line_id
        if not billed:
            return super().write(vals)
        if not self.env.context.get("skip_is_manually_modified"):
            # core marks edits of the document, but not those made on its lines alone;
            # an edited draft is not removed when its milestone is undone
            drafts = self.move_id.filtered(
                lambda move: move.state == "draft" and not move.is_manually_modified
            )
            drafts.is_manually_modified = True
        if GUARDED.is_set(self.env):
            return super().write(vals)
        with billed._guarding(self.move_id):
            return super(AccountMoveLine, GUARDED.on(self)).write(vals)

    def unlink(self):
        # sudo: as in write()
        billed = self.sudo().milestone_billing_line_id
        if not billed or GUARDED.is_set(self.env):
            return super().unlink()
        moves = self.move_id
        moves._check_not_credited(self)
        with billed._guarding(moves):
            return super(AccountMoveLine, GUARDED.on(self)).unlink()

    @api.model
    def _add_missing_default_values(self, values):
        # EXTENDS 'base': defaults of the request or of its user link nothing
        res = super()._add_missing_default_values(values)
        if not LINK_FIELDS.isdisjoint(res):
            for name in LINK_FIELDS - values.keys():
                res.pop(name, None)
        return res

    @api.model
    def _may_link_milestones(self):
        """Whether a link to a milestone line is the addon's own doing.

        It gives links as the superuser, and lets core carry them to credit notes and
        their replacements; what anybody else gives is dropped.
        """
        return self.env.uid == SUPERUSER_ID or CARRY_LINK.is_set(self.env)

    @api.model
    def _drop_link(self, vals):
        """Return the values without a link to a milestone line."""
        return {key: value for key, value in vals.items() if key not in LINK_FIELDS}
