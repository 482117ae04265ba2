import { registry } from "@web/core/registry";

const template = (name) => [
    {
        content: "Look for the template",
        trigger: ".modal .o_field_widget[name$='template_id'] input",
        run: `edit ${name}`,
    },
    {
        content: "Take it",
        trigger: `.o-autocomplete--dropdown-item:contains('${name}')`,
        run: "click",
    },
];

registry.category("web_tour.tours").add("milestone_billing_create_project", {
    steps: () => [
        {
            content: "Make a project",
            trigger: ".o-kanban-button-new",
            run: "click",
        },
        {
            content: "Name it",
            trigger: ".modal .o_project_name input",
            run: "edit New shop",
        },
        {
            content: "It is billed in stages",
            trigger: ".modal .o_field_widget[name='billing_setup'] input",
            run: "click",
        },
        {
            content: "Say what it costs",
            trigger: ".modal .o_field_widget[name='billing_setup_sum'] input",
            run: "edit 12000",
        },
        ...template("30/40/30"),
        {
            content: "See the stages before anything is made",
            trigger: ".o_billing_setup_preview tr:contains('Halfway'):contains('4,800.00')",
        },
        {
            content: "Make it all",
            trigger: ".modal footer .o_open_tasks",
            run: "click",
        },
        {
            content: "The project is there",
            trigger: ".o_breadcrumb:contains('New shop')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_apply_schedule", {
    steps: () => [
        {
            content: "Select all projects",
            trigger: "thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Give them a schedule",
            trigger: "button[name='action_apply_schedule']",
            run: "click",
        },
        {
            content: "The one that has a contract is left out",
            trigger: ".modal [name='left_out']:contains('Website has a contract already.')",
        },
        {
            content: "Say what each costs",
            trigger: ".modal .o_field_widget[name='contract_sum'] input",
            run: "edit 12000",
        },
        ...template("30/40/30"),
        {
            content: "See the amounts before anything is made",
            trigger: ".modal .o_data_row:contains('Halfway'):contains('4,800.00')",
        },
        {
            content: "Make all schedules",
            trigger: ".modal button[name='action_create']",
            run: "click",
        },
        {
            content: "It says what was made and what was left out",
            trigger: ".o_milestone_billing_result:contains('10 schedules made')",
        },
    ],
});
