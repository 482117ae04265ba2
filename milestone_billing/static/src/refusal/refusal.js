import { _t } from "@web/core/l10n/translation";
import { WarningDialog, odooExceptionTitleMap } from "@web/core/errors/error_dialogs";
import { registry } from "@web/core/registry";

const REFUSAL = "odoo.addons.milestone_billing.models.refusal.BillingRefusal";

odooExceptionTitleMap.set(REFUSAL, _t("This cannot be done"));
registry.category("error_dialogs").add(REFUSAL, WarningDialog);
