from odoo import SUPERUSER_ID, models

from .cures import CURED_BY


class MilestoneBillingContract(models.Model):
    """Who is asked to cure what blocks a contract's lines."""

    _inherit = "milestone.billing.contract"

    def _get_user_who_cures(self, code):
        """Return a user who may cure what blocks a line, possibly nobody.

        The project manager, the billing responsible, who made the contract, and then
        any other with the right.

        :param str code: what the check of the line returned
        """
        self.ensure_one()
        groups = [self.env.ref(xml_id) for xml_id in CURED_BY.get(code, ())]
        known = self.project_id.user_id | self.user_id | self.create_uid
        others = self.env["res.users"].search(
            [
                ("all_group_ids", "in", [group.id for group in groups]),
                ("company_ids", "in", self.company_id.ids),
                ("share", "=", False),
                ("id", "!=", SUPERUSER_ID),
            ],
            limit=20,
        )
        return next(
            (user for user in (known & others) | others if self._is_read_by(user)),
            others.browse(),
        )

    def _is_read_by(self, user):
        """Whether a user reads this contract with all of their companies."""
        return (
            self.with_user(user)
            .with_context(allowed_company_ids=user.company_ids.ids)
            .has_access("read")
        )

    def _schedule_cure(self, user, line):
        """Ask a user to cure what blocks a line.

        :param self: the contract as the superuser
        :param line: the line, of the user who asks
        """
        contract = self.with_context(lang=user.lang)
        # sudo: the reason as the one who is asked reads it
        reader = line.with_user(user).sudo().with_context(lang=user.lang)
        contract.activity_schedule(
            "mail.mail_activity_data_warning",
            summary=contract.env._(
                "%(user)s asks you to cure: %(line)s is not invoiced",
                user=line.env.user.name,
                line=line.name,
            ),
            note=reader._get_reason(line.check_code, line.check_args),
            user_id=user.id,
        )
