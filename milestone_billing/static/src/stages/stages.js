import { registry } from "@web/core/registry";
import { X2ManyField, x2ManyField } from "@web/views/fields/x2many/x2many_field";
import { ListRenderer } from "@web/views/list/list_renderer";

/** Whether the figure that is chosen in the picture is about another stage than this row. */
function isOfOthers({ _parentRecord: contract, resId, data }) {
    if (!contract?.chosenStatus) {
        return false;
    }
    const stage = contract.data.billing_timeline?.stages.find((each) =>
        resId ? each.line_ids.includes(resId) : each.name === data.name
    );
    return !stage?.parts.includes(contract.chosenStatus);
}

/** The rows of a schedule: those that the chosen figure is not about step back. */
export class StagesListRenderer extends ListRenderer {
    getRowClass(record) {
        const classes = super.getRowClass(record);
        return isOfOthers(record) ? `${classes} o_billing_dim` : classes;
    }
}

export class StagesField extends X2ManyField {
    static components = { ...X2ManyField.components, ListRenderer: StagesListRenderer };
}

registry.category("fields").add("billing_stages", { ...x2ManyField, component: StagesField });
