import { registry } from "@web/core/registry";

const row = ".o_rightpanel_milestone:contains('Build complete')";

registry.category("web_tour.tours").add("milestone_billing_tick_and_undo", {
    steps: () => [
        {
            content: "Tick",
            trigger: `${row}:has(.fa-square-o)`,
            run: "click",
        },
        {
            content: "It is done",
            trigger: `${row}:has(.fa-check-square-o)`,
        },
        {
            content: "Read it, and undo",
            trigger:
                ".o_notification:contains('Draft invoice made for Build complete.'):not(:contains('Open')) button:contains('Undo')",
            run: "click",
        },
        {
            content: "It is not done any more",
            trigger: `${row}:has(.fa-square-o)`,
        },
        {
            content: "Read what became of the draft",
            trigger: ".o_notification:contains('The draft invoice is removed.')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_mark_done", {
    steps: () => [
        {
            content: "Mark the milestone done in the panel",
            trigger: `${row}:has(.o_milestone_billing_badge:contains('To come'))`,
            run: "click",
        },
        {
            content: "It is done and its draft invoice is made",
            trigger: `${row}:has(.fa-check-square-o) .o_milestone_billing_badge:contains('Drafted')`,
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_post_and_pay", {
    steps: () => [
        {
            content: "Open the draft invoice",
            trigger: ".o_data_row:contains('2,875.00') .o_data_cell:contains('Client & Sons')",
            run: "click",
        },
        {
            content: "The line is labelled and bills the milestone's net amount",
            trigger:
                ".o_field_widget[name='invoice_line_ids'] .o_data_row:contains('Milestone 2 — Build complete'):contains('2,500.00')",
        },
        {
            content: "The customer's tax is on it",
            trigger: ".o_field_widget[name='tax_totals']:contains('375.00')",
        },
        {
            content: "Post it",
            trigger: "button[name='action_post']:not(:hidden)",
            run: "click",
        },
        {
            content: "Register the payment",
            trigger: "button[name='action_register_payment']:not(:hidden)",
            run: "click",
        },
        {
            content: "Confirm the payment",
            trigger: ".modal button[name='action_create_payments']",
            run: "click",
        },
        {
            content: "The invoice is paid",
            trigger: ".o_field_widget[name='invoice_payments_widget']:contains('Paid on')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_refused_untick", {
    steps: () => [
        {
            content: "Try to undo an invoiced milestone",
            trigger: `${row}:has(.fa-check-square-o)`,
            run: "click",
        },
        {
            content: "The refusal names the invoice",
            trigger:
                ".modal:contains('This cannot be done'):contains('Build complete is invoiced by INV/')",
        },
        {
            content: "Close it",
            trigger: ".modal .btn-primary",
            run: "click",
        },
        {
            content: "The milestone is still done",
            trigger: `body:not(:has(.modal)) ${row}:has(.fa-check-square-o)`,
            run: "click",
        },
        {
            content: "The row still answers: the refusal is shown again",
            trigger: ".modal:contains('Build complete is invoiced by INV/')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_queue", {
    steps: () => [
        {
            content: "Select the ready lines",
            trigger: ".o_data_row:contains('Designs approved') .o_list_record_selector input",
            run: "check",
        },
        {
            content: "And another",
            trigger: ".o_data_row:contains('Build complete') .o_list_record_selector input",
            run: "check",
        },
        {
            content: "Bill them: the button says how many and how much",
            trigger: "button[name='action_make_drafts']:contains('(2 · $ 5,000.00)')",
            run: "click",
        },
        {
            content: "One toast says what was made; they wait as drafts now",
            trigger:
                ".o_group_header:contains('Drafts Waiting (2)'):contains('5,000.00') button:contains('Confirm 2 drafts')",
        },
        {
            content: "Show them",
            trigger: ".o_milestone_billing_result:contains('2 made.') button:contains('Show')",
            run: "click",
        },
        {
            content: "Their drafts are shown",
            trigger: ".o_breadcrumb:contains('Milestone Invoices')",
        },
        {
            content: "One each",
            trigger: ".o_list_view .o_data_row:nth-child(2):contains('2,500.00')",
        },
        {
            content: "Go back",
            trigger: ".o_breadcrumb a:contains('Milestones to Bill'), .o_back_button a",
            run: "click",
        },
        {
            content: "Confirm all drafts of the group",
            trigger: ".o_group_header button:contains('Confirm 2 drafts')",
            run: "click",
        },
        {
            content: "Yes",
            trigger: ".modal button:contains('Confirm 2 drafts')",
            run: "click",
        },
        {
            content: "They are confirmed",
            trigger: ".o_milestone_billing_result:contains('2 confirmed.')",
        },
        {
            content: "Nothing is left to do",
            trigger: ".o_nocontent_help:contains('Nothing to bill right now')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_cure", {
    steps: () => [
        {
            content: "What is blocked says why",
            trigger:
                ".o_data_row:contains('Build complete'):contains('has no customer'):has(.bg-danger-subtle)",
        },
        {
            content: "Fix it",
            trigger: ".o_data_row button[name='action_fix']:contains('Set customer')",
            run: "click",
        },
        {
            content: "Choose the customer",
            trigger: ".modal .o_field_widget[name='partner_id'] input",
            run: "edit Client",
        },
        {
            content: "Take the one that is found",
            trigger: ".o-autocomplete--dropdown-item a:contains('Client & Sons')",
            run: "click",
        },
        {
            content: "Save",
            trigger: ".modal footer button.btn-primary:contains('Save')",
            run: "click",
        },
        {
            content: "It is ready: create the draft",
            trigger: ".o_data_row:contains('Client & Sons') button[name='action_make_drafts']",
            run: "click",
        },
        {
            content: "It is made",
            trigger: ".o_milestone_billing_result:contains('1 made.')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_from_the_card", {
    steps: () => [
        {
            content: "The card says what is billed; open the schedule",
            trigger:
                ".o_kanban_record:contains('Website') .o_milestone_billing_amounts:contains('2,500 / 10,000')",
            run: "click",
        },
        {
            content: "The contract is shown with its stages",
            trigger:
                ".o_field_widget[name='line_ids'] .o_data_row:contains('Build complete'):has(.badge:contains('Billed'))",
        },
        {
            content: "Go back into the project",
            trigger: "button[name='action_open_project']",
            run: "click",
        },
        {
            content: "Its tasks are shown",
            trigger: ".o_breadcrumb:contains('Website'):not(:has(.o_form_view))",
        },
    ],
});

const share = ".o_selected_row .o_field_widget[name='percent'] input";
const stage = ".o_selected_row .o_field_widget[name='name'] input";

/** Return the steps that leave the row and check what it and the message say unsaved. */
function typeStage(name, typed, shown, amount) {
    return [
        {
            content: `Name the stage ${name}`,
            trigger: stage,
            run: `edit ${name}`,
        },
        {
            content: `Type its share ${typed}`,
            trigger: share,
            run: `edit ${typed} && press Tab`,
        },
        {
            content: "Its amount is there, and nothing is saved",
            trigger: `.o_form_button_save:visible`,
        },
        {
            content: "Leave the row",
            trigger: ".o_billing_schedule_message",
            run: "click",
        },
        {
            content: `It shows ${shown} and ${amount}`,
            trigger: `.o_data_row:contains('${name}'):contains('${shown}'):contains('${amount}')`,
        },
    ];
}

const addStage = {
    content: "Add a stage",
    trigger: ".o_field_x2many_list_row_add a",
    run: "click",
};

registry.category("web_tour.tours").add("milestone_billing_type_schedule", {
    steps: () => [
        {
            content: "Type the contract sum",
            trigger: ".o_field_widget[name='contract_sum'] input",
            run: "edit 10000",
        },
        {
            content: "The empty page asks how the project is paid",
            trigger: "button[name='start_empty']",
            run: "click",
        },
        ...typeStage("Start", "25", "25", "2,500.00"),
        addStage,
        ...typeStage("Middle", "25 %", "25", "2,500.00"),
        addStage,
        ...typeStage("Late", "2,500.00", "2,500.00", "2,500.00"),
        addStage,
        ...typeStage("End", "rest", "rest", "2,500.00"),
        {
            content: "Change the first share",
            trigger: ".o_data_row:contains('Start') td[name='percent']",
            run: "click",
        },
        { trigger: share, run: "edit 40 && press Tab" },
        {
            content: "The last stage follows at once",
            trigger: ".o_data_row:contains('End'):contains('1,000.00')",
        },
        {
            content: "Type nonsense into another row",
            trigger: ".o_data_row:contains('Late') td[name='percent']",
            run: "click",
        },
        { trigger: share, run: "edit much && press Tab" },
        {
            content: "It stays and says why",
            trigger: ".o_billing_share_error:contains('Type 25 %')",
        },
        { trigger: share, run: "edit 1500 && press Tab" },
        {
            content: "All is well again, and the rest is there",
            trigger:
                "body:not(:has(.o_billing_share_error)) .o_data_row td[name='amount_planned']:contains('2,000.00')",
        },
        {
            content: "Save once",
            trigger: ".o_form_button_save",
            run: "click",
        },
        { trigger: ".o_form_saved" },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_carry_and_write_off", {
    steps: () => [
        {
            content: "Open a line",
            trigger: ".o_data_row .o_data_cell:contains('Build complete')",
            run: "click",
        },
        {
            content: "Decide on what is open",
            trigger: "button[name='action_decide']",
            run: "click",
        },
        {
            content: "Give the reason",
            trigger: ".modal .o_field_widget[name='reason'] textarea",
            run: "edit Moved to the last stage",
        },
        {
            content: "Carry it to the balance",
            trigger: ".modal button[name='action_confirm']",
            run: "click",
        },
        {
            content: "It is carried",
            trigger: ".o_field_widget[name='amount_carried']:contains('500.00')",
        },
        {
            content: "Take it back",
            trigger: "button[name='action_undo']",
            run: "click",
        },
        {
            content: "It is open again",
            trigger: ".o_field_widget[name='amount_open']:contains('500.00')",
        },
        {
            content: "Decide anew",
            trigger: "button[name='action_decide']",
            run: "click",
        },
        {
            content: "Write it off this time",
            trigger: ".modal input[data-value='write_off']",
            run: "click",
        },
        {
            content: "Give the reason",
            trigger: ".modal .o_field_widget[name='reason'] textarea",
            run: "edit Agreed discount",
        },
        {
            content: "Confirm",
            trigger: ".modal button[name='action_confirm']",
            run: "click",
        },
        {
            content: "It is written off",
            trigger: ".o_field_widget[name='amount_written_off']:contains('500.00')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_customer_pays", {
    steps: () => [
        {
            content: "Find the billing of the projects in My Account",
            trigger: ".o_portal_index_card a[href='/my/billing']:contains('Project Billing (1)')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Open the project",
            trigger: "main a:contains('Website')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "See what is delivered and what comes next",
            trigger: "main p[name='progress']:contains('2 of 4'):contains('Build complete')",
        },
        {
            content: "Pay what is due",
            trigger: "section[name='due']:contains('2,875.00') a:contains('Pay now')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Confirm the payment in Odoo's own dialog",
            trigger: ".modal.show button[name='o_payment_submit_button']:not(:disabled)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Go back to the project's billing",
            trigger: "a[name='milestone_billing']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The stage is paid",
            trigger:
                "section[name='stages'] li:contains('Designs approved') .badge:contains('Paid')",
        },
        {
            content: "Nothing is left to pay",
            trigger: "main:not(:has(section[name='due']))",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_customer_signs", {
    steps: () => [
        {
            content: "Review what waits for acceptance",
            trigger: "section[name='asked']:contains('Build complete') a",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Accept it",
            trigger: "button[data-bs-target='#milestone_billing_accept']",
            run: "click",
        },
        {
            content: "Enter the name in Odoo's own dialog",
            trigger: ".modal.show .o_web_sign_name_and_signature input",
            run: "edit Clara C. Client",
        },
        {
            content: "The name is drawn as signature",
            trigger: ".modal.show canvas.o_web_sign_signature",
            run: "canvasNotEmpty",
        },
        {
            content: "Sign",
            trigger: ".modal.show .o_portal_sign_submit:not(:disabled)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The stage is accepted and its invoice prepared",
            trigger:
                "section[name='stages'] li:contains('Build complete'):contains('Accepted'):contains('Invoice in preparation')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_customer_sends_back", {
    steps: () => [
        {
            content: "Review what waits for acceptance",
            trigger: "section[name='asked'] a",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Send it back",
            trigger: "button[data-bs-target='#milestone_billing_send_back']",
            run: "click",
        },
        {
            content: "Say why",
            trigger: ".modal.show textarea[name='reason']",
            run: "edit The logo is missing.",
        },
        {
            content: "Submit it",
            trigger: ".modal.show button[type='submit']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It is sent back",
            trigger: "section[name='stages'] li:contains('Build complete'):contains('Sent back')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_from_the_shared_project", {
    steps: () => [
        {
            content: "Leave the shared project for its billing",
            trigger: ".o_control_panel a.o_milestone_billing_link",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The schedule is shown",
            trigger: "section[name='stages'] li:contains('Build complete')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_customer_signs_change", {
    steps: () => [
        {
            content: "Review the change order that waits for a signature",
            trigger: "section[name='asked']:contains('Two more rooms') a",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Read what each stage will be",
            trigger:
                "table[name='change_figures'] tr:contains('Two more rooms'):contains('2,000.00')",
        },
        {
            content: "Sign it",
            trigger: "button[data-bs-target='#milestone_billing_accept']",
            run: "click",
        },
        {
            content: "Enter the name in Odoo's own dialog",
            trigger: ".modal.show .o_web_sign_name_and_signature input",
            run: "edit Clara C. Client",
        },
        {
            content: "The name is drawn as signature",
            trigger: ".modal.show canvas.o_web_sign_signature",
            run: "canvasNotEmpty",
        },
        {
            content: "Sign",
            trigger: ".modal.show .o_portal_sign_submit:not(:disabled)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The new stage is there, and the change order approved",
            trigger: "section[name='stages'] li:contains('Two more rooms')",
        },
        {
            content: "The change order is approved",
            trigger: "section[name='changes'] li:contains('Two more rooms'):contains('Approved')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_ask_to_sign_change", {
    steps: () => [
        {
            content: "Make a change order of the contract",
            trigger: ".o_cp_action_menus .fa-cog",
            run: "click",
        },
        {
            content: "New change order",
            trigger: ".o-dropdown--menu .o_menu_item:contains('New change order')",
            run: "click",
        },
        {
            content: "Name it",
            trigger: ".o_field_widget[name='name'] input, .o_field_widget[name='name'] textarea",
            run: "edit Two more rooms",
        },
        {
            content: "Say what it costs",
            trigger: ".o_field_widget[name='amount'] input",
            run: "edit 2000",
        },
        {
            content: "Make it a stage of its own",
            trigger: ".o_field_widget[name='spread'] label:contains('A stage of its own')",
            run: "click",
        },
        {
            content: "See what it moves before anybody agrees",
            trigger: "table[name='change_figures'] tfoot:contains('12,000.00')",
        },
        {
            content: "Ask the client to sign",
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "Ask the client to sign",
            trigger: "button[name='action_send']:contains('Ask to sign')",
            run: "click",
        },
        {
            content: "It is sent",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Sent')",
        },
    ],
});

registry.category("web_tour.tours").add("milestone_billing_bill_signed_change", {
    steps: () => [
        {
            content: "The client signed: the contract is worth more",
            trigger: "[name='contract_totals']:contains('12,000.00')",
        },
        {
            content: "The stage of the change order is delivered",
            trigger:
                ".o_data_row:has(td[name='percent']):contains('Two more rooms') button[name='action_mark_done']",
            run: "click",
        },
        {
            content: "Its draft is made: open it",
            timeout: 40000,
            trigger:
                ".o_data_row:has(td[name='percent']):contains('Two more rooms') button[name='action_open_documents']:contains('Open draft')",
            run: "click",
        },
        {
            content: "It names the stage and the change order",
            trigger:
                ".o_field_widget[name='invoice_line_ids'] .o_data_row:contains('Milestone 3 — Two more rooms'):contains('Change order 1 — Two more rooms'):contains('2,000.00')",
        },
        {
            content: "Post it",
            trigger: "button[name='action_post']:not(:hidden)",
            run: "click",
        },
        {
            content: "It is posted",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Posted')",
        },
        {
            content: "Go back to the contract",
            trigger: ".o_back_button a",
            run: "click",
        },
        {
            content: "What was agreed on top is billed",
            timeout: 40000,
            trigger:
                ".o_data_row:has(td[name='percent']):contains('Two more rooms'):has(.badge:contains('Billed'))",
        },
    ],
});

/** The client signs the schedule, and pays the deposit that the signature bills. */
registry.category("web_tour.tours").add("milestone_billing_customer_signs_and_pays", {
    steps: () => [
        {
            content: "Review the schedule that waits for a signature",
            trigger: "section[name='asked']:contains('Billing schedule') a",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Read what each stage costs, and what can be paid",
            trigger: "main:has(p[name='deposit']:contains('2,500.00')) li:contains('Launch')",
        },
        {
            content: "Sign it",
            trigger: "button[data-bs-target='#milestone_billing_accept']",
            run: "click",
        },
        {
            content: "Enter the name in Odoo's own dialog",
            trigger: ".modal.show .o_web_sign_name_and_signature input",
            run: "edit Clara C. Client",
        },
        {
            content: "The name is drawn as signature",
            trigger: ".modal.show canvas.o_web_sign_signature",
            run: "canvasNotEmpty",
        },
        {
            content: "Sign",
            trigger: ".modal.show .o_portal_sign_submit:not(:disabled)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Confirm the payment of the deposit in Odoo's own dialog",
            trigger: ".modal.show button[name='o_payment_submit_button']:not(:disabled)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Go back to the project's billing",
            trigger: "a[name='milestone_billing']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The schedule is signed, and the deposit paid",
            trigger:
                "main:has(p[name='signature']:contains('Clara C. Client')) section[name='stages'] li:contains('Project start') .badge:contains('Paid')",
        },
    ],
});
