import { toLocaleDateString } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

import { getBadgeClass } from "../billing_badge/badge_class";
import { formatValue } from "./billing_bar";

import { Component } from "@odoo/owl";

const { DateTime } = luxon;

const CIRCUMFERENCE = 100;
// less than the months in which a day and a month could mean two years
const NEAR_DAYS = 300;

/** @returns {string} a day of a picture in words: with its year where that is in doubt */
export function formatDay(day) {
    const date = day && DateTime.fromISO(day);
    if (!date) {
        return "";
    }
    const isNear = Math.abs(date.diffNow("days").days) < NEAR_DAYS;
    return isNear
        ? date.toLocaleString({ month: "short", day: "numeric" })
        : toLocaleDateString(date);
}

/** @returns {string} the net of a stage, of several currencies all */
export function formatAmounts(stage, options) {
    return stage.amounts
        .map(({ currency_id: currencyId, value }) => formatValue(value, currencyId, options))
        .join(", ");
}

/** @returns {string} how many of a stage's tasks are closed, in words */
export function formatTasks({ tasks }) {
    return tasks ? _t("%(closed)s of %(all)s tasks", tasks) : "";
}

/** @returns {string} when a stage was done, or is due, in words */
export function formatDue(stage) {
    if (stage.done_on) {
        return _t("Done on %s", formatDay(stage.done_on));
    }
    return stage.date ? _t("Due %s", formatDay(stage.date)) : "";
}

/** @returns {string[]} the day and the net of a stage, as they stand below its name */
export function getFacts(stage) {
    const day = formatDay(stage.is_done ? stage.done_on : stage.date);
    const amounts = formatAmounts(stage, { noSymbol: stage.amounts.length === 1 });
    return [day, amounts].filter(Boolean);
}

/** @returns {string} how late a stage is, in words */
export function formatLateness({ days_late: days }) {
    if (!days) {
        return "";
    }
    return days === 1 ? _t("1 day late") : _t("%s days late", days);
}

/** @returns {string} all that the drawing of a stage says, in words */
export function describe(stage) {
    return [
        stage.title,
        stage.name,
        formatDue(stage),
        formatLateness(stage),
        formatTasks(stage),
        formatAmounts(stage),
        stage.label,
    ]
        .filter(Boolean)
        .join(", ");
}

/** The dot of a stage: done, overdue, a ring of its tasks, or still to come. */
export class BillingDot extends Component {
    static template = "milestone_billing.BillingDot";
    static props = { stage: Object };

    get kind() {
        const { is_done, is_next, status } = this.props.stage;
        if (is_done) {
            return "done";
        }
        return status === "overdue" ? "overdue" : is_next ? "next" : "upcoming";
    }

    /** How much of the ring, whose circumference is 100, is drawn. */
    get ring() {
        const { tasks } = this.props.stage;
        const share = tasks ? (CIRCUMFERENCE * tasks.closed) / tasks.all : 0;
        return `${share} ${CIRCUMFERENCE}`;
    }
}

/** What was agreed about a stage, how far it is, and what the reader may do with it. */
export class BillingStage extends Component {
    static template = "milestone_billing.BillingStage";
    static props = {
        stage: Object,
        onAct: Function,
        close: { type: Function, optional: true },
        hasHead: { type: Boolean, optional: true },
    };

    setup() {
        this.action = useService("action");
        this.formatAmounts = formatAmounts;
        this.formatTasks = formatTasks;
        this.formatDue = formatDue;
        this.formatLateness = formatLateness;
        this.getBadgeClass = getBadgeClass;
    }

    /** The buttons, the first of which is what comes next. */
    get acts() {
        const labels = {
            mark_done: _t("Mark done"),
            ask: _t("Ask for acceptance"),
            remind: _t("Remind the client"),
            create_draft: _t("Create draft"),
            decide: _t("Decide"),
            postpone: _t("Postpone"),
        };
        return this.props.stage.acts.map((name) => ({ name, label: labels[name] }));
    }

    get canOpen() {
        const { id, line_ids: lineIds } = this.props.stage;
        return lineIds.length || id;
    }

    async act(name) {
        this.props.close?.();
        await this.props.onAct(this.props.stage, name);
    }

    async openInvoice(id) {
        this.props.close?.();
        await this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "account.move",
            res_id: id,
            views: [[false, "form"]],
        });
    }
}
