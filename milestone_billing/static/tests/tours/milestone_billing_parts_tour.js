import { registry } from "@web/core/registry";

const title = "Milestone 2 — Build complete";
const dialog = ".modal:contains('Bill a Part')";
const billed = ".o_field_widget[name='invoice_line_ids'] .o_data_row";

/** Return the steps from the stage's menu to the dialog of a part. */
function openDialog() {
    return [
        {
            content: "Open what else can be done with the stage",
            trigger: ".o_data_row:contains('Build complete') button[title='More on this stage']",
            run: "click",
        },
        {
            content: "Bill a part of it",
            trigger: ".o-dropdown--menu .dropdown-item:contains('Bill a part')",
            run: "click",
        },
    ];
}

/** Return the steps that make the draft of a part, check its line and post it. */
function billPart(label, amount) {
    return [
        {
            content: "The dialog says what the invoice will say",
            trigger: `${dialog} .o_field_widget[name='label']:contains('${label}')`,
        },
        {
            content: "Create the draft",
            trigger: `${dialog} button[name='action_confirm']`,
            run: "click",
        },
        {
            content: "It bills the part, and says so",
            timeout: 40000,
            trigger: `${billed}:contains('${label}'):contains('${amount}')`,
        },
        {
            content: "Post it",
            trigger: "button[name='action_post']:not(:hidden)",
            run: "click",
        },
        {
            content: "It is posted",
            timeout: 40000,
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Posted')",
        },
        {
            content: "Go back to the contract",
            trigger: ".o_back_button a",
            run: "click",
        },
    ];
}

registry.category("web_tour.tours").add("milestone_billing_part_then_rest", {
    steps: () => [
        ...openDialog(),
        {
            content: "All that is open is offered; bill less",
            trigger: `${dialog} .o_field_widget[name='amount'] input:value('2,500.00')`,
        },
        {
            content: "Forty percent of it",
            trigger: `${dialog} .o_field_widget[name='percent'] input`,
            run: "edit 40 && press Tab",
        },
        {
            content: "The amount follows",
            trigger: `${dialog} .o_field_widget[name='amount'] input:value('1,000.00')`,
        },
        ...billPart(`${title} · part 1, 40% (40% to date)`, "1,000.00"),
        {
            content: "The stage is billed in part",
            trigger:
                ".o_data_row:contains('Build complete'):contains('2,500.00') td[name='amount_billed']:contains('1,000.00')",
        },
        ...openDialog(),
        {
            content: "The rest is offered",
            trigger: `${dialog} .o_field_widget[name='amount'] input:value('1,500.00')`,
        },
        ...billPart(`${title} · part 2, 60% (100% to date)`, "1,500.00"),
        {
            content: "The stage is billed",
            trigger:
                ".o_data_row:contains('Build complete'):has(.badge:contains('Billed')) td[name='amount_billed']:contains('2,500.00')",
        },
    ],
});
