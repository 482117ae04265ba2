"""Who may cure what blocks a line, by the code of its check."""

from ..groups import INVOICING_GROUP, MANAGER_GROUP

CONFIGURATION_GROUP = "account.group_account_manager"

CURED_BY = {
    "over_scheduled": (MANAGER_GROUP,),
    "unscheduled": (MANAGER_GROUP,),
    "no_sum": (MANAGER_GROUP,),
    "template": (MANAGER_GROUP,),
    "archived_contract": (MANAGER_GROUP,),
    "no_customer": (INVOICING_GROUP, MANAGER_GROUP),
    "archived": (INVOICING_GROUP,),
    "other_company": (INVOICING_GROUP,),
    "sales_order": (MANAGER_GROUP,),
    "language_off": (INVOICING_GROUP,),
    "no_account": (CONFIGURATION_GROUP,),
    "no_journal": (CONFIGURATION_GROUP,),
    "currency_off": (CONFIGURATION_GROUP,),
}
"""The groups of which one suffices; what is not named here is tried again."""
