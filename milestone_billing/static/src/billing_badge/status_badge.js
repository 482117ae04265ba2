import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { BadgeField, badgeField } from "@web/views/fields/badge/badge_field";

import { getBadgeClass } from "./badge_class";

/** A badge of a pale colour with dark letters. */
export class StatusBadge extends BadgeField {
    get badgeClass() {
        const color = super.badgeClass.replace("text-bg-", "");
        return getBadgeClass(color === "300" ? "light" : color);
    }
}

// a badge that the view itself gives its decorations
registry.category("fields").add("billing_soft_badge", { ...badgeField, component: StatusBadge });
// the server gives the colours of a status as the decorations of the field
registry.category("fields").add("billing_status", {
    ...badgeField,
    component: StatusBadge,
    displayName: _t("Billing status"),
    supportedTypes: ["selection"],
});
