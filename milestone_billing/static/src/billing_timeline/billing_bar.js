import { _t } from "@web/core/l10n/translation";
import { formatMonetary } from "@web/views/fields/formatters";

import { Component } from "@odoo/owl";

/** @returns {string} an amount, or the number of stages where there are no amounts */
export function formatValue(value, currencyId, options = {}) {
    return currencyId ? formatMonetary(value, { currencyId, ...options }) : `${value}`;
}

/**
 * The bar of one contract: a segment a stage, or a status, in a pattern of its own, so that
 * colour never carries the meaning alone.
 */
export class BillingBar extends Component {
    static template = "milestone_billing.BillingBar";
    static props = {
        segments: Array,
        currencyId: { type: [Number, Boolean], optional: true },
        isThin: { type: Boolean, optional: true },
    };

    /** What a screen reader says instead of the drawing. */
    get label() {
        const widths = {};
        for (const { label, width } of this.props.segments) {
            widths[label] = (widths[label] || 0) + width;
        }
        return Object.entries(widths)
            .map(([status, width]) => _t("%s %s%%", status, Math.round(width)))
            .join(", ");
    }

    getTitle({ label, names = [], value }) {
        const figure =
            value === undefined || !this.props.currencyId
                ? ""
                : formatValue(value, this.props.currencyId);
        const stages = names.length > 3 ? [] : names;
        return [[label, figure].filter(Boolean).join(" "), ...stages].join(" · ");
    }
}
