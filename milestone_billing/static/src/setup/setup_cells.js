import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { charField } from "@web/views/fields/char/char_field";

import { ShareCell } from "../share_cell/share_cell";
import { StageName } from "../stage_name/stage_name";

// the cells of a contract's stages, before there is a contract

registry.category("fields").add("billing_setup_share", {
    component: ShareCell,
    displayName: _t("Share of a contract"),
    supportedTypes: ["float"],
    fieldDependencies: [
        { name: "basis", type: "selection", readonly: false },
        { name: "amount", type: "monetary", currency_field: "currency_id", readonly: false },
        { name: "currency_id", type: "many2one", relation: "res.currency" },
    ],
});

registry.category("fields").add("billing_setup_name", {
    ...charField,
    component: StageName,
    displayName: _t("Stage"),
    fieldDependencies: [{ name: "acceptance_criteria", type: "text" }],
});
