import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/** The customer may type what is missing as soon as the dialog is there. */
export class SendBack extends Interaction {
    static selector = "#milestone_billing_send_back";
    dynamicContent = {
        _root: { "t-on-shown.bs.modal": () => this.el.querySelector("textarea").focus() },
    };
}

registry.category("public.interactions").add("milestone_billing.send_back", SendBack);
