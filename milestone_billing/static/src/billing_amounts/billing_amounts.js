import { registry } from "@web/core/registry";
import { getCurrency } from "@web/core/currency";
import { user } from "@web/core/user";
import { formatFloat } from "@web/core/utils/numbers";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/**
 * What is billed of a project's contract sums, one row a currency: ``7,500 / 10,000``.
 *
 * Without decimals where there are none, and with the currency where it is another than
 * the company's. With the option ``show`` one of the amounts alone, such as ``ready``.
 */
export class BillingAmounts extends Component {
    static template = "milestone_billing.BillingAmounts";
    static props = { ...standardFieldProps, show: { type: String, optional: true } };

    get rows() {
        const amounts = this.props.record.data[this.props.name] || [];
        const names = this.props.show ? [this.props.show] : ["billed", "to_date"];
        return amounts
            .filter((entry) => !this.props.show || entry[this.props.show])
            .map((entry) => ({
                currencyId: entry.currency_id,
                texts: names.map((name) => this.format(entry[name], entry.currency_id)),
                sign: this.getSign(entry.currency_id),
            }));
    }

    format(amount, currencyId) {
        const decimals = getCurrency(currencyId)?.digits[1] ?? 2;
        const isWhole = Number.isInteger(Number(amount.toFixed(decimals)));
        return formatFloat(amount, { digits: [16, isWhole ? 0 : decimals] });
    }

    getSign(currencyId) {
        const isOwn = currencyId === user.activeCompany?.currency_id;
        return isOwn ? "" : getCurrency(currencyId)?.symbol;
    }
}

registry.category("fields").add("milestone_billing_amounts", {
    component: BillingAmounts,
    supportedTypes: ["json"],
    extractProps: ({ options }) => ({ show: options.show }),
});
