import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { press, queryAll, queryAllTexts, queryOne, resize } from "@odoo/hoot-dom";
import { animationFrame, Deferred, mockDate } from "@odoo/hoot-mock";
import {
    clickSave,
    contains,
    defineModels,
    defineParams,
    fields,
    mockService,
    models,
    mountView,
    mountWithCleanup,
    onRpc,
} from "@web/../tests/web_test_helpers";

import {
    BillingTimeline,
    getColumns,
    getPlaceOfToday,
} from "@milestone_billing/billing_timeline/billing_timeline";

describe.current.tags("desktop");
defineMailModels();

const STATUSES = {
    paid: { label: "Paid", color: "success", is_done: true },
    billed: { label: "Billed", color: "primary", is_done: true },
    drafted: { label: "Drafted", color: "warning", is_done: true },
    overdue: { label: "Overdue", color: "danger" },
    upcoming: { label: "To come", color: "light" },
};

/** @returns {string} what a screen reader says of an element, with single blanks */
function getLabel(selector) {
    return normalize(queryOne(selector).getAttribute("aria-label"));
}

/** @returns {string[]} what elements say, with single blanks */
function getTexts(selector) {
    return queryAllTexts(selector).map(normalize);
}

/** @returns {string} a text with single blanks, without marks of the translation */
function normalize(text) {
    return `${text}`.replace(/[\s\u200b\ufeff]+/g, " ").trim();
}

/** A stage as the server draws it, of 2,500. */
function makeStage(id, status, values = {}) {
    const { label, color, is_done = false } = STATUSES[status];
    return {
        id,
        line_ids: [10 + id],
        name: `Stage ${id}`,
        title: `Milestone ${id}`,
        date: false,
        done_on: false,
        days_late: 0,
        is_done,
        is_next: false,
        status,
        label,
        color,
        parts: [status],
        tasks: false,
        amounts: [{ currency_id: 1, value: 2500 }],
        criteria: "",
        reason: "",
        invoices: [],
        acts: [],
        consequence: "",
        ...values,
    };
}

/** The picture of these stages, as the server draws it. */
function makePicture(stages, values = {}) {
    const total = stages.length * 2500;
    const counts = {};
    for (const { status } of stages) {
        counts[status] = (counts[status] || 0) + 1;
    }
    return {
        version: 1,
        today: "2026-11-28",
        bars: [
            {
                id: 1,
                title: "Client",
                currency_id: 1,
                total,
                share: 50,
                over_scheduled: 0,
                segments: stages.map(({ status, name }) => ({
                    status,
                    label: STATUSES[status].label,
                    names: [name],
                    value: 2500,
                    width: 100 / stages.length,
                })),
                sums: Object.entries(counts).map(([status, count]) => ({
                    status,
                    label: STATUSES[status].label,
                    value: count * 2500,
                })),
            },
        ],
        stages,
        ...values,
    };
}

function makeFour() {
    return makePicture([
        makeStage(1, "paid", { date: "2026-09-08", done_on: "2026-09-08", title: "Deposit" }),
        makeStage(2, "billed", { date: "2026-11-07", done_on: "2026-11-07" }),
        makeStage(3, "upcoming", {
            name: "Build complete",
            date: "2026-12-06",
            is_next: true,
            tasks: { closed: 3, all: 5 },
            criteria: "All pages work.",
            acts: ["mark_done", "ask"],
            consequence: "Makes the draft invoice of $ 2,500.00 for Client.",
            invoices: [{ id: 7, name: "INV/1" }],
        }),
        makeStage(4, "upcoming", { date: "2027-01-08", title: "Final" }),
    ]);
}

/** Mounts a picture in a place of a given width. */
async function mountPicture(picture, props = {}, width = 1000) {
    mockDate("2026-11-28 12:00:00");
    await resize({ width });
    await mountWithCleanup(BillingTimeline, { props: { picture, ...props } });
    // what is measured is shown in the next frame
    await animationFrame();
    await animationFrame();
}

