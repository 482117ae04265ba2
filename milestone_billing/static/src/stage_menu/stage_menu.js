import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { doRecordAction } from "../record_action";

import { Component, onWillStart, useExternalListener, useRef } from "@odoo/owl";

/** What else can be done with a stage of a contract. */
export class StageMenu extends Component {
    static template = "milestone_billing.StageMenu";
    static components = { Dropdown, DropdownItem };
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        // while a row is edited, Tab goes from cell to cell and on to the next row
        const button = useRef("button");
        useExternalListener(window, "focusin", () => {
            if (button.el) {
                button.el.tabIndex = this.list.editedRecord ? -1 : 0;
            }
        });
        onWillStart(async () => {
            this.mayInvoice = await user.hasGroup("account.group_account_invoice");
        });
    }

    get data() {
        return this.props.record.data;
    }

    get contract() {
        return this.props.record._parentRecord;
    }

    get list() {
        return this.contract.data.line_ids;
    }

    get canAsk() {
        return this.data.can_ask_acceptance && this.contract.data.allow_acceptance;
    }

    get canDecide() {
        const isOpen = ["upcoming", "blocked", "ready"].includes(this.data.state);
        return this.mayInvoice && this.props.record.resId && isOpen;
    }

    get canPostpone() {
        const { is_reached: isDone } = this.data;
        return this.contract.data.can_edit_schedule && this.props.record.resId && !isDone;
    }

    get canBillPart() {
        const isOpen = ["upcoming", "ready"].includes(this.data.state);
        return this.mayInvoice && this.props.record.resId && isOpen;
    }

    get canBillAgain() {
        return this.mayInvoice && this.data.state === "to_decide";
    }

    get canDelete() {
        return this.contract.data.can_edit_schedule && !this.data.has_documents;
    }

    /** Do an action of the stage's model, as a button in its row does. */
    act(name) {
        return doRecordAction(this.env, this.props.record, name);
    }

    async view() {
        if (await this.contract.save()) {
            const { resModel, resId } = this.props.record;
            await this.action.doAction({
                type: "ir.actions.act_window",
                res_model: resModel,
                res_id: resId,
                views: [[false, "form"]],
            });
        }
    }

    /** Delete the stage, once it is said what becomes of its amount. */
    async delete() {
        const { record } = this.props;
        if (!record.resId) {
            return this.list.delete(record);
        }
        if (!(await this.contract.save())) {
            return;
        }
        const { resModel, resId } = record;
        const body = await this.orm.call(resModel, "get_deletion_message", [[resId]]);
        this.dialog.add(ConfirmationDialog, {
            title: _t("Delete %s?", this.data.name),
            body,
            confirmLabel: _t("Delete the stage"),
            confirmClass: "btn-danger",
            confirm: async () => {
                await this.orm.unlink(resModel, [resId]);
                await this.contract.load();
            },
            cancel: () => {},
        });
    }
}

registry.category("view_widgets").add("billing_stage_menu", {
    component: StageMenu,
    fieldDependencies: [
        { name: "state", type: "selection" },
        { name: "has_documents", type: "boolean" },
        { name: "is_reached", type: "boolean" },
        { name: "can_ask_acceptance", type: "boolean" },
    ],
});
