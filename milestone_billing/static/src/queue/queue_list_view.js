import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { formatMonetary } from "@web/views/fields/formatters";
import { ListController } from "@web/views/list/list_controller";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";

import { RunBanner } from "../run_banner/run_banner";

import { onWillStart } from "@odoo/owl";

/** For which of the selected lines a button of the header does something. */
const STATES = {
    action_make_drafts: ["ready"],
    action_make_drafts_per_contract: ["ready"],
    action_confirm_drafts: ["drafted"],
    action_decide: ["to_decide"],
    action_check_again: ["blocked"],
};

const SUMMED = ["action_make_drafts", "action_confirm_drafts", "action_decide"];

/** What can be done with all lines of a group. */
const GROUP_STEPS = {
    ready: {
        method: "action_make_drafts",
        one: _t("Create draft"),
        many: _t("Create %s drafts"),
    },
    drafted: {
        method: "action_confirm_drafts",
        one: _t("Confirm draft"),
        many: _t("Confirm %s drafts"),
    },
};

/** The buttons of a selection say how many lines they concern, and how much that is. */
export class QueueListController extends ListController {
    static template = "milestone_billing.QueueListView";
    static components = { ...ListController.components, RunBanner };

    getConcerned(button) {
        const states = STATES[button.clickParams.name] || [];
        return this.model.root.selection.filter((record) => states.includes(record.data.state));
    }

    isShown(button) {
        const least = button.clickParams.name.endsWith("_per_contract") ? 2 : 1;
        return this.model.root.isDomainSelected || this.getConcerned(button).length >= least;
    }

    getLabel(button) {
        if (this.model.root.isDomainSelected) {
            return button.string; // more than what is loaded
        }
        const records = this.getConcerned(button);
        const sums = SUMMED.includes(button.clickParams.name) ? this.getSums(records) : [];
        const figures = [records.length, ...sums];
        return `${button.string} (${figures.join(" · ")})`;
    }

    /** One formatted sum, none of several currencies. */
    getSums(records) {
        const currencies = new Set(records.map((record) => record.data.currency_id?.id));
        if (currencies.size !== 1) {
            return [];
        }
        const sum = records.reduce((total, { data }) => total + data.amount_waiting, 0);
        return [formatMonetary(sum, { currencyId: [...currencies][0] })];
    }
}

/** The heads of the groups do what there is to do with the whole group. */
export class QueueListRenderer extends ListRenderer {
    static groupRowTemplate = "milestone_billing.QueueGroupRow";

    setup() {
        super.setup();
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.orm = useService("orm");
        onWillStart(async () => {
            this.mayInvoice = await user.hasGroup("account.group_account_invoice");
        });
    }

    getGroupStep(group) {
        const isStep = this.mayInvoice && group.groupByField.name === "waits_for";
        return isStep && group.count && GROUP_STEPS[group.value];
    }

    getGroupStepLabel(group) {
        const { one, many } = this.getGroupStep(group);
        return group.count === 1 ? one.toString() : many.toString().replace("%s", group.count);
    }

    askGroupStep(group) {
        const label = this.getGroupStepLabel(group);
        this.dialog.add(ConfirmationDialog, {
            title: label,
            body: _t("This is done for all lines of the group. What cannot be done is skipped."),
            confirmLabel: label,
            confirm: () => this.doGroupStep(group),
            cancel: () => {},
        });
    }

    async doGroupStep(group) {
        const { list } = this.props;
        await this.action.doActionButton({
            type: "object",
            name: this.getGroupStep(group).method,
            resModel: list.resModel,
            resIds: await this.orm.search(list.resModel, group.list.domain),
            context: list.context,
            onClose: () => list.model.load(),
        });
    }
}

registry.category("views").add("milestone_billing_queue", {
    ...listView,
    Controller: QueueListController,
    Renderer: QueueListRenderer,
});
