import { registry } from "@web/core/registry";

const path = ".o_billing_path ol";

registry.category("web_tour.tours").add("milestone_billing_timeline_mouse", {
    steps: () => [
        {
            content: "The picture tells how far the contract is",
            trigger: ".o_billing_figure:contains('To come'):contains('10,000.00')",
        },
        {
            content: "Open a stage",
            trigger: `${path} li:contains('Build complete') button`,
            run: "click",
        },
        {
            content: "It says what marking it done will do",
            trigger: ".o_billing_consequence:contains('draft invoice of $ 2,500.00 for Client')",
        },
        {
            content: "Mark it done",
            trigger: ".o_billing_popover [data-act='mark_done']",
            run: "click",
        },
        {
            content: "Its draft is in the picture",
            trigger: ".o_billing_figure:contains('Drafted'):contains('2,500.00')",
        },
        {
            content: "And in the schedule below",
            trigger: ".o_data_row:contains('Build complete'):contains('Drafted')",
        },
        {
            content: "A figure filters the path",
            trigger: ".o_billing_figure[data-status='drafted']",
            run: "click",
        },
        {
            content: "The others step back",
            trigger: `${path} li.o_billing_dim:contains('Project start')`,
        },
        {
            content: "In the schedule below, too",
            trigger:
                "tbody:has(.o_data_row.o_billing_dim:contains('Project start')) .o_data_row:not(.o_billing_dim):contains('Build complete')",
        },
        {
            content: "Choose it no more",
            trigger: ".o_billing_figure[data-status='drafted']",
            run: "click",
        },
        {
            content: "All rows are back",
            trigger: "tbody:not(:has(.o_billing_dim)) .o_data_row:contains('Project start')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_timeline_keyboard", {
    steps: () => [
        {
            content: "The next stage takes the focus",
            trigger: `${path} button[tabindex='0']`,
            run() {
                this.anchor.focus();
            },
        },
        {
            content: "Go on to the second",
            trigger: `${path} li:contains('Project start') button:focus`,
            run: "press ArrowRight",
        },
        {
            content: "Open it",
            trigger: `${path} li:contains('Designs approved') button:focus`,
            run: "press Enter",
        },
        {
            content: "The first button has the focus: mark it done",
            trigger: ".o_billing_popover [data-act='mark_done']:focus",
            run: "press Enter",
        },
        {
            content: "Its draft is in the picture",
            trigger: ".o_billing_figure:contains('Drafted'):contains('2,500.00')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_timeline_without_amounts", {
    steps: () => [
        {
            content: "The panel shows states and counts",
            trigger: ".o_rightpanel .o_billing_figure:contains('To come'):contains('4')",
        },
        {
            content: "The next stage is open; mark it done",
            trigger: ".o_rightpanel .o_billing_open [data-act='mark_done']",
            run: "click",
        },
        {
            content: "The picture and the row below follow",
            trigger: ".o_rightpanel .o_billing_figure:contains('Drafted'):contains('1')",
        },
        {
            content: "The row of the milestone is ticked",
            trigger: ".o_rightpanel_milestone:contains('Project start'):has(.fa-check-square-o)",
        },
        {
            content: "Tick another in its row",
            trigger: ".o_rightpanel_milestone:contains('Designs approved')",
            run: "click",
        },
        {
            content: "The picture follows",
            trigger: ".o_rightpanel .o_billing_figure:contains('Drafted'):contains('2')",
        },
        {
            content: "No amount anywhere",
            trigger: ".o_rightpanel:not(:contains('2,500'))",
        },
    ],
});
