from . import portal, portal_changes, portal_signing
