"""Objects that mark a context as the addon's own: no request can send them.

A key that a client can send must switch nothing; these are compared by identity.
"""


class Mark:
    """A mark in a context, never equal to anything that comes from outside."""

    __slots__ = ("name",)

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"<{self.name}>"

    def is_set(self, env):
        """Whether the context of ``env`` bears this very mark."""
        return env.context.get(self.name) is self

    def on(self, records):
        """Return ``records`` with this mark in their context."""
        return records.with_context(**{self.name: self})

    def off(self, records):
        """Return ``records`` without this mark in their context."""
        context = {k: v for k, v in records.env.context.items() if k != self.name}
        return records.with_env(records.env(context=context))


CARRY_LINK = Mark("milestone_billing_carry_link")
"""Core copies a document for a credit note or its replacement: the link goes along."""

GUARDED = Mark("milestone_billing_guarded")
"""A caller further up checks the guards when all is written."""

SCHEDULING = Mark("milestone_billing_scheduling")
"""A caller further up checks and logs the change of the schedule as a whole."""

WITH_MILESTONE = Mark("milestone_billing_with_milestone")
"""The milestone of the lines is being deleted: it is not theirs to delete."""

TEMPLATING = Mark("milestone_billing_templating")
"""A caller further up checks the template when all its stages are written."""


class Reason:
    """Why somebody changes a schedule: an object in the context, as a mark is one."""

    __slots__ = ("text",)
    key = "milestone_billing_reason"

    def __init__(self, text):
        self.text = text

    @classmethod
    def get(cls, env):
        """Return the reason that the context of ``env`` bears, empty without one."""
        reason = env.context.get(cls.key)
        return reason.text if isinstance(reason, cls) else ""

    def on(self, records):
        """Return ``records`` with this reason in their context."""
        return records.with_context(**{self.key: self})
