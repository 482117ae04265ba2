import { localization } from "@web/core/l10n/localization";
import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { useService } from "@web/core/utils/hooks";

import { getBadgeClass } from "../billing_badge/badge_class";
import { BillingBar, formatValue } from "./billing_bar";
import {
    BillingDot,
    BillingStage,
    describe,
    formatLateness,
    formatTasks,
    getFacts,
} from "./billing_stage";
import { doStageAct } from "./stage_acts";

import { Component, onMounted, onWillUnmount, useRef, useState } from "@odoo/owl";

const { DateTime } = luxon;

const MAX_HORIZONTAL = 8;
const MIN_WIDTH = 600;
const MAX_FOLLOWING = 5;
// of which nothing waits for anybody
const SETTLED = ["billed", "paid", "written_off"];

/** @returns {number} the days from one day of a picture to another */
function countDays(from, to) {
    return DateTime.fromISO(to).diff(DateTime.fromISO(from), "days").days;
}

/**
 * How much room each stage has on the horizontal path: by the days to the next one, within
 * limits that leave each its words; else as much for all.
 *
 * @param {Object[]} stages
 * @returns {number[]}
 */
export function getColumns(stages) {
    const dates = stages.map((stage) => stage.date);
    const isInOrder = dates.every((day, index) => day && (!index || day >= dates[index - 1]));
    const days = isInOrder && dates.length > 1 ? countDays(dates[0], dates.at(-1)) : 0;
    if (!days) {
        return stages.map(() => 1);
    }
    const average = days / (dates.length - 1);
    return dates.map((day, index) => {
        const next = dates[index + 1];
        return next ? Math.min(Math.max(countDays(day, next) / average, 0.7), 1.6) : 1;
    });
}

/**
 * Where today is on the horizontal path.
 *
 * @param {Object[]} stages
 * @param {string} today
 * @param {number[]} columns as {@link getColumns} returns them
 * @returns {number | false} in percent of the width; false where the dates do not tell
 */
export function getPlaceOfToday(stages, today, columns) {
    const dates = stages.map((stage) => stage.date);
    if (!dates.length || !dates.every((day, index) => day && (!index || day >= dates[index - 1]))) {
        return false;
    }
    const passed = dates.filter((day) => day <= today).length;
    if (!passed) {
        return 0;
    }
    const [from, to] = [dates[passed - 1], dates[passed]];
    const part = to ? countDays(from, today) / countDays(from, to) : 0.85;
    const before = columns.slice(0, passed - 1).reduce((sum, width) => sum + width, 0);
    const total = columns.reduce((sum, width) => sum + width, 0);
    return (100 * (before + part * columns[passed - 1])) / total;
}

/**
 * The picture of a billing schedule: the bar, its figures, and the path of its stages.
 *
 * What it shows is the answer of `get_billing_timeline()`, which documents the data.
 */
export class BillingTimeline extends Component {
    static template = "milestone_billing.BillingTimeline";
    static components = { BillingBar, BillingDot, BillingStage };
    static props = {
        picture: Object,
        /** The stages stand below each other, however much room there is. */
        isVertical: { type: Boolean, optional: true },
        /** Makes sure that what is being edited is saved; false where it cannot be. */
        onWillAct: { type: Function, optional: true },
        /** Shows what has changed. */
        onDidAct: { type: Function, optional: true },
        /** Shows the stages of the chosen figure elsewhere, too. */
        onDidFilter: { type: Function, optional: true },
    };

    setup() {
        this.action = useService("action");
        this.popover = usePopover(BillingStage, {
            position: "bottom",
            popoverClass: "o_billing_popover",
        });
        this.root = useRef("root");
        this.state = useState({
            isNarrow: false,
            isDoneOpen: false,
            isRestOpen: false,
            filter: false,
            focused: false,
            opened: false,
        });
        this.describe = describe;
        this.formatLateness = formatLateness;
        this.formatTasks = formatTasks;
        this.getFacts = getFacts;
        this.formatValue = formatValue;
        this.getBadgeClass = getBadgeClass;
        const observer = new ResizeObserver(() => this.measure());
        onMounted(() => {
            this.measure();
            observer.observe(this.root.el);
        });
        onWillUnmount(() => observer.disconnect());
    }

    measure() {
        if (this.root.el) {
            this.state.isNarrow = this.root.el.clientWidth < MIN_WIDTH;
        }
    }

    // -------------------------------------------------------------------------
    // What is shown
    // -------------------------------------------------------------------------

    get stages() {
        return this.props.picture.stages.map((stage, index) => ({
            ...stage,
            index,
            isDim: Boolean(this.state.filter) && !stage.parts.includes(this.state.filter),
        }));
    }

    get isHorizontal() {
        return (
            !this.props.isVertical &&
            !this.state.isNarrow &&
            this.props.picture.stages.length <= MAX_HORIZONTAL
        );
    }

