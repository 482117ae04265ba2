from odoo import api, fields, models

from odoo.addons.project.models.project_task import CLOSED_STATES

from ..groups import INVOICING_GROUP
from ..status import get_first_state
from .picture import Part, add_up, draw_bar, get_color, get_widths

VERSION = 1


class MilestoneBillingTimeline(models.AbstractModel):
    """What the picture of a contract or project shows, with the reader's rights.

    Whoever sees the project sees states and counts; amounts, customers and why a stage
    is blocked come from lines, which the billing group alone can read.
    """

    _name = "milestone.billing.timeline"
    _description = "Picture of a Billing Schedule"

    # -------------------------------------------------------------------------
    # BUSINESS: the picture
    # -------------------------------------------------------------------------

    @api.model
    def _draw(self, contracts, milestones, of_project=False):
        """Return the picture of ``contracts``, and of ``milestones`` they have not.

        :param contracts: those that the reader may see; they may be edited just now
        :param milestones: those that the reader may see
        :param bool of_project: whether a milestone shows what needs doing first in any
            contract, not in these
        :return: a dictionary that is JSON:

            - ``version``: of this shape
            - ``today``: the reader's date, as ISO text, as all dates are
            - ``bars``: a list, one a contract; one of counts where amounts are not for
              the reader. Each is a dictionary:

              - ``id``: of the contract, False for counts
              - ``title``: customer · reference, empty for counts
              - ``currency_id``: False for counts
              - ``total``: the contract sum to date, net; or how many stages
              - ``is_changed``: whether the original contract sum was another one
              - ``share``: how much of it is billed, in whole percent
              - ``over_scheduled``: by how much the stages exceed the contract sum
              - ``segments``: dictionaries with ``status``, ``label``, ``names`` (of
                stages), ``value`` and ``width`` (in percent)
              - ``sums``: dictionaries with ``status``, ``label`` and ``value``

            - ``stages``: a list, one a milestone, as :meth:`_draw_stage` documents it
        """
        schedules = [contract._get_schedule() for contract in contracts]
        lines = self.env["milestone.billing.line"].union(*schedules)
        bars = [
            self._draw_contract(contract, schedule)
            for contract, schedule in zip(contracts, schedules, strict=True)
        ]
        return {
            "version": VERSION,
            "today": fields.Date.context_today(self).isoformat(),
            "bars": bars or self._draw_counts(milestones),
            "stages": self._draw_path(lines, milestones, of_project),
        }

    @api.model
    def _draw_small_bar(self, values, labels):
        """Return the segments of the bar on cards and in lists: widths, no amounts.

        :param dict values: amounts, or how many stages, by status
        :param dict labels: as :meth:`_get_labels` returns them
        """
        return [
            {"status": status, "label": labels[status], "width": width}
            for status, width in get_widths(values).items()
        ]

    @api.model
    def _get_labels(self):
        """Return what users read of each part of a bar, and of each status."""
        field = self.env["project.milestone"]._fields["billing_status"]
        return {
            **dict(field._description_selection(self.env)),
            "deducted": self.env._("Discounts and deductions"),
            "unscheduled": self.env._("Not scheduled"),
        }

    # -------------------------------------------------------------------------
    # BUSINESS: bars
    # -------------------------------------------------------------------------

    @api.model
    def _draw_contract(self, contract, lines):
        """Return the bar of a contract whose amounts the reader may see."""
        parts = [part for line in lines for part in line._get_timeline_parts()]
        parts.append(Part("unscheduled", contract.amount_unscheduled))
        partner = contract.partner_id
        # sudo: who may read the contract reads its customer's name on it
        names = [partner.sudo().display_name, contract.reference]
        return {
            "id": contract._origin.id,
            "title": " · ".join(filter(None, names)),
            "currency_id": contract.currency_id.id,
            "total": contract.amount_to_date,
            "is_changed": contract.amount_to_date != contract.amount_original,
            "share": self.env["project.project"]._get_share_billed(contract),
            "over_scheduled": contract.amount_over_scheduled,
            **self._draw_parts(parts),
        }

    @api.model
    def _draw_counts(self, milestones):
        """Return the bar of how many milestones are how far, in a list; or none."""
        if not milestones:
            return []
        parts = [Part(m.billing_status, 1, m.name) for m in milestones]
        return [
            {
                "id": False,
                "title": "",
                "currency_id": False,
                "total": len(milestones),
                "is_changed": False,
                "share": milestones.project_id[:1].billing_share,
                "over_scheduled": 0.0,
                **self._draw_parts(parts),
            }
        ]

    @api.model
    def _draw_parts(self, parts):
        """Return the segments and the sums of a bar."""
        labels = self._get_labels()
        return {
            "segments": [
                {
                    "status": segment.status,
                    "label": labels[segment.status],
                    "names": segment.names,
                    "value": segment.value,
                    "width": segment.width,
                }
                for segment in draw_bar(parts)
            ],
            "sums": [
                {"status": status, "label": labels[status], "value": value}
                for status, value in add_up(parts).items()
            ],
        }

    # -------------------------------------------------------------------------
    # BUSINESS: the path
    # -------------------------------------------------------------------------

    @api.model
    def _draw_path(self, lines, milestones, of_project):
        """Return the stages of the path: one a milestone, in the schedule's order."""
        stages = self._group_stages(lines, milestones)
        known = {
            "labels": self._get_labels(),
            "tasks": self._count_tasks(milestones),
            "invoices": lines._read_timeline_invoices(),
            "writable": milestones._filtered_access("write"),
            "may_bill": self.env.user.has_group(INVOICING_GROUP),
            "today": fields.Date.context_today(self),
        }
        path = []
        for milestone, stage_lines in stages:
            statuses = stage_lines.mapped("status")
            if of_project:
                statuses.append(milestone.billing_status)
            status = get_first_state(statuses)
            path.append(self._draw_stage(milestone, stage_lines, status, known))
        following = [stage for stage in path if not stage["is_done"]]
        for stage in following[:1]:
            stage["is_next"] = True
        return path

    @api.model
    def _group_stages(self, lines, milestones):
        """Return pairs of a milestone and its lines; either may be empty.

        In the order of the schedule, of several by their dates.
        """
        groups = {}
        for line in lines:
            # a line that is being entered has no milestone yet
            key = line.milestone_id or line
            groups[key] = groups.get(key, lines.browse()) | line
        stages = [(group.milestone_id & milestones, group) for group in groups.values()]
        others = milestones - lines.milestone_id
        stages += [
            (milestone, lines.browse())
            for milestone in others.sorted(lambda m: (m.sequence, m.id))
        ]
        if others or len(lines.contract_id) > 1:
            last = fields.Date.today().max
            stages.sort(key=lambda s: s[0].deadline or s[1][:1].deadline or last)
        # what is not read yet of one is read of all
        return [
            (milestone.with_prefetch(milestones.ids), group.with_prefetch(lines._ids))
            for milestone, group in stages
        ]

    @api.model
    def _count_tasks(self, milestones):
        """Return how many of each milestone's tasks are closed, and how many there are."""
        tasks = self.env["project.task"]
        if not milestones or not tasks.has_access("read"):
            return {}
        counts = {}
        for milestone, state, count in tasks._read_group(
            [("milestone_id", "in", milestones.ids)],
            ["milestone_id", "state"],
            ["__count"],
        ):
            closed, total = counts.get(milestone.id, (0, 0))
            closed += count if state in CLOSED_STATES else 0
            counts[milestone.id] = (closed, total + count)
        return counts

    @api.model
    def _draw_stage(self, milestone, lines, status, known):
        """Return one stage of the path.

        :param milestone: empty for who cannot open the project
        :param lines: empty for who may not see amounts
        :param status: what needs doing first
        :param dict known: what was read of all stages at once
        :return: a dictionary:

            - ``id``: of the milestone, False where it cannot be opened or is new
            - ``line_ids``: of the lines that the reader may see
            - ``name``, ``title`` (*Milestone 2*, *Deposit*, *Final*, or empty)
            - ``status``, ``label`` and ``color`` of the badge
            - ``parts``: the keys of the sums that it is part of
            - ``amounts``: a list of ``currency_id`` and ``value``, net
            - what :meth:`_draw_progress` and :meth:`_draw_details` add
        """
        first = lines[:1]
        return {
            "id": milestone.id,
            "line_ids": lines._origin.ids,
            "name": milestone.name if len(lines) != 1 else first.name or "",
            "title": first._get_timeline_title() if first else "",
            "status": status,
            "label": known["labels"].get(status, ""),
            "color": get_color(status),
            "parts": self._get_part_keys(lines, status),
            "amounts": lines._get_timeline_amounts(),
            **self._draw_progress(milestone, first, known),
            **self._draw_details(milestone, lines, known),
        }

    @api.model
    def _draw_progress(self, milestone, line, known):
        """Return how far a stage is.

        :return: a dictionary:

            - ``date`` (or False), ``done_on`` (or False), ``days_late`` (0 if in time)
            - ``is_done``, ``is_next`` (the first that is not done)
            - ``tasks``: ``closed`` and ``all``, or False without any
        """
        deadline = milestone.deadline or line.deadline
        is_done = milestone.is_reached or line.is_reached
        is_late = deadline and not is_done and deadline < known["today"]
        closed, total = known["tasks"].get(milestone.id, (0, 0))
        return {
            "date": deadline and deadline.isoformat(),
            "done_on": is_done and self._get_done_on(milestone, line),
            "days_late": (known["today"] - deadline).days if is_late else 0,
            "is_done": is_done,
            "is_next": False,
            "tasks": bool(total) and {"closed": closed, "all": total},
        }

    @api.model
    def _draw_details(self, milestone, lines, known):
        """Return what a stage shows when it is opened.

        :return: a dictionary:

            - ``criteria``: what was agreed; ``reason``: why it is blocked
            - ``invoices``: a list of ``id`` and ``name``, those the reader may open
            - ``acts``: what the reader may do: ``mark_done``, ``ask``, ``remind``,
              ``create_draft``, ``decide``
            - ``consequence``: what marking it done will do
        """
        acts = self._get_acts(milestone, lines, known)
        is_open = "mark_done" in acts
        return {
            "criteria": milestone.acceptance_criteria or "",
            "reason": "\n".join(filter(None, lines.mapped("blocking_reason"))),
            "invoices": [
                invoice
                for line in lines
                for invoice in known["invoices"].get(line._origin.id, ())
            ],
            "acts": acts,
            "consequence": self._get_consequence(milestone, lines) if is_open else "",
        }

    @api.model
    def _get_part_keys(self, lines, status):
        """Return in which sums of the bars a stage is."""
        parts = [part for line in lines for part in line._get_timeline_parts()]
        return sorted({part.status for part in parts}) or [status]

    @api.model
    def _get_done_on(self, milestone, line):
        """Return on what day a stage was marked done, as ISO text, or False."""
        date = milestone.reached_date or line.reached_date
        return date and date.isoformat()

    @api.model
    def _get_acts(self, milestone, lines, known):
        """Return the names of what the reader may do with a stage now."""
        acts = []
        if milestone and milestone in known["writable"]:
            if not milestone.is_reached:
                acts.append("mark_done")
            if milestone.can_ask_acceptance:
                is_asked = milestone.acceptance_state == "asked"
                acts.append("remind" if is_asked else "ask")
        if known["may_bill"] and lines._origin:
            if lines._filtered_to_draft():
                acts.append("create_draft")
            if lines._filtered_to_decide():
                acts.append("decide")
        return acts

    # -------------------------------------------------------------------------
    # BUSINESS: what marking a stage done will do
    # -------------------------------------------------------------------------

    @api.model
    def _get_consequence(self, milestone, lines):
        """Return in a sentence what marking the milestone done will do.

        With amount and customer for who sees the lines.
        """
        if lines:
            return "\n".join(line._get_timeline_consequence() for line in lines)
        # sudo: that an invoice is drafted is no secret: the tick logs it on the project
        contracts = milestone.sudo().billing_line_ids.contract_id
        if any(
            contract.partner_id and contract._is_drafting_automatically()
            for contract in contracts
        ):
            return self.env._("Makes the draft invoice.")
        return self.env._("It then waits to be invoiced.")
