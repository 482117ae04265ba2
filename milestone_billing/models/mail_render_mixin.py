from odoo import api, models


class MailRenderMixin(models.AbstractModel):
    _inherit = "mail.render.mixin"

    @api.model
    def _render_template(self, template_src, model, res_ids, **kwargs):
        # EXTENDS 'mail': core renders what an e-mail composer shows with sudo, for
        # whoever asks and with templates that every employee may write
        if model == "milestone.billing.contract":
            self.env[model].browse(filter(None, res_ids))._check_amounts_shown()
        return super()._render_template(template_src, model, res_ids, **kwargs)