    get columns() {
        return getColumns(this.props.picture.stages);
    }

    get gridStyle() {
        const widths = this.columns.map((width) => `minmax(0, ${width}fr)`);
        return `grid-template-columns: ${widths.join(" ")}`;
    }

    get placeOfToday() {
        const { stages, today } = this.props.picture;
        return getPlaceOfToday(stages, today, this.columns);
    }

    /** The groups of the vertical path: done ones, those that matter, those far off. */
    get groups() {
        const stages = this.stages;
        if (this.state.filter) {
            return { done: [], shown: stages.filter((stage) => !stage.isDim), rest: [] };
        }
        const done = stages.filter((stage) => this.isFolded(stage));
        const left = stages.filter((stage) => !this.isFolded(stage));
        const next = left.findIndex((stage) => stage.is_next);
        const limit = Math.max(next, 0) + MAX_FOLLOWING;
        // one more is as short as the button that would fold it
        const isFolding = left.length > limit + 1;
        return {
            done,
            shown: isFolding ? left.slice(0, limit) : left,
            rest: isFolding ? left.slice(limit) : [],
        };
    }

    /** Whether there is nothing left to do with a stage, or its draft is made. */
    isFolded({ status, is_done }) {
        return SETTLED.includes(status) || (status === "drafted" && is_done);
    }

    /** @returns {string} the net of several stages; of one currency */
    getSum(stages) {
        const amounts = stages.flatMap((stage) => stage.amounts);
        const currencies = new Set(amounts.map((amount) => amount.currency_id));
        if (currencies.size !== 1) {
            return "";
        }
        const sum = amounts.reduce((total, amount) => total + amount.value, 0);
        return formatValue(sum, [...currencies][0]);
    }

    getDoneLabel(stages) {
        const count = stages.length;
        const sum = this.getSum(stages);
        return sum ? _t("%(count)s done, %(sum)s", { count, sum }) : _t("%s done", count);
    }

    getRestLabel(stages) {
        const count = stages.length;
        const sum = this.getSum(stages);
        return sum ? _t("%(count)s more, %(sum)s", { count, sum }) : _t("%s more", count);
    }

    getTotal(bar) {
        if (!bar.currency_id) {
            return _t("%s stages", bar.total);
        }
        const total = formatValue(bar.total, bar.currency_id);
        return bar.is_changed ? _t("%s to date", total) : total;
    }

    getExcess(bar) {
        return _t("Over-scheduled by %s", formatValue(bar.over_scheduled, bar.currency_id));
    }

    getShare(bar) {
        return _t("%s%% billed", bar.share);
    }

    // -------------------------------------------------------------------------
    // What the reader does
    // -------------------------------------------------------------------------

    toggleFilter(status) {
        this.state.filter = this.state.filter === status ? false : status;
        this.props.onDidFilter?.(this.state.filter);
    }

    /** The one stage that the tabulator key stops at. */
    isTabStop(stage) {
        const { stages } = this.props.picture;
        const first = Math.max(
            stages.findIndex((other) => other.is_next),
            0
        );
        const focused = this.state.focused;
        return stage.index === (focused === false ? first : focused) || !this.isHorizontal;
    }

    onFocus(stage) {
        this.state.focused = stage.index;
    }

    onKeydown(ev) {
        const isRtl = localization.direction === "rtl";
        const steps = {
            ArrowRight: isRtl ? -1 : 1,
            ArrowLeft: isRtl ? 1 : -1,
            ArrowDown: 1,
            ArrowUp: -1,
            Home: -Infinity,
            End: Infinity,
        };
        const step = steps[ev.key];
        if (!step) {
            return;
        }
        const buttons = [...this.root.el.querySelectorAll(".o_billing_path_button")];
        const index = buttons.indexOf(ev.target.closest(".o_billing_path_button"));
        if (index >= 0) {
            ev.preventDefault();
            ev.stopPropagation();
            buttons[Math.min(Math.max(index + step, 0), buttons.length - 1)].focus();
        }
    }

    /** Opens what is known of a stage: beside it, or below it where the path is vertical. */
    openStage(ev, stage) {
        if (!this.isHorizontal) {
            this.state.opened = this.isOpen(stage) ? "none" : stage.index;
            return;
        }
        this.popover.open(ev.currentTarget, {
            stage,
            hasHead: true,
            onAct: this.act.bind(this),
        });
    }

    /** Of the vertical path the next stage is open until the reader opens another. */
    isOpen(stage) {
        const { opened } = this.state;
        return opened === false ? stage.is_next : opened === stage.index;
    }

    async act(stage, name) {
        if ((await this.props.onWillAct?.()) !== false) {
            await doStageAct(this.action, stage, name, () => this.props.onDidAct?.());
        }
    }
}
