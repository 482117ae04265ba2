def uninstall_hook(env):
    """Keep the product when the addon goes: the invoices made with it name it."""
    env["ir.model.data"].search(
        [
            ("module", "=", "milestone_billing"),
            ("model", "in", ["product.product", "product.template"]),
        ]
    ).unlink()