test("the bar says in words what it draws", async () => {
    await mountPicture(makeFour());
    expect(".o_billing_bar").toHaveAttribute("role", "img");
    expect(getLabel(".o_billing_bar")).toBe("Paid 25%, Billed 25%, To come 50%");
    expect(".o_billing_segment").toHaveCount(4);
    expect(".o_billing_segment:first").toHaveClass("o_billing_paid");
    expect(getTexts(".o_billing_figure")).toEqual([
        "Paid 2,500.00",
        "Billed 2,500.00",
        "To come 5,000.00",
    ]);
    expect(".o_billing_total").toHaveText("50% billed · $ 10,000.00");
});

test("up to eight stages stand beside each other, with a label that says all", async () => {
    await mountPicture(makeFour());
    expect(".o_billing_path ol > li > button").toHaveCount(4);
    expect(".o_billing_list").toHaveCount(0);
    expect(getTexts(".o_billing_path .visually-hidden")[2]).toBe(
        "Milestone 3, Build complete, Due Dec 6, 3 of 5 tasks, $ 2,500.00, To come"
    );
    expect(".o_billing_dot_done").toHaveCount(2);
    expect(".o_billing_dot_next .o_billing_ring_text").toHaveText("3/5");
    expect(".o_billing_today").toHaveText("Today");
});

test("more stages, or little room, and they stand below each other", async () => {
    const stages = [
        ...["paid", "billed", "drafted"].map((status, id) => makeStage(id + 1, status)),
        makeStage(4, "upcoming", { is_next: true, criteria: "All pages work." }),
        ...[5, 6, 7, 8, 9, 10, 11, 12].map((id) => makeStage(id, "upcoming")),
    ];
    await mountPicture(makePicture(stages));
    expect(".o_billing_path").toHaveCount(0);
    expect(getTexts(".o_billing_fold")).toEqual(["3 done, $ 7,500.00", "4 more, $ 10,000.00"]);
    expect(getTexts(".o_billing_list .o_billing_name")).toEqual(
        [4, 5, 6, 7, 8].map((id) => `Stage ${id}`)
    );
    // the next one is open
    expect(".o_billing_open").toHaveText(/All pages work/);
    await contains("[data-fold=done]").click();
    await contains("[data-fold=rest]").click();
    expect(".o_billing_list .o_billing_name").toHaveCount(12);
    expect("[data-fold=done]").toHaveAttribute("aria-expanded", "true");
    await contains(".o_billing_list button:contains(Stage 6)").click();
    expect(".o_billing_open").toHaveCount(1);
});

test("on a phone four stages stand below each other", async () => {
    await mountPicture(makeFour(), {}, 400);
    expect(".o_billing_path").toHaveCount(0);
    expect(".o_billing_list > li").toHaveCount(3);
});

test("a figure filters the path", async () => {
    await mountPicture(makeFour());
    await contains(".o_billing_figure[data-status=paid]").click();
    expect(".o_billing_figure[data-status=paid]").toHaveAttribute("aria-pressed", "true");
    expect(".o_billing_path li.o_billing_dim").toHaveCount(3);
    await contains(".o_billing_figure[data-status=paid]").click();
    expect(".o_billing_path li.o_billing_dim").toHaveCount(0);
});

