import base64
import unicodedata

from markupsafe import Markup
from PIL import Image

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date, plaintext2html
from odoo.tools.image import ImageProcess

from .groups import BILLING_GROUP, STATUS_GROUP

MAX_REASON_LENGTH = 2000
# letters and signs by their category that show nothing: fillers of Hangul, the empty
# cell of Braille, joiners and selectors that only shape what is beside them
BLANKS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
).union(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
# what decoding base64 and images of unknown origin raises
INVALID_IMAGE_ERRORS = (
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    TypeError,
    UserError,
    ValueError,
)


class ProjectMilestone(models.Model):
    """The customer's acceptance of a milestone: asked for, signed or sent back."""

    _inherit = "project.milestone"

    acceptance_state = fields.Selection(
        selection=[
            ("asked", "Asked"),
            ("accepted", "Accepted"),
            ("returned", "Sent Back"),
        ],
        string="Acceptance",
        help="Whether the client was asked to accept the milestone, and the answer.",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
    )
    acceptance_asked_on = fields.Datetime(
        string="Asked On",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
    )
    acceptance_contract_id = fields.Many2one(
        comodel_name="milestone.billing.contract",
        string="Asked For",
        help="The contract whose customer was asked; only its lines can be on the"
        " milestone.",
        copy=False,
        readonly=True,
        index="btree_not_null",
        groups=BILLING_GROUP,
    )
    acceptance_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Asked By",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
    )
    acceptance_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Answered By",
        help="The contact who signed or sent the milestone back.",
        copy=False,
        readonly=True,
        index="btree_not_null",
        groups=STATUS_GROUP,
    )
    acceptance_signed_by = fields.Char(
        string="Signed As",
        help="The name as the client entered it.",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
    )
    acceptance_signed_on = fields.Datetime(
        string="Signed On",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
    )
    acceptance_signature = fields.Image(
        string="Signature",
        # in the milestone's own row: whoever may write milestones could replace an
        # attachment, and deleting the project would leave it behind
        attachment=False,
        max_width=1024,
        max_height=1024,
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
    )
    acceptance_return_reason = fields.Text(
        string="Why It Was Sent Back",
        copy=False,
        readonly=True,
        groups=STATUS_GROUP,
    )
    can_ask_acceptance = fields.Boolean(
        compute="_compute_can_ask_acceptance",
        compute_sudo=True,
        export_string_translation=False,
        groups=STATUS_GROUP,
    )

    # -------------------------------------------------------------------------
    # COMPUTES
    # -------------------------------------------------------------------------

    @api.depends(
        "is_reached",
        "billing_state",
        "billing_line_ids.contract_id.active",
        "billing_line_ids.contract_id.allow_acceptance",
        "billing_line_ids.contract_id.show_on_portal",
        "project_id.is_template",
    )
    def _compute_can_ask_acceptance(self):
        # stored and read anyway: no query where nothing is billed
        billed = self.filtered("billing_state")
        (self - billed).can_ask_acceptance = False
        for milestone in billed:
            milestone.can_ask_acceptance = not (
                milestone._get_own_acceptance_blocking_reason()
                or milestone._get_billing_contracts()._get_acceptance_switch_blocking_reason()
            )

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def write(self, vals):
        # sudo: an acceptance ends with what it was given for, whoever ends that
        milestones = self.sudo()
        undone = moved = milestones.browse()
        if "is_reached" in vals and not vals["is_reached"]:
            undone = milestones.filtered(lambda m: m.acceptance_state == "accepted")
        if vals.get("project_id"):
            moved = milestones.filtered(
                lambda m: (
                    m.acceptance_state in ("asked", "returned")
                    and m.project_id.id != vals["project_id"]
                )
            )
        res = super().write(vals)
        if undone:
            undone._undo_acceptance()
        if moved:
            moved.write(self._prepare_no_acceptance_vals())
        return res

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def action_ask_acceptance(self):
        """Ask the customer to accept these milestones; asking again reminds him.

        :raise AccessError: when the user may not edit the milestones
        :raise UserError: when one of them cannot be accepted; nothing is asked then
        """
        self.check_access("write")
        # sudo: whether the customer can be reached, and by which contacts, is looked up
        # beyond the user's rights; he is told no more than that nobody can
        milestones = self.sudo()
        milestones._check_acceptance_askable()
        reminded = milestones.filtered(lambda m: m.acceptance_state == "asked")
        for contract, asked in milestones.grouped(
            lambda m: m._get_billing_contracts()
        ).items():
            asked.write(
                {
                    **self._prepare_no_acceptance_vals(),
                    "acceptance_state": "asked",
                    "acceptance_contract_id": contract.id,
                    "acceptance_asked_on": fields.Datetime.now(),
                    "acceptance_user_id": self.env.uid,
                }
            )
        milestones._send_acceptance_requests()
        (milestones - reminded)._log_acceptance(self._get_asked_message)
        reminded._log_acceptance(self._get_reminded_message)
        return True

    def action_withdraw_acceptance(self):
        """Take the question back that the customer did not answer, or not with a yes.

        :raise AccessError: when the user may not edit the milestones
        """
        self.check_access("write")
        # sudo: nobody writes the answers of customers but by these actions
        milestones = self.sudo().filtered(
            lambda m: m.acceptance_state in ("asked", "returned")
        )
        milestones.write(self._prepare_no_acceptance_vals())
        milestones._log_acceptance(self._get_withdrawn_message)
        return True

    # -------------------------------------------------------------------------
    # BUSINESS: asking
    # -------------------------------------------------------------------------

    @api.model
    def _prepare_no_acceptance_vals(self):
        """Return the values of a milestone whose acceptance nobody is asked for."""
        return {
            "acceptance_state": False,
            "acceptance_contract_id": False,
            "acceptance_asked_on": False,
            "acceptance_user_id": False,
            "acceptance_partner_id": False,
            "acceptance_signed_by": False,
            "acceptance_signed_on": False,
            "acceptance_signature": False,
            "acceptance_return_reason": False,
        }

    def _check_acceptance_askable(self):
        """Refuse to ask for milestones that the customer cannot accept.

        :raise UserError: naming each of them and what to do
        """
        refusals = [
            self.env._(
                "%(milestone)s: %(reason)s", milestone=milestone.name, reason=reason
            )
            for milestone in self
            if (reason := milestone._get_acceptance_blocking_reason())
        ]
        if refusals:
            raise UserError("\n".join(refusals))

    def _get_billing_contracts(self):
        """Return the contracts that bill these milestones, archived ones too."""
        # sudo: that there are others, never which, is told to who cannot see them
        return self.sudo().billing_line_ids.contract_id

    def _get_acceptance_blocking_reason(self):
        """Return why the customer cannot be asked to accept this one, or False."""
        self.ensure_one()
        return (
            self._get_own_acceptance_blocking_reason()
            or self._get_billing_contracts()._get_acceptance_blocking_reason()
        )

    def _get_own_acceptance_blocking_reason(self):
        """Return that this milestone has nothing that one customer accepts, or False."""
        self.ensure_one()
        if self.is_reached:
            return self.env._("It is marked done already.")
        contracts = self._get_billing_contracts()
        if not contracts:
            return self.env._(
                "It has no milestone line, and so is no stage of the client's page: add"
                " one to the billing schedule first."
            )
        if len(contracts) > 1:
            return self.env._(
                "It is a stage of more than one contract, and no customer accepts for"
                " another: mark it done by hand, or give each contract a milestone of"
                " its own."
            )
        return False

    def _check_one_contract_for_acceptance(self):
        """Refuse the line of another contract where a customer was asked to accept.

        :raise ValidationError: naming the milestone, never the other contract
        """
        # sudo: the rule holds for who can see neither question nor contracts
        for milestone in self.sudo().filtered("acceptance_state"):
            others = (
                milestone._get_billing_contracts() - milestone.acceptance_contract_id
            )
            if others and milestone.acceptance_state == "accepted":
                raise ValidationError(
                    self.env._(
                        "%(milestone)s was accepted by the customer of one contract, and"
                        " only lines of that contract can be on it. Use another"
                        " milestone.",
                        milestone=milestone.name,
                    )
                )
            if others:
                raise ValidationError(
                    self.env._(
                        "The customer of one contract was asked to accept %(milestone)s,"
                        " and only lines of that contract can be on it. Use another"
                        " milestone, or withdraw the question first.",
                        milestone=milestone.name,
                    )
                )

    def _is_acceptance_shown(self, contract, customer):
        """Whether ``customer`` finds this milestone's acceptance on the contract's page.

        A question is for who is the customer now, an answer for whose contact gave it.
        """
        self.ensure_one()
        if contract != self.acceptance_contract_id or not (
            self.billing_line_ids & contract.line_ids
        ):
            return False
        if self.acceptance_state == "asked":
            return contract.allow_acceptance
        return bool(self.acceptance_state) and (
            self.acceptance_partner_id.commercial_partner_id == customer
        )

    def _get_acceptance_url(self):
        """Return the address of the page on which the customer signs."""
        self.ensure_one()
        return f"{self.get_base_url()}{self._get_acceptance_path()}"

    def _get_acceptance_path(self):
        """Return the address of that page on the database's own host."""
        self.ensure_one()
        page = self.acceptance_contract_id._get_billing_portal_path()
        return f"{page}/milestone/{self.id}"

    def _send_acceptance_requests(self):
        """Queue an e-mail for each of these milestones to who is asked to accept it."""
        template = self.env.ref(
            "milestone_billing.mail_template_milestone_acceptance",
            raise_if_not_found=False,
        )
        for company, milestones in self.grouped(
            lambda m: m.acceptance_contract_id.company_id
        ).items():
            if template:
                # the company that bills is the one the customer knows
                template.sudo().with_company(company).send_mail_batch(
                    milestones.ids,
                    email_layout_xmlid="mail.mail_notification_light",
                )

    # -------------------------------------------------------------------------
    # BUSINESS: answers of the customer
    # -------------------------------------------------------------------------

    def _accept(self, name, signature, partner):
        """Record that the customer signed for this milestone, and mark it done.

        To be called with sudo for the portal user, whose right to sign is checked.

        :param str name: the name as the customer entered it
        :param signature: the image, base64 encoded
        :param partner: the contact who signs
        :raise UserError: when it does not wait for acceptance, or is not signed
        """
        self.ensure_one()
        self._check_acceptance_asked()
        name = self._clean_answer(name)
        if not name:
            raise UserError(self.env._("Enter your name to sign."))
        self._check_signature(signature)
        # what is logged is for the project manager: the request speaks the client's
        # language
        milestone = self.with_context(lang=self._get_acceptance_lang())
        milestone.write(
            {
                "acceptance_state": "accepted",
                "acceptance_partner_id": partner.id,
                "acceptance_signed_by": name,
                "acceptance_signed_on": fields.Datetime.now(),
                "acceptance_signature": signature,
            }
        )
        milestone.action_mark_done()
        milestone._log_answer(milestone._get_accepted_message())
        milestone._schedule_answer_activity()

    def _send_back(self, reason, partner):
        """Record that the customer does not accept this milestone yet, and why.

        To be called as :meth:`_accept`.

        :param str reason: what is missing, in the customer's words
        :param partner: the contact who sends it back
        :raise UserError: when it does not wait for acceptance, or without a reason
        """
        self.ensure_one()
        self._check_acceptance_asked()
        reason = self._clean_answer(reason)
        if not reason:
            raise UserError(self.env._("Say what is missing before you send it back."))
        milestone = self.with_context(lang=self._get_acceptance_lang())
        milestone.write(
            {
                "acceptance_state": "returned",
                "acceptance_partner_id": partner.id,
                "acceptance_return_reason": reason,
            }
        )
        milestone._log_answer(milestone._get_returned_message())
        milestone._schedule_answer_activity()

    def _check_acceptance_asked(self):
        """Refuse an answer to a question that is answered or taken back.

        :raise UserError: for the customer to read
        """
        if self.acceptance_state == "accepted":
            raise UserError(
                self.env._(
                    "%(milestone)s has been accepted already.", milestone=self.name
                )
            )
        is_allowed = self.acceptance_contract_id.allow_acceptance
        if not is_allowed or self.acceptance_state != "asked":
            raise UserError(
                self.env._(
                    "%(milestone)s does not wait for your acceptance any more.",
                    milestone=self.name,
                )
            )

    @api.model
    def _clean_answer(self, text):
        """Return what a customer entered, of bearable length, as can be stored."""
        if not isinstance(text, str):
            return ""
        storable = text.encode(errors="ignore").decode().replace("\0", "")
        if all(map(self._is_invisible, storable)):
            return ""
        return storable.strip()[:MAX_REASON_LENGTH]

    @api.model
    def _is_invisible(self, character):
        """Whether nobody sees a character: no ink, or none but its width."""
        category = unicodedata.category(character)
        return category[0] in "ZC" or character in BLANKS

    @api.model
    def _check_signature(self, signature):
        """Refuse what is no picture of a signature.

        :raise UserError: for the customer to read
        """
        if not signature:
            raise UserError(self.env._("Sign before you accept."))
        if not self._is_picture(signature):
            raise UserError(
                self.env._("The signature is no valid image: please sign again.")
            )

    @api.model
    def _is_picture(self, content):
        """Whether base64 encoded content is an image made of pixels, no SVG."""
        try:
            image = ImageProcess(base64.b64decode(content)).image
            if image:
                image.load()
        except INVALID_IMAGE_ERRORS:
            return False
        return bool(image)

    def _undo_acceptance(self):
        """Empty the acceptance of milestones that are no longer done, and log that."""
        bodies = {milestone: milestone._get_undone_message() for milestone in self}
        self.write(self._prepare_no_acceptance_vals())
        for milestone, body in bodies.items():
            milestone.project_id._message_log(body=body)

    # -------------------------------------------------------------------------
    # BUSINESS: who is told
    # -------------------------------------------------------------------------

    def _get_acceptance_lang(self):
        """Return the language of who runs the project."""
        users = self.project_id.user_id | self.acceptance_user_id
        return users[:1].lang or self.acceptance_contract_id.company_id.partner_id.lang

    def _get_acceptance_user(self):
        """Return who is told of the customer's answer: who asked, else the manager."""
        self.ensure_one()
        candidates = self.acceptance_user_id | self.project_id.user_id
        return candidates.filtered(
            lambda user: (
                user.active
                and self.project_id.with_user(user)
                .with_context(allowed_company_ids=user.company_ids.ids)
                .has_access("read")
            )
        )[:1]

    def _schedule_answer_activity(self):
        """Call who asked, else the project manager, in his language."""
        user = self._get_acceptance_user()
        reason = self.acceptance_return_reason
        if user:
            milestone = self.with_context(lang=user.lang)
            milestone.project_id.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=milestone._get_answer_summary(),
                note=reason and plaintext2html(reason),
                user_id=user.id,
            )

    def _log_answer(self, body):
        """Log the customer's answer on the project, in his name."""
        self.project_id._message_log(body=body, author_id=self.acceptance_partner_id.id)

    def _log_acceptance(self, get_message):
        """Log on the projects what ``get_message(milestones)`` says, without amounts."""
        bodies = {
            project.id: get_message(milestones)
            for project, milestones in self.grouped("project_id").items()
        }
        if bodies:
            self.project_id._message_log_batch(bodies=bodies)

    def _prepare_acceptance_message_values(self):
        """Return what the messages of these milestones say: who, and which."""
        return {
            "user": self.env.user.name,
            "milestones": ", ".join(self.mapped("name")),
        }

    @api.model
    def _get_asked_message(self, milestones):
        """Return who asked for the acceptance of which milestones."""
        return self.env._(
            "%(user)s asked the client to accept %(milestones)s.",
            **milestones._prepare_acceptance_message_values(),
        )

    @api.model
    def _get_reminded_message(self, milestones):
        """Return who asked once more for the acceptance of which milestones."""
        return self.env._(
            "%(user)s reminded the client to accept %(milestones)s.",
            **milestones._prepare_acceptance_message_values(),
        )

    @api.model
    def _get_withdrawn_message(self, milestones):
        """Return who does not ask any more for the acceptance of which milestones."""
        return self.env._(
            "%(user)s no longer asks the client to accept %(milestones)s.",
            **milestones._prepare_acceptance_message_values(),
        )

    def _get_answer_summary(self):
        """Return what the customer answered, and who."""
        values = {
            "milestone": self.name,
            "contact": self.acceptance_partner_id.name,
        }
        if self.acceptance_state == "accepted":
            return self.env._("%(milestone)s accepted by %(contact)s", **values)
        return self.env._("%(milestone)s sent back by %(contact)s", **values)

    def _get_accepted_message(self):
        """Return who accepted this milestone, the name he signed with, and for what.

        The criteria can be edited later: the log keeps those that he signed for.
        """
        body = self.env._(
            "%(milestone)s accepted by %(contact)s, signed as “%(name)s”.",
            milestone=self.name,
            contact=self.acceptance_partner_id.name,
            name=self.acceptance_signed_by,
        )
        return Markup("%s%s") % (body, self._quote(self.acceptance_criteria))

    def _get_returned_message(self):
        """Return who sent this milestone back, and why."""
        return Markup("%s%s") % (
            self._get_answer_summary(),
            self._quote(self.acceptance_return_reason),
        )

    @api.model
    def _quote(self, text):
        """Return a text as a quotation in a message, nothing for none."""
        return plaintext2html(text, container_tag="blockquote") if text else ""

    def _get_undone_message(self):
        """Return whose acceptance ends with the milestone being no longer done."""
        signed_on = fields.Datetime.context_timestamp(self, self.acceptance_signed_on)
        return self.env._(
            "%(user)s marked %(milestone)s as not done: the acceptance by %(contact)s of"
            " %(date)s was withdrawn with it.",
            user=self.env.user.name,
            milestone=self.name,
            contact=self.acceptance_partner_id.name or self.acceptance_signed_by,
            date=format_date(self.env, signed_on.date()),
        )
