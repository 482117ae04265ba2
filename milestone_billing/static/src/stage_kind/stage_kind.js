import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/** A stage's number, or the letter of its kind; a new stage's kind is chosen here. */
export class StageKind extends Component {
    static template = "milestone_billing.StageKind";
    static components = { Dropdown, DropdownItem };
    static props = { ...standardFieldProps };

    get kinds() {
        return this.props.record.fields[this.props.name].selection;
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    get label() {
        return this.kinds.find(([value]) => value === this.value)?.[1] || "";
    }

    choose(value) {
        return this.props.record.update({ [this.props.name]: value });
    }
}

registry.category("fields").add("billing_stage_kind", {
    component: StageKind,
    displayName: _t("Kind of stage"),
    supportedTypes: ["selection"],
    fieldDependencies: [{ name: "mark", type: "char" }],
});
