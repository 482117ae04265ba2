import { registry } from "@web/core/registry";
import { useDebounced } from "@web/core/utils/timing";
import { TextField, textField } from "@web/views/fields/text/text_field";

import { useEffect } from "@odoo/owl";

const DELAY = 300;

/** A text that is read as soon as it is pasted or typed, not only when the box is left. */
export class PastedText extends TextField {
    setup() {
        super.setup();
        const read = useDebounced(() => this.read(), DELAY);
        useEffect(
            (el) => {
                el?.addEventListener("input", read);
                return () => el?.removeEventListener("input", read);
            },
            () => [this.textareaRef.el]
        );
    }

    get minimumHeight() {
        return 96;
    }

    read() {
        const { record, name } = this.props;
        return record.update({ [name]: this.textareaRef.el?.value || "" });
    }
}

registry.category("fields").add("billing_pasted_text", {
    ...textField,
    component: PastedText,
});
