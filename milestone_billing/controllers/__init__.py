from . import portal, portal_changes
