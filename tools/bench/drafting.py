"""A tick beside the bare creation of the invoices that it makes.

*Limit* is the fastest that is known of creating the same invoices with core alone: the
journal and the fiscal position given, one log message a batch, and the balance given on
the invoice line. *Plain* is one ``create`` for all. Both are an accountant's, the tick
is a project user's.
"""

import resource

from odoo.fields import Command
from odoo.tools import split_every

from . import seed
from .measuring import compare_in, get_cost, undo

# as the job takes them
BATCH_SIZE = 100
# what tells the way and the moment, not the document
TECHNICAL = {
    "access_token",
    "activity_ids",
    "create_uid",
    "write_uid",
    "create_date",
    "write_date",
    "id",
    "display_name",
    "move_id",
    "message_ids",
    "website_message_ids",
    "__last_update",
}


class Drafting:
    """Ways to draft the invoices of one stage of each of a number of projects."""

    def __init__(self, env, stage="Stage 1"):
        self.env = env
        self.product = seed.get_product(env)
        self.accountant = seed.get_user(env, "accountant")
        self.project_user = seed.get_user(env, "project user")
        self.milestones = env["project.milestone"].search(
            [("name", "=", stage), ("project_id.name", "=like", "Project %")],
            order="id",
        )

    @property
    def lines(self):
        """The milestone lines, where the addon is installed."""
        return self.milestones.billing_line_ids

    def by(self, user, records):
        """Return records as a user's request gets them."""
        context = {
            "lang": "en_US",
            "tz": "Europe/Brussels",
            "allowed_company_ids": self.env.company.ids,
        }
        return records.with_env(self.env(user=user.id, su=False, context=context))

    def tick(self, count):
        """Prepare that a project user marks ``count`` milestones done at once."""
        milestones = self.by(self.project_user, self.milestones[:count])
        return lambda: milestones.write({"is_reached": True})

    def run(self, count):
        """Prepare that ``count`` milestones marked done at once are worked off.

        More than a request drafts itself: the scheduled job does, batch by batch.
        """
        self.tick(count)()
        run = self.env["milestone.billing.run"].search([], limit=1)
        items = run.item_ids

        def act():
            for batch in split_every(BATCH_SIZE, items.ids):
                run._process(items.browse(batch))
                # as the commit after each batch leaves it
                self.env.flush_all()
                self.env.invalidate_all()

        return act

    def plain(self, count, user=None):
        """Prepare the plain batched creation of the same invoices."""
        vals_list = [self.prepare_vals(m) for m in self.milestones[:count]]
        moves = self.by(user or self.accountant, self.env["account.move"])
        return lambda: moves.create(vals_list)

    def limit(self, count):
        """Prepare the fastest creation of the same invoices with core alone."""
        vals_list = [self.prepare_vals(m) for m in self.milestones[:count]]
        moves = self.by(self.accountant, self.env["account.move"])
        moves = moves.with_context(mail_create_nolog=True)

        def act():
            self.complete(moves.env, vals_list)
            created = moves.create(vals_list)
            created._message_log_batch(
                bodies={move.id: move._creation_message() for move in created}
            )

        return act

    def complete(self, env, vals_list):
        """Give what core would look for, or write, invoice by invoice."""
        partners = env["res.partner"].browse({vals["partner_id"] for vals in vals_list})
        find = env["account.fiscal.position"]._get_fiscal_position
        positions = {partner.id: find(partner).id for partner in partners}
        journal = env["account.journal"].search([("type", "=", "sale")], limit=1)
        for vals in vals_list:
            vals["fiscal_position_id"] = positions[vals["partner_id"]]
            vals["journal_id"] = journal.id
            line = vals["invoice_line_ids"][0][2]
            line["balance"] = line["amount_currency"] = -line["price_unit"]

    def prepare_vals(self, milestone):
        """Return the values of an invoice as a script of core alone would give them."""
        project = milestone.project_id
        number = milestone.name.split()[1]
        label = (
            f"Milestone {int(number) + 1} — {milestone.name}\nProject: {project.name}"
        )
        return {
            "move_type": "out_invoice",
            "partner_id": project.partner_id.id,
            "invoice_user_id": self.project_user.id,
            "invoice_origin": f"{project.name} — {milestone.name}",
            "invoice_line_ids": [
                Command.create(
                    seed.prepare_line(
                        self.env,
                        product_id=self.product.id,
                        name=label,
                        analytic_distribution=project._get_analytic_distribution(),
                    )
                )
            ],
        }


