from markupsafe import Markup

from odoo import SUPERUSER_ID, models

# reasons that name neither the customer nor a document of his
NAMELESS = (
    "archived_contract",
    "no_account",
    "no_customer",
    "no_journal",
    "no_sum",
    "template",
)


class MilestoneBillingLine(models.Model):
    """Who is told that a milestone is done and not invoiced."""

    _inherit = "milestone.billing.line"

    def _call_for_blocked(self, user):
        """Tell who ticked, at once, and who can cure it, by an activity.

        :param self: the lines of the milestones marked done, as the superuser
        :param user: who marked them done
        """
        blocked = self.filtered(lambda line: line.state == "blocked")
        # a template or what is archived is billed by nobody: there is nothing to cure
        blocked = blocked.filtered(
            lambda line: line.check_code not in ("template", "archived_contract")
        )
        if not blocked:
            return
        user._bus_send(
            "simple_notification",
            {
                "type": "warning",
                "sticky": True,
                "title": self.env._("Not invoiced"),
                "message": "\n".join(
                    line._get_message_for_everyone() for line in blocked
                ),
            },
        )
        for contract, lines in blocked.grouped("contract_id").items():
            contract._call_for_lines(lines)

    def _get_message_for_everyone(self):
        """Return that this line is not invoiced and why: no amount and no customer."""
        self.ensure_one()
        if self.check_code in NAMELESS:
            reason = self._get_reason(self.check_code, self.check_args)
        elif self.contract_id._get_called_user():
            reason = self.env._("The accountant sees why and is told.")
        else:
            reason = self.env._("The contract says why; nobody is called.")
        return self.env._(
            "%(line)s is done, but not invoiced. %(reason)s",
            line=self.name,
            reason=reason,
        )


class MilestoneBillingContract(models.Model):
    """The activity of who can cure what blocks a contract."""

    _inherit = "milestone.billing.contract"

    def _call_for_lines(self, lines):
        """Call who can cure what blocks these lines, once until all is cured."""
        self.ensure_one()
        called = self._get_called_user()
        if not called or self._get_calls():
            return
        contract = self.with_context(lang=called.lang)
        # sudo: the reasons as the one who is called reads them
        reasons = lines.with_user(called).sudo().with_context(lang=called.lang)
        contract.activity_schedule(
            "mail.mail_activity_data_warning",
            summary=contract.env._(
                "Not invoiced: %(lines)s", lines=", ".join(lines.mapped("name"))
            ),
            note=Markup("<br/>").join(
                line._get_reason(line.check_code, line.check_args) for line in reasons
            ),
            user_id=called.id,
        )

    def _call_off(self):
        """Take back the calls for contracts of which nothing is blocked any more."""
        cured = self.filtered(
            lambda contract: "blocked" not in contract.line_ids.mapped("state")
        )
        cured._get_calls().unlink()

    def _get_calls(self):
        """Return the open activities that call for a cure, made by the addon itself."""
        warning = self.env.ref(
            "mail.mail_activity_data_warning", raise_if_not_found=False
        )
        # sudo: whoever cures it; the addon's own activities alone
        return self.sudo().activity_ids.filtered(
            lambda activity: (
                activity.activity_type_id == warning
                and activity.create_uid.id == SUPERUSER_ID
            )
        )
