import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { BillingBar } from "./billing_bar";

import { Component } from "@odoo/owl";

/** The bar alone, for cards and lists: of the segments in a Json field. */
export class BillingBarField extends Component {
    static template = "milestone_billing.BillingBarField";
    static components = { BillingBar };
    static props = { ...standardFieldProps };

    get segments() {
        return this.props.record.data[this.props.name] || [];
    }
}

registry.category("fields").add("billing_bar", {
    component: BillingBarField,
    supportedTypes: ["json"],
});