def describe(env, moves):
    """Return what documents say: stored fields, followers, number of messages."""
    return [
        (
            read_stored(move),
            [read_stored(line) for line in move.line_ids.sorted("display_type")],
            # besides, who is called follows
            sorted(
                (move.message_partner_ids - move.activity_ids.user_id.partner_id).ids
            ),
            len(move.message_ids),
        )
        for move in moves.sorted("id")
    ]


def read_stored(record):
    return {
        name: field.convert_to_read(record[name], record, use_display_name=False)
        for name, field in record._fields.items()
        if field.store
        and field._module != "milestone_billing"
        and name not in TECHNICAL
        and field.type not in ("one2many", "many2many")
    }


def measure_likeness(env, goals, count=20):
    """Add that the drafts of a tick are what plain creation makes."""
    drafting = Drafting(env)

    def tick():
        drafting.tick(count)()
        return describe(env, drafting.lines[:count].move_line_ids.move_id)

    def plain():
        # by the superuser, who makes the drafts of a tick
        moves = drafting.plain(count, env.user)()
        moves = moves.sudo()
        return describe(env, moves)

    ours, theirs = undo(env, tick), undo(env, plain)
    differences = {
        name
        for (move, lines, *_rest), (other, other_lines, *_rests) in zip(
            ours, theirs, strict=True
        )
        for one, two in zip([move, *lines], [other, *other_lines], strict=True)
        for name in one
        if one[name] != two[name]
    }
    same_log = [row[2:] for row in ours] == [row[2:] for row in theirs]
    goals.add(
        "drafts equal to plain creation in fields, followers, messages",
        f"{len(ours)} documents, differing: {', '.join(sorted(differences)) or 'none'}",
        not differences and same_log,
    )


def measure(without, env, goals):
    """Add the goals of a tick beside core alone, on the database without the addon."""
    measure_likeness(env, goals)
    ours, core = Drafting(env), Drafting(without)
    for way, count, rounds, most in (
        ("tick", 1, 7, 1.10),
        ("tick", 10, 5, None),
        ("tick", 100, 3, 1.10),
        ("run", 1000, 1, 1.15),
    ):
        own, limit, plain = compare_ways(
            count, rounds, (ours, way), (core, "limit"), (core, "plain")
        )
        for name, cost in ((way, own), ("limit", limit), ("plain", plain)):
            print(
                f"    {name:5} {count:5}: {cost.cpu / count * 1000:6.1f} ms CPU and"
                f" {cost.calls / count:8.0f} calls each, {cost.queries:5} queries",
                flush=True,
            )
        if most:
            goals.add_ratio(f"{way} of {count:,}, × limit", own, limit, most)
        if count >= 100:
            # most of what plain creation takes is queries: no function calls
            title = f"{way} of {count:,}, × plain creation"
            goals.add_ratio(title, own, plain, 0.65, by="cpu")
    goals.add(
        "run of 1,000: at most 1.5 queries each",
        f"{own.queries / 1000:.2f} q",
        own.queries <= 1500,
    )


def compare_ways(count, rounds, *ways):
    """Return the :class:`Cost` of ways of drafting, by turns, each undone at once."""
    prepares = [
        (drafting.env, lambda d=drafting, name=name: getattr(d, name)(count))
        for drafting, name in ways
    ]
    return compare_in(*prepares, rounds=rounds, warm_up=count < 1000)


def measure_long(env, goals):
    """Add that a run of 5,000 takes five times 1,000, and no more memory."""
    drafting = Drafting(env)
    costs, peaks = {}, {}
    for count in (1000, 5000):
        drafting.milestones = env["project.milestone"].search(
            [("project_id.name", "=like", "Project %")], order="name, id", limit=count
        )
        costs[count] = undo(env, lambda n=count: get_cost(env, drafting.run(n)))
        peaks[count] = get_peak_memory()
    few, many = (cost.cpu / count * 1000 for count, cost in costs.items())
    more = peaks[5000] - peaks[1000]
    goals.add(
        "run of 5,000: linear, at most + 50 MB",
        f"{few:.1f} → {many:.1f} ms CPU each, + {more:.0f} MB",
        many <= 1.1 * few and more <= 50,
    )


def get_peak_memory():
    """Return the peak of this process's memory, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
