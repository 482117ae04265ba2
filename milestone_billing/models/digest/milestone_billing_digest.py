import logging

from odoo import api, fields, models
from odoo.fields import Domain

from ..batches import work_off
from ..groups import STATUS_GROUP

_logger = logging.getLogger(__name__)


class MilestoneBillingDigest(models.Model):
    """All that waits for one person, on one page: what their one activity opens.

    Nothing of it is kept: the page shows what waits when it is opened.
    """

    _name = "milestone.billing.digest"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "milestone.billing.sealed.mixin",
    ]
    _description = "Stages That Wait for You"

    # whoever may open it may mark its activity done
    _mail_post_access = "read"

    user_id = fields.Many2one(
        comodel_name="res.users",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    told = fields.Text(
        help="What the activity says, to tell whether there is news.",
        readonly=True,
        export_string_translation=False,
    )
    told_on = fields.Date(
        readonly=True,
        export_string_translation=False,
    )
    milestone_ids = fields.Many2many(
        comodel_name="project.milestone",
        string="Stages of Your Projects",
        compute="_compute_waiting",
        compute_sudo=True,
    )
    line_ids = fields.Many2many(
        comodel_name="milestone.billing.line",
        string="Stages to Bill",
        help="Empty for who sees no amounts.",
        compute="_compute_waiting",
        compute_sudo=True,
    )

    waiting_count = fields.Integer(
        compute="_compute_waiting",
        compute_sudo=True,
        export_string_translation=False,
    )

    _user_unique = models.Constraint(
        "UNIQUE (user_id)",
        "There is one page of what waits for a person.",
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends("user_id")
    def _compute_display_name(self):
        self.display_name = self.env._("Stages that wait for you")

    @api.depends("user_id")
    @api.depends_context("uid", "tz", "allowed_company_ids")
    def _compute_waiting(self):
        waiting = self._collect(self.user_id)
        for digest in self:
            milestones, lines = waiting.get(digest.user_id.id, (None, None))
            # sudo: no more than the reader's own rights let them see
            digest.milestone_ids = milestones and self._may_read(milestones)
            digest.line_ids = lines and self._may_read(lines)
            digest.waiting_count = len(digest.milestone_ids) + len(digest.line_ids)

    @api.model
    def _may_read(self, records):
        """Return those of ``records`` that the reader may see."""
        records = records.with_env(self.env).sudo(False)
        return records._filtered_access("read")

    # -------------------------------------------------------------------------
    # BUSINESS: what waits for whom
    # -------------------------------------------------------------------------

    @api.model
    def _collect(self, users=None):
        """Return what waits for whom.

        :param users: for whom, by default for everybody
        :return: ``{user id: (milestones, lines)}``, in sudo
        """
        # sudo: who is asked is found beyond anybody's rights; what they are told is
        # read with their own
        companies = self.env["res.company"].sudo()
        companies = companies.search([("milestone_billing_reminder_days", ">", 0)])
        milestones = self.env["project.milestone"].sudo()
        lines = self.env["milestone.billing.line"].sudo()
        waiting = {}
        for user, found in self._collect_milestones(companies, users).items():
            waiting[user.id] = (found, lines)
        for user, found in self._collect_lines(companies, users).items():
            waiting[user.id] = (waiting.get(user.id, (milestones,))[0], found)
        return waiting

    @api.model
    def _collect_milestones(self, companies, users):
        """Return what waits for who runs the projects, by user."""
        # sudo: as in _collect()
        milestones = self.env["project.milestone"].sudo()
        domain = milestones._get_waiting_domain(companies)
        if users is not None:
            domain &= Domain("project_id.user_id", "in", users.ids)
        found = milestones.search(domain, order="deadline, id").grouped(
            lambda m: m.project_id.user_id
        )
        late = {
            user: of_user.with_context(tz=user.tz).filtered("waits_because")
            for user, of_user in found.items()
            if user.active
        }
        return {user: of_user for user, of_user in late.items() if of_user}

    @api.model
    def _collect_lines(self, companies, users):
        """Return what waits for who is called, by user."""
        # sudo: as in _collect()
        lines = self.env["milestone.billing.line"].sudo()
        found = {}
        for company in companies:
            domain = lines._get_waiting_domain(company)
            of_company = lines.search(domain, order="reached_date, id")
            for contract, of_contract in of_company.grouped("contract_id").items():
                user = contract._get_reminded_user()
                if user and (users is None or user in users):
                    found[user] = found.get(user, lines) | of_contract
        return found

    # -------------------------------------------------------------------------
    # BUSINESS: the daily job
    # -------------------------------------------------------------------------

    @api.model
    def _cron_remind(self):
        """Tell each person once of all that waits for them, in one activity."""
        waiting = self._collect()
        told = self.search([("activity_ids", "!=", False)]).user_id
        users = self.env["res.users"].browse(waiting) | told
        for number, user in enumerate(users, start=1):
            if not work_off(
                [user],
                lambda who: self._remind(who, *waiting.get(who.id, (None, None))),
                lambda who, error: _logger.error(
                    "%s could not be reminded", who, exc_info=error
                ),
                len(users) - number,
            ):
                break

    @api.model
    def _remind(self, user, milestones, lines):
        """Tell a person what waits for them.

        :param milestones: of their projects, or None
        :param lines: that they are called to bill, or None
        """
        digest = self.search([("user_id", "=", user.id)])
        if not digest and (milestones or lines):
            digest = self.with_context(mail_create_nolog=True).create(
                {"user_id": user.id}
            )
        digest._tell(milestones, lines)

    def _tell(self, milestones, lines):
        """Make, renew or take away the activity of this page's person."""
        if not self:
            return
        user = self.user_id
        reader = self._as_reader()
        may_read = user.active and user.has_group(STATUS_GROUP)
        content = may_read and reader._prepare_note(
            reader._may_read(milestones) if milestones else (),
            reader._may_read(lines) if lines else (),
        )
        if not content:
            self.activity_ids.unlink()
            self.write({"told": False, "told_on": False})
            return
        self._renew(content, fields.Date.context_today(reader))

    def _as_reader(self):
        """Return this page as its person reads it: rights, language, time zone."""
        user = self.user_id
        return self.with_user(user).with_context(
            lang=user.lang,
            tz=user.tz,
            allowed_company_ids=user.company_ids.ids,
        )

    def _renew(self, content, today):
        """Let the one activity say ``content``; nothing is written without news.

        Who marked it done has it back the next day, if something still waits.

        :param dict content: ``summary`` and ``note``
        """
        told = f"{content['summary']}\n{content['note']}"
        if self.told == told and self.told_on == today:
            return
        vals = {**content, "date_deadline": today}
        if self.activity_ids:
            self.activity_ids.write(vals)
        else:
            self.activity_schedule(
                "mail.mail_activity_data_todo", user_id=self.user_id.id, **vals
            )
        self.write({"told": told, "told_on": today})
