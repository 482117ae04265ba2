import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

import { getBadgeClass } from "./badge_class";

/** The most urgent fact of a project's billing, nothing where nobody has to act. */
export class BillingBadge extends Component {
    static template = "milestone_billing.BillingBadge";
    static props = { ...standardFieldProps };

    setup() {
        this.getBadgeClass = getBadgeClass;
    }

    get badge() {
        return this.props.record.data[this.props.name];
    }
}

registry.category("fields").add("milestone_billing_badge", {
    component: BillingBadge,
    supportedTypes: ["json"],
});
