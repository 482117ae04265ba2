from markupsafe import Markup

from odoo import models
from odoo.tools import format_date

# of each kind; the page itself shows all
MAX_NAMED = 10


class MilestoneBillingDigest(models.Model):
    """What the activity says: names and links, in the person's language."""

    _inherit = "milestone.billing.digest"

    def _prepare_note(self, milestones, lines):
        """Return what waits, as the person may read it.

        :param milestones: of their projects, read with their rights, or nothing
        :param lines: that they are called to bill, likewise; who may read them sees
            their amounts
        :return: ``{"summary", "note"}`` of an activity, empty if nothing waits
        """
        sections = [
            *self._prepare_sections(milestones, self._describe_milestone),
            *self._prepare_sections(lines, self._describe_line),
        ]
        if not sections:
            return {}
        count = len(milestones) + len(lines)
        summary = (
            self.env._("1 stage waits for you")
            if count == 1
            else self.env._("%(count)s stages wait for you", count=count)
        )
        return {"summary": summary, "note": Markup("").join(sections)}

    def _prepare_sections(self, records, describe):
        """Return a list with the markup of each kind of waiting, those that there are.

        :param records: milestones or lines
        :param describe: a function of one of them that returns its markup
        """
        if not records:
            return []
        labels = records._fields["waits_because"]._description_selection(self.env)
        kinds = records.grouped("waits_because")
        return [
            self._prepare_section(label, kinds[kind], describe)
            for kind, label in labels
            if kind in kinds
        ]

    def _prepare_section(self, label, records, describe):
        """Return the heading of a kind of waiting, and a list of its first records."""
        rows = [describe(record) for record in records[:MAX_NAMED]]
        if len(records) > MAX_NAMED:
            more = len(records) - MAX_NAMED
            rows.append(self.env._("And %(count)s more.", count=more))
        items = Markup("").join(Markup("<li>%s</li>") % row for row in rows)
        return Markup("<p><b>%s (%s)</b></p><ul>%s</ul>") % (
            label,
            len(records),
            items,
        )

    def _describe_milestone(self, milestone):
        """Return a stage that its project's manager should look at, with its link."""
        facts = [milestone.project_id.name]
        if milestone.deadline:
            date = format_date(self.env, milestone.deadline)
            facts.append(self.env._("due %(date)s", date=date))
        return self._describe(milestone, facts)

    def _describe_line(self, line):
        """Return a stage that somebody should bill, or see paid, with its link."""
        is_unpaid = line.waits_because == "unpaid"
        amount = line.amount_unpaid if is_unpaid else line.amount_waiting
        facts = [line.project_name, line._get_currency().format(amount)]
        if is_unpaid:
            documents = line.move_line_ids.move_id.filtered("amount_residual")
            facts += documents.filtered(lambda m: m.state == "posted").mapped("name")
        return self._describe(line, facts)

    def _describe(self, record, facts):
        """Return the link to a record and what is said of it."""
        return Markup("%s · %s") % (
            record._get_html_link(title=record.name),
            " · ".join(facts),
        )
