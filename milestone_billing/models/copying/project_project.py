from odoo import SUPERUSER_ID, models


class ProjectProject(models.Model):
    """A copy of a project has its contracts, too."""

    _inherit = "project.project"

    # -------------------------------------------------------------------------
    # CRUD
    # -------------------------------------------------------------------------

    def copy(self, default=None):
        # core gives each of several copies the milestones of all: copy one by one
        if len(self) > 1:
            return self.browse().concat(*(project.copy(default) for project in self))
        contracts = self._get_all_contracts().filtered("active")
        contracts._check_own_company()
        mapping = {}
        copies = super(
            ProjectProject, self.with_context(milestone_mapping=mapping)
        ).copy(default)
        if not contracts:
            return copies
        if not self.allow_milestones:
            # core leaves the milestones of such a project behind: those with a stage
            # come along
            milestones = contracts.line_ids.milestone_id
            for milestone in milestones:
                mapping[milestone.id] = milestone.copy({"project_id": copies.id}).id
        is_template_use = bool(
            self.is_template or self.env.context.get("copy_from_template")
        )
        # the superuser: who may copy a project takes along the schedule without seeing
        # it, and the automation that they could not choose themselves
        system = self.env(user=SUPERUSER_ID)
        contracts.with_env(system).with_company(self.env.company)._copy_to_project(
            copies.with_env(system), mapping, is_template_use and not copies.is_template
        )
        self._shift_deadlines(copies, mapping)
        return copies

    def _shift_deadlines(self, copy, mapping):
        """Give the copied milestones with a stage their dates, counted from the start.

        Without a start of both projects they have none, as core leaves them.
        """
        if not (self.date_start and copy.date_start):
            return
        shift = copy.date_start - self.date_start
        # sudo: the dates of the milestones just copied for who may copy the project
        for milestone in self.sudo()._get_all_contracts().line_ids.milestone_id:
            if milestone.deadline and milestone.id in mapping:
                milestone.browse(mapping[milestone.id]).deadline = (
                    milestone.deadline + shift
                )