test("arrows move along the path, enter opens a stage, escape closes it", async () => {
    await mountPicture(makeFour());
    // one stop of the tabulator key: what is next
    expect(".o_billing_path button[tabindex='0']").toHaveCount(1);
    queryOne(".o_billing_path button[tabindex='0']").focus();
    expect(".o_billing_path button:eq(2)").toBeFocused();
    await press("ArrowRight");
    expect(".o_billing_path button:eq(3)").toBeFocused();
    await press("ArrowRight");
    expect(".o_billing_path button:eq(3)").toBeFocused();
    await press("Home");
    expect(".o_billing_path button:eq(0)").toBeFocused();
    await press("ArrowRight");
    await press("ArrowRight");
    await press("Enter");
    await animationFrame();
    expect(".o_billing_popover").toHaveText(/All pages work\./);
    expect(".o_billing_popover").toHaveText(/Due Dec 6/);
    expect(getTexts(".o_billing_popover [data-act]")).toEqual([
        "Mark done",
        "Ask for acceptance",
        "Open stage",
    ]);
    expect(".o_billing_popover .o_billing_consequence").toHaveText(
        "Makes the draft invoice of $ 2,500.00 for Client."
    );
    await press("Escape");
    await animationFrame();
    expect(".o_billing_popover").toHaveCount(0);
});

test("arrows follow the direction of the writing", async () => {
    defineParams({ lang_parameters: { direction: "rtl" } });
    await mountPicture(makeFour());
    queryOne(".o_billing_path button[tabindex='0']").focus();
    await press("ArrowLeft");
    expect(".o_billing_path button:eq(3)").toBeFocused();
});

test("a stage is acted on after what is edited was saved", async () => {
    const steps = [];
    mockService("action", {
        async doActionButton({ name, resModel, resIds, onClose }) {
            steps.push(`${resModel} ${resIds} ${name}`);
            await onClose();
        },
    });
    await mountPicture(makeFour(), {
        onWillAct: () => steps.push("save"),
        onDidAct: () => steps.push("reload"),
    });
    await contains(".o_billing_path button:eq(2)").click();
    await contains(".o_billing_popover [data-act=mark_done]").click();
    expect(steps).toEqual(["save", "project.milestone 3 action_mark_done", "reload"]);
});

test("nothing is done where the edits cannot be saved", async () => {
    mockService("action", {
        doActionButton: () => expect.step("acted"),
    });
    await mountPicture(makeFour(), { onWillAct: () => false });
    await contains(".o_billing_path button:eq(2)").click();
    await contains(".o_billing_popover [data-act=mark_done]").click();
    expect.verifySteps([]);
});

test("an invoice opens from its stage", async () => {
    mockService("action", {
        doAction: ({ res_model: resModel, res_id: resId }) => expect.step(`${resModel} ${resId}`),
    });
    await mountPicture(makeFour());
    await contains(".o_billing_path button:eq(2)").click();
    await contains(".o_billing_popover .o_billing_invoice").click();
    expect.verifySteps(["account.move 7"]);
});

test("without amounts the figures are counts", async () => {
    const picture = makePicture(
        [1, 2].map((id) => makeStage(id, id === 1 ? "paid" : "overdue", { amounts: [], title: "" }))
    );
    Object.assign(picture.bars[0], { id: false, title: "", currency_id: false, total: 2 });
    picture.bars[0].sums.forEach((sum) => (sum.value = 1));
    picture.stages[1].days_late = 8;
    picture.stages[1].date = "2026-11-20";
    await mountPicture(picture);
    expect(getTexts(".o_billing_figure")).toEqual(["Paid 1", "Overdue 1"]);
    expect(".o_billing_total").toHaveText("50% billed · 2 stages");
    expect(".o_billing_timeline").not.toHaveText(/2,500/);
    expect(".o_billing_path").toHaveText(/8 days late/);
    expect(".o_billing_dot_overdue").toHaveText("!");
});

test("two contracts have two bars with their names", async () => {
    const picture = makeFour();
    picture.bars.push({ ...picture.bars[0], id: 2, title: "Other · C-2", over_scheduled: 500 });
    await mountPicture(picture);
    expect(getTexts(".o_billing_title")).toEqual(["Client", "Other · C-2"]);
    expect(".o_billing_over").toHaveText(/Over-scheduled by\s+\$ 500.00/);
});

