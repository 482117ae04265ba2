"""A random walk through the life of billing schedules.

A walk begins with a few contracts on a database and takes steps: ticks, edits, posts,
credits, payments, decisions, moves, archivings and so on, each by the least privileged
user who may do it, as one request does: all or nothing. After each step the rules of
``walk_oracle`` must hold. A walk that breaks one is repeated with ever fewer of its
steps until none can be left out, and told in words.

Each step is an act and a seed of its own, and chooses by the names of things: the rest
of a walk stays the same when steps are taken out.
"""

import logging
from collections import Counter
from contextlib import closing
from random import Random

from psycopg2 import IntegrityError

from odoo.exceptions import RedirectWarning, UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from .walk_acts import ACTS, Skipped
from .walk_openings import OpeningActs
from .walk_oracle import Broken, Facts, check

_logger = logging.getLogger(__name__)

SCHEMES = [
    # kind, basis and percentage or amount, the latter in hundredths of the sum
    ("DPBF", [("percent", 25), ("percent", 25), ("percent", 25), ("balance", 0)]),
    ("PPP", [("percent", 33.333333)] * 3),
    ("DPPF", [("percent", 25)] * 4),
    ("PPF", [("fixed", 40), ("fixed", 35.5), ("fixed", 24.5)]),
    ("DPPF", [("fixed", 10), ("percent", 30), ("percent", 30), ("balance", 0)]),
    ("PPF", [("percent", 20), ("percent", 30), ("percent", 40)]),
    ("PPF", [("percent", 60), ("fixed", 50), ("balance", 0)]),
    ("DPPPPPF", [("percent", 14.285714)] * 6 + [("percent", 14.285716)]),
]
KINDS = {"D": "deposit", "P": "progress", "B": "progress", "F": "final"}
SUMS = [10000.0, 9999.99, 33333.33, 100.01, 1.0, 0.05, 1000000.0]
STORED = [
    "milestone.billing.line",
    "milestone.billing.contract",
    "project.milestone",
    "project.project",
]


def run(case, seed, length):
    """Walk, and return what was broken, or None.

    :param case: a test case with the users and records of ``TestWalk``
    :param int seed: where all choices come from
    :param int length: how many steps are taken
    """
    rng = Random(seed)
    names = list(ACTS)
    weights = [ACTS[name][1] for name in names]
    # there is not always something that an act could be done to
    drawn = rng.choices(names, weights, k=3 * length)
    steps = [(name, rng.randrange(2**32)) for name in drawn]
    walk = Walk(case, seed)
    failure = walk.take(steps, length)
    _logger.debug("seed %s\n%s", seed, "\n".join(walk.story))
    return failure and Failure(seed, steps[: failure[0] + 1], failure[1], walk)


class Failure:
    """A walk that broke a rule."""

    def __init__(self, seed, steps, broken, walk):
        self.seed = seed
        self.steps = steps
        self.broken = broken
        self.story = walk.story

    def shrink(self, case, tries=60):
        """Leave out steps as long as the same rule is broken without them."""
        size = len(self.steps) // 2
        while size and tries:
            start = 0
            while start < len(self.steps) and tries:
                shorter = self.steps[:start] + self.steps[start + size :]
                walk = Walk(case, self.seed)
                walk.thoroughness = 1
                failure = walk.take(shorter)
                tries -= 1
                if failure and failure[1].rule == self.broken.rule:
                    self.steps = shorter[: failure[0] + 1]
                    self.broken = failure[1]
                    self.story = walk.story
                else:
                    start += size
            size //= 2
        return self

    def tell(self):
        """Return the walk in words."""
        return "\n".join(
            [
                f"seed {self.seed}: {self.broken}",
                *(f"  {line}" for line in self.story),
                f"  steps: {self.steps}",
            ]
        )


