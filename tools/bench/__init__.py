"""What the addon costs beside Odoo alone, and whether the goals are met."""
