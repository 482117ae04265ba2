import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

const { DateTime } = luxon;

/** A day that is past, and how long ago that was: ``3 Nov, 24 days ago``. */
export class AgedDate extends Component {
    static template = "milestone_billing.AgedDate";
    static props = { ...standardFieldProps };

    get date() {
        return this.props.record.data[this.props.name];
    }

    get day() {
        const year = this.date.year === DateTime.local().year ? {} : { year: "numeric" };
        return this.date.toLocaleString({ day: "numeric", month: "short", ...year });
    }

    get age() {
        return this.date.toRelativeCalendar({ unit: "days" });
    }
}

registry.category("fields").add("milestone_billing_aged_date", {
    component: AgedDate,
    supportedTypes: ["date"],
});