class Walk(OpeningActs):
    """One walk: its world, its steps and what it has done so far."""

    outcomes = Counter()
    """How often each act was done, refused and skipped, over all walks."""

    thoroughness = 5
    """After how many steps all is computed anew."""

    def __init__(self, case, seed):
        self.checks = 0
        self.edited = set()
        self.case = case
        self.env = case.env
        # those of the records that outlive a step
        self.environments = set(self.env.transaction.envs)
        self.seed = seed
        self.story = []

    def take(self, steps, length=None):
        """Take steps in a world of their own, of which nothing stays.

        :param list steps: pairs of an act and its seed
        :param int length: how many of them are enough, not counting those skipped
        :return: the position of the step that broke a rule and the rule, or None
        """
        with closing(self.env.cr.savepoint()):
            try:
                return self._take(steps, length or len(steps))
            finally:
                self.env.cr.precommit.clear()
                self.env.cr.postcommit.clear()
                self.env.registry.clear_cache()

    def _take(self, steps, length):
        self._make_world(Random(self.seed))
        before = self._check(None)
        for position, (name, seed) in enumerate(steps):
            try:
                if self._do(name, seed):
                    length -= 1
                    before = self._check(before)
            except Broken as broken:
                return position, broken
            if not length:
                break
        return None

    def _do(self, name, seed):
        """Do an act as one request does, and return whether something was done."""
        method = ACTS[name][0]
        self.said = []
        self._forget_environments()
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                method(self, Random(seed))
                self._flush()
            outcome = "done"
        except Skipped:
            outcome = "skipped"
        except (UserError, RedirectWarning) as error:
            outcome = "refused"
            self._say("→", type(error).__name__, str(error.args[0])[:160])
        except IntegrityError as error:
            # as the server answers it
            outcome = "refused"
            if not self._is_own_constraint(error):
                self._tell(name, outcome)
                raise Broken(f"no error of the database in {name}", error) from error
            self._say("→", str(error).splitlines()[0])
        except Broken:
            self._tell(name, "broken")
            raise
        except Exception as error:
            self._tell(name, "failed")
            _logger.info("%s failed", name, exc_info=True)
            rule = f"no {type(error).__name__} in {name}"
            raise Broken(rule, str(error)[:500]) from error
        self.outcomes[name, outcome] += 1
        if outcome != "skipped":
            self._tell(name, outcome)
        return outcome != "skipped"

    def _forget_environments(self):
        """Let go of those of earlier steps: each new one is looked up in all."""
        known = self.env.transaction.envs
        for env in set(known) - self.environments:
            known.discard(env)

    def _is_own_constraint(self, error):
        name = error.diag.constraint_name or ""
        return name.startswith("milestone_billing")

    def _flush(self):
        """Do what the end of a request does before the database keeps it."""
        self.env.cr.flush()

    def _check(self, before):
        """Hold everything against the rules, and return the facts."""
        self.env.flush_all()
        facts = Facts(self.env.cr)
        check(facts, before)
        self._check_within_plan(facts)
        self.checks += 1
        if self.checks % self.thoroughness == 0:
            self._check_recomputed()
        return facts

    def _check_within_plan(self, facts):
        """A second invoice would bill beyond the plan, as only edits may."""
        for line in facts.lines.values():
            used = line.drafted + line.billed
            if line.id not in self.edited and facts._exceeds(used, line.planned, line):
                raise Broken(
                    "a line is billed once",
                    f"{line.name}: {used} of {line.planned}",
                )

    def _check_recomputed(self):
        """Compute what is stored anew: it must stay as it is."""
        stored = {}
        self.env.invalidate_all()
        for name in STORED:
            Model = self.env[name].with_context(active_test=False)
            records = Model.search([])
            computed = [
                field
                for field in Model._fields.values()
                if field.store
                and field.compute
                and (field.readonly or field.related)
                and field._module == "milestone_billing"
            ]
            stored[records] = computed
        before = self._read_stored(stored)
        for records, computed in stored.items():
            for field in computed:
                self.env.add_to_compute(field, records)
        self.env.flush_all()
        after = self._read_stored(stored)
        for key, value in before.items():
            if after[key] != value and not self._is_same(value, after[key]):
                raise Broken(
                    f"{key[0]}.{key[1]} is up to date",
                    f"{key[2]}: stored {value}, computed {after[key]}",
                )

    def _is_same(self, value, other):
        if isinstance(value, float) and isinstance(other, float):
            return abs(value - other) < 0.0001
        return (value or None) == (other or None)

    def _read_stored(self, stored):
        values = {}
        for records, computed in stored.items():
            for row in records.read([field.name for field in computed], load=None):
                for field in computed:
                    values[records._name, field.name, row["id"]] = row[field.name]
        return values

    # --- the story ---

    def _say(self, *words):
        self.said.append(" ".join(str(word) for word in words))

    def _tell(self, name, outcome):
        self.story.append(f"{name} ({outcome}): {' '.join(self.said)}")

    # --- the world ---

    def _make_world(self, rng):
        """Make two or three contracts, some of them on the same milestones."""
        self.said = []
        case = self.case
        self.customers = self.env["res.partner"].create(
            [
                {"name": "Customer A", "email": "a@example.com"},
                {"name": "Customer B", "email": "b@example.com"},
            ]
        )
        self.clients = self.env["res.users"].create(
            [
                {
                    "name": f"Client of {customer.name}",
                    "login": f"client of {customer.name}",
                    "email": customer.email,
                    "partner_id": customer.create(
                        {"name": f"Client of {customer.name}", "parent_id": customer.id}
                    ).id,
                    "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
                }
                for customer in self.customers
            ]
        )
        self.taxes = self.env["account.tax"]
        for tax in rng.choice(case.tax_sets) if rng.random() < 0.3 else []:
            self.taxes |= tax.copy({"name": f"{tax.name} of its own"})
        self.product = self.env["product.product"].create(
            {
                "name": "Work",
                "type": "service",
                "taxes_id": [Command.set(rng.choice(case.tax_sets).ids)],
            }
        )
        self.journal = self.env["account.journal"].create(
            {"name": "Stages", "code": "STG", "type": "sale"}
        )
        self.projects = self.env["project.project"]
        for index in range(rng.choice([2, 2, 3])):
            shared = index and rng.random() < 0.5
            self._make_contract(rng, "KLM"[index], shared)

    def _make_contract(self, rng, reference, shared):
        scheme, shares = rng.choice(SCHEMES)
        contract_sum = rng.choice(SUMS)
        currency = rng.choice(self.case.currencies)
        project = self.projects[-1:]
        milestones = project.milestone_ids.browse()
        if shared:
            milestones = project.milestone_ids.sorted("id")
        else:
            project = self._as(self.case.project_admin, self.projects).create(
                {
                    "name": f"Project {reference}",
                    "partner_id": self.customers[0].id,
                    "user_id": self.case.project_user.id,
                }
            )
            project = project.with_env(self.env)
            self.projects |= project
        fixed_only = {basis for basis, _share in shares} == {"fixed"}
        lines = []
        for index, (basis, share) in enumerate(shares):
            name = f"{reference}{index + 1}"
            figure = share * contract_sum / 100 if basis == "fixed" else share
            lines.append(
                {
                    "name": name,
                    "kind": KINDS[scheme[index]],
                    "basis": basis,
                    "amount" if basis == "fixed" else "percent": figure,
                    "sequence": index,
                }
            )
            if milestones[index : index + 1]:
                lines[-1]["milestone_id"] = milestones[index].id
            if self.taxes and rng.random() < 0.3:
                lines[-1]["tax_ids"] = [Command.set(self.taxes.ids)]
        contract = self._as(
            self.case.project_admin, self.env["milestone.billing.contract"]
        ).create(
            {
                "project_id": project.id,
                "partner_id": self.customers[1 if shared else 0].id,
                "reference": reference,
                "currency_id": currency.id,
                "contract_sum": 0
                if fixed_only and rng.random() < 0.7
                else contract_sum,
                "product_id": self.product.id,
                "payment_term_id": rng.choice(
                    [False, self.case.discount_term.id, self.case.part_term.id]
                ),
                "journal_id": rng.choice([False, self.journal.id]),
                "line_ids": [Command.create(values) for values in lines],
            }
        )
        self.story.append(
            f"contract {reference} on {project.name}: {contract.contract_sum:g}"
            f" {currency.name}, {shares}, tax {self.product.taxes_id.mapped('name')},"
            f" own {self.taxes.mapped('name')}"
        )
