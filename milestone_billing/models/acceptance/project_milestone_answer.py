import base64
import unicodedata

from markupsafe import Markup
from PIL import Image

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, plaintext2html
from odoo.tools.image import ImageProcess

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
    """The customer's answer: signed or sent back, and who is told."""

    _inherit = "project.milestone"

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
        """Call who asked, else the project manager, in their language."""
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
        """Log the customer's answer on the project, in their name."""
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
        """Return who accepted this milestone, the name they signed with, and for what.

        The criteria can be edited later: the log keeps those that they signed for.
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
