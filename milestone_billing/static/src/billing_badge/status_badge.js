import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { BadgeField, badgeField } from "@web/views/fields/badge/badge_field";

import { getBadgeClass } from "./badge_class";

/** A status; the server gives its colour as the decorations of the field. */
export class StatusBadge extends BadgeField {
    get badgeClass() {
        const color = super.badgeClass.replace("text-bg-", "");
        return getBadgeClass(color === "300" ? "light" : color);
    }
}

registry.category("fields").add("billing_status", {
    ...badgeField,
    component: StatusBadge,
    displayName: _t("Billing status"),
    supportedTypes: ["selection"],
});
