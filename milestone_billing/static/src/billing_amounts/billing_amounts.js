import { registry } from "@web/core/registry";
import { formatMonetary } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/** What is billed of a project's contract sums, one row a currency. */
export class BillingAmounts extends Component {
    static template = "milestone_billing.BillingAmounts";
    static props = { ...standardFieldProps };

    get rows() {
        const amounts = this.props.record.data[this.props.name] || [];
        return amounts.map(({ currency_id: currencyId, billed, to_date: toDate }) => ({
            currencyId,
            billed: formatMonetary(billed, { currencyId, noSymbol: true }),
            toDate: formatMonetary(toDate, { currencyId }),
        }));
    }
}

registry.category("fields").add("milestone_billing_amounts", {
    component: BillingAmounts,
    supportedTypes: ["json"],
});
