{
    "name": "Milestone Billing",
    "summary": "A milestone marked done puts one labelled draft invoice before the accountant",
    "version": "19.0.1.0.0",
    "category": "Services/Project",
    "website": "https://github.com/milestone-billing/milestone-billing",
    "author": "Milestone Billing",
    "license": "LGPL-3",
    "depends": ["project_account"],
    "data": [
        "security/milestone_billing_groups.xml",
        "security/ir.model.access.csv",
        "security/milestone_billing_rules.xml",
        "data/product_data.xml",
        "data/ir_actions_server_data.xml",
        "wizard/milestone_billing_decide_views.xml",
        "views/milestone_billing_line_views.xml",
        "views/project_milestone_views.xml",
        "views/project_project_views.xml",
        "views/account_move_views.xml",
        "views/res_config_settings_views.xml",
        "views/milestone_billing_menus.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "milestone_billing/static/src/**/*",
        ],
        "web.assets_tests": [
            "milestone_billing/static/tests/tours/**/*",
        ],
    },
    "application": True,
    "uninstall_hook": "uninstall_hook",
}
