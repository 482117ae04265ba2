import { getCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useBus } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { InvalidShareError, formatChanged, formatShare, parseShare } from "./share";

import { Component, useEffect, useRef, useState } from "@odoo/owl";

/** A stage's share of the contract in one cell: a percentage, an amount or the rest. */
export class ShareCell extends Component {
    static template = "milestone_billing.ShareCell";
    static props = { ...standardFieldProps };

    setup() {
        this.input = useRef("input");
        this.state = useState({ error: "" });
        this.isDirty = false;
        const { bus } = this.props.record.model;
        useBus(bus, "NEED_LOCAL_CHANGES", (ev) => ev.detail.proms.push(this.commit()));
        useBus(bus, "WILL_SAVE_URGENTLY", () => this.commit());
        useEffect(() => {
            const { text } = this;
            const { record, name } = this.props;
            if (this.state.error && !record.isFieldInvalid(name)) {
                this.restore(); // the form was discarded
            } else if (this.input.el && !this.isDirty) {
                this.input.el.value = text;
            }
        });
    }

    get options() {
        const { data, evalContext } = this.props.record;
        // a line that is opened by itself, or a template's: as with a contract that has one
        const { contract_sum: sum = true } = evalContext.parent || {};
        return {
            currencyId: data.currency_id?.id,
            hasSum: Boolean(sum),
        };
    }

    get text() {
        return formatShare(this.props.record.data, this.options);
    }

    /** The share with what change orders add to the stage alone. */
    get changedText() {
        return formatChanged(this.props.record.data, this.options);
    }

    /** The line that takes the rest already, if it is another one. */
    get otherRest() {
        const { _parentRecord: parent, id } = this.props.record;
        const lines = parent?.data.line_ids?.records || [];
        return lines.find((line) => line.id !== id && line.data.basis === "balance");
    }

    parse(text) {
        const { currencyId, hasSum } = this.options;
        const { symbol, name } = getCurrency(currencyId) || {};
        const share = parseShare(text, { hasSum, currencySigns: [symbol, name] });
        if (share.basis === "balance" && this.otherRest) {
            throw new InvalidShareError(
                _t("%s takes the rest already.", this.otherRest.data.name || "")
            );
        }
        return share;
    }

    onInput() {
        this.isDirty = true;
        this.clearError();
        this.props.record.model.bus.trigger("FIELD_IS_DIRTY", true);
    }

    onKeydown(ev) {
        if (["Tab", "Enter"].includes(ev.key)) {
            this.commit();
        } else if (ev.key === "Escape" && this.isDirty) {
            this.clearError();
            this.restore();
        }
    }

    clearError() {
        this.state.error = "";
        this.props.record.resetFieldValidity(this.props.name);
    }

    /** Forget what was typed. */
    restore() {
        this.isDirty = false;
        this.state.error = "";
        if (this.input.el) {
            this.input.el.value = this.text;
        }
    }

    /** Take what was typed; what is no share stays in its cell, red, and says why. */
    async commit() {
        if (!this.isDirty || !this.input.el) {
            return;
        }
        const { record, name } = this.props;
        let share = undefined;
        try {
            share = this.parse(this.input.el.value);
        } catch (error) {
            if (!(error instanceof InvalidShareError)) {
                throw error;
            }
            record.setInvalidField(name);
            this.state.error = error.message;
            return;
        }
        this.isDirty = false;
        this.input.el.value = formatShare({ ...record.data, ...share }, this.options);
        await record.update(share);
        record.model.bus.trigger("FIELD_IS_DIRTY", false);
    }
}

registry.category("fields").add("billing_share", {
    component: ShareCell,
    displayName: _t("Share of a contract"),
    supportedTypes: ["float"],
    fieldDependencies: [
        { name: "basis", type: "selection", readonly: false },
        { name: "amount", type: "monetary", currency_field: "currency_id", readonly: false },
        { name: "amount_changed", type: "monetary", currency_field: "currency_id" },
        { name: "currency_id", type: "many2one", relation: "res.currency" },
    ],
});