test("stages stand by their dates, today among them", () => {
    const makeDated = (...dates) => dates.map((date) => ({ date }));
    const even = makeDated("2026-11-01", "2026-11-11", "2026-11-21");
    expect(getColumns(even)).toEqual([1, 1, 1]);
    expect(getPlaceOfToday(even, "2026-11-06", [1, 1, 1])).toBeCloseTo(100 / 6);
    // far apart and close together, within limits
    expect(getColumns(makeDated("2026-01-01", "2026-01-02", "2026-12-31"))).toEqual([0.7, 1.6, 1]);
    // before the first, after the last, where not all have a date, or out of order
    expect(getPlaceOfToday(even, "2026-10-01", [1, 1, 1])).toBe(0);
    expect(getPlaceOfToday(even, "2027-01-01", [1, 1, 1])).toBeCloseTo((100 * 2.85) / 3);
    expect(getPlaceOfToday(makeDated("2026-11-01", false), "2026-11-06", [1, 1])).toBe(false);
    expect(getColumns(makeDated("2026-12-01", "2026-11-01"))).toEqual([1, 1]);
    expect(getPlaceOfToday([], "2026-11-06", [])).toBe(false);
});

class Contract extends models.Model {
    _name = "contract";

    name = fields.Char();
    billing_timeline = fields.Json({ string: "Picture" });
    billing_bar = fields.Json({ string: "Bar" });

    _records = [
        {
            id: 1,
            name: "Website",
            billing_timeline: makeFour(),
            billing_bar: [
                { status: "paid", label: "Paid", width: 60 },
                { status: "upcoming", label: "To come", width: 40 },
            ],
        },
        { id: 2, name: "Empty", billing_timeline: false, billing_bar: false },
    ];
}

test("widgets in views: the picture on a form, the bar alone on cards", async () => {
    mockDate("2026-11-28 12:00:00");
    defineModels([Contract]);
    await mountView({
        type: "form",
        resModel: "contract",
        resId: 1,
        arch: `<form><field name="billing_timeline" widget="billing_timeline"/></form>`,
    });
    expect(".o_field_billing_timeline .o_billing_bar").toHaveCount(1);
    expect(".o_billing_timeline li").toHaveCount(4);
});

class ProjectProject extends models.Model {
    _name = "project.project";

    name = fields.Char();

    _records = [{ id: 1, name: "Website" }];
}

test("the picture of a project is read once its form stands, and anew when it is saved", async () => {
    mockDate("2026-11-28 12:00:00");
    defineModels([ProjectProject]);
    const answer = new Deferred();
    onRpc("project.project", "get_billing_timeline", async ({ args }) => {
        expect.step(`picture of ${args}`);
        await answer;
        return makeFour();
    });
    await mountView({
        type: "form",
        resModel: "project.project",
        resId: 1,
        arch: `<form><field name="name"/><widget name="billing_project_timeline"/></form>`,
    });
    expect(".o_field_widget[name='name'] input").toHaveValue("Website");
    expect(".o_billing_loading").toHaveCount(1);
    expect.verifySteps(["picture of 1"]);
    answer.resolve();
    await animationFrame();
    expect(".o_billing_loading").toHaveCount(0);
    expect(".o_billing_timeline li").toHaveCount(4);
    await contains(".o_field_widget[name='name'] input").edit("Shop");
    expect.verifySteps([]);
    await clickSave();
    await animationFrame();
    expect.verifySteps(["picture of 1"]);
});

test("the bar alone on cards, nothing where nothing is billed", async () => {
    defineModels([Contract]);
    await mountView({
        type: "kanban",
        resModel: "contract",
        arch: `
            <kanban><templates><t t-name="card">
                <field name="billing_bar" widget="billing_bar"/>
            </t></templates></kanban>`,
    });
    expect(".o_billing_bar_thin").toHaveCount(1);
    expect(queryAll(".o_billing_bar_thin .o_billing_segment")).toHaveCount(2);
    expect(getLabel(".o_billing_bar_thin")).toBe("Paid 60%, To come 40%");
});
