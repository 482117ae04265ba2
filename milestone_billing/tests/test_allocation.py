import doctest
from dataclasses import replace
from math import copysign
from random import Random
from unittest import skipUnless

from odoo.tests import BaseCase, tagged
from odoo.tools import float_compare, float_round

from ..models import allocation, settlement, status
from ..models.allocation import ScheduleLine, allocate
from ..models.settlement import settle

try:
    from hypothesis import given, settings
    from hypothesis import strategies as st
except ImportError:  # only the project's own test run needs it
    given = None


def percent(value, **history):
    return ScheduleLine("percent", percent=value, **history)


def fixed(value, **history):
    return ScheduleLine("fixed", amount=value, **history)


def balance(**history):
    return ScheduleLine("balance", **history)


def billed(amount):
    return {"live": True, "recorded": amount, "billed": amount}


@tagged("post_install", "-at_install")
class TestAllocation(BaseCase):
    """The rule that decides every amount, without database."""

    _retry = False

    def assertPlanned(self, contract, lines, planned, rounding=0.01):
        result = allocate(contract, rounding, lines)
        self.assertEqual(result.planned, planned)
        return result

    def test_doctests(self):
        for module in (allocation, settlement, status):
            with self.subTest(module.__name__):
                result = doctest.testmod(module)
                self.assertTrue(result.attempted)
                self.assertEqual(result.failed, 0)

    def test_examples_of_the_trade(self):
        third = percent(33.333333)
        examples = [
            ("three thirds", 10000, 0.01, [third] * 3, (3333.33, 3333.33, 3333.34)),
            ("30/40/30", 12345.67, 0.01,
             [percent(30), percent(40), percent(30)], (3703.70, 4938.27, 3703.70)),
            ("deposit and balance", 10000, 0.01,
             [percent(25), balance()], (2500.0, 7500.0)),
            ("balance in the middle", 10000, 0.01,
             [percent(25), balance(), percent(25)], (2500.0, 5000.0, 2500.0)),
            ("fixed stages", 10000, 0.01,
             [fixed(1000), fixed(4000), balance()], (1000.0, 4000.0, 5000.0)),
            ("yen", 10000, 1.0, [third] * 3, (3333.0, 3333.0, 3334.0)),
            ("dinar", 10, 0.001, [third] * 3, (3.333, 3.333, 3.334)),
            ("Swiss five centimes", 100, 0.05, [third] * 3, (33.35, 33.35, 33.3)),
            ("retention held back", 80000, 0.01,
             [percent(10), percent(30), percent(30), percent(25), percent(5)],
             (8000.0, 24000.0, 24000.0, 20000.0, 4000.0)),
            ("nothing agreed yet", 0, 0.01, [percent(50), balance()], (0.0, 0.0)),
            ("no lines", 5000, 0.01, [], ()),
        ]  # fmt: skip
        for name, contract, rounding, lines, planned in examples:
            with self.subTest(name):
                self.assertPlanned(contract, lines, planned, rounding)

    def test_without_balance_or_whole_set_the_rest_is_unscheduled(self):
        result = self.assertPlanned(10000, [percent(25), fixed(500)], (2500.0, 500.0))
        self.assertEqual(result.unscheduled, 7000.0)
        self.assertEqual(result.over_scheduled, 0.0)

    def test_percentages_off_by_their_sixth_decimal_are_a_whole_set(self):
        sevenths = [percent(14.285714)] * 7  # 99.999998
        result = allocate(10000, 0.01, sevenths)
        self.assertEqual(result.unscheduled, 0.0)
        self.assertEqual(round(sum(result.planned), 2), 10000.0)
        self.assertIsNone(allocate(10000, 0.01, [percent(33.33)] * 3).rest_index)

    def test_more_than_the_contract_is_over_scheduled(self):
        result = self.assertPlanned(
            10000, [fixed(8000), fixed(3000), balance()], (8000.0, 3000.0, 0.0)
        )
        self.assertEqual(result.over_scheduled, 1000.0)
        self.assertEqual(allocate(10000, 0.01, [percent(60)] * 2).over_scheduled, 2000)

    def test_live_lines_keep_the_plan_recorded_when_drafted(self):
        lines = [percent(25, **billed(2500)), percent(25), balance()]
        self.assertPlanned(12000, lines, (2500.0, 3000.0, 6500.0))

    def test_whole_set_gives_a_contract_change_to_the_last_open_line(self):
        lines = [percent(25, **billed(2500))] * 2 + [percent(25)] * 2
        result = self.assertPlanned(12000, lines, (2500.0, 2500.0, 3000.0, 4000.0))
        self.assertEqual(result.rest_index, 3)
        self.assertEqual(result.rest_shift, 1000.0)

    def test_drift_of_an_edited_draft_goes_to_the_line_that_takes_the_rest(self):
        raised = percent(25, live=True, recorded=2500, drafted=2600)
        result = self.assertPlanned(10000, [raised, balance()], (2500.0, 7400.0))
        self.assertEqual(result.over_scheduled, 0.0)
        lowered = percent(25, live=True, recorded=2500, drafted=2400)
        self.assertPlanned(10000, [lowered, balance()], (2500.0, 7500.0))

    def test_fully_credited_line_follows_the_contract_again(self):
        lines = [percent(25, recorded=2500, billed=0.0), balance()]
        self.assertPlanned(12000, lines, (3000.0, 9000.0))

    def test_when_the_balance_is_billed_a_raised_contract_is_unscheduled(self):
        lines = [percent(25, **billed(2500)), balance(**billed(7500))]
        self.assertEqual(allocate(12000, 0.01, lines).unscheduled, 2000.0)

    def test_lowered_contract_takes_from_the_open_lines(self):
        lines = [fixed(4000, **billed(4000)), fixed(4000), balance()]
        result = self.assertPlanned(7000, lines, (4000.0, 4000.0, 0.0))
        self.assertEqual(result.over_scheduled, 1000.0)

    def test_carried_amount_goes_to_the_line_that_takes_the_rest(self):
        lines = [percent(25, carried=500, **billed(2500)), percent(25), balance()]
        lines[0] = replace(lines[0], billed=2000)
        self.assertPlanned(10000, lines, (2000.0, 2500.0, 5500.0))

    def test_written_off_amount_changes_no_other_line(self):
        quarters = [
            percent(25),
            percent(25, written_off=2500),
            percent(25),
            percent(25),
        ]
        self.assertPlanned(7500, quarters, (2500.0, 0.0, 2500.0, 2500.0))
        lines = [percent(25), balance(written_off=1000)]
        self.assertPlanned(9000, lines, (2500.0, 6500.0))

    def test_what_was_billed_elsewhere_is_taken(self):
        lines = [percent(25, opening=3000), balance()]
        self.assertPlanned(10000, lines, (2500.0, 7000.0))
        result = self.assertPlanned(10000, [fixed(8000), balance(opening=3000)],
                                    (8000.0, 2000.0))  # fmt: skip
        self.assertEqual(result.over_scheduled, 1000.0)

    def test_live_is_a_document_not_an_amount(self):
        nothing = percent(25, live=True, recorded=2500)
        self.assertPlanned(12000, [nothing, balance()], (2500.0, 9500.0))
        credited_draft = percent(25, live=True, recorded=2500, drafted=2500,
                                 billed=-2500)  # fmt: skip
        self.assertPlanned(12000, [credited_draft, balance()], (2500.0, 9500.0))

    def test_closed_line_plans_what_it_kept_also_of_a_raised_contract(self):
        quarters = [percent(25) for _n in range(4)]
        quarters[1] = percent(25, written_off=2500, kept=0.0)
        self.assertPlanned(9500, quarters, (3000.0, 0.0, 3000.0, 3500.0))
        lines = [percent(25, written_off=500, kept=2000.0, **billed(2000)), balance()]
        self.assertPlanned(11500, lines, (2000.0, 9500.0))

    def test_closed_line_reopens_exactly_what_is_credited(self):
        line = percent(25, written_off=500, kept=2000.0, live=True, recorded=2500,
                       billed=1700)  # fmt: skip
        result = self.assertPlanned(11500, [line, balance()], (2000.0, 9500.0))
        self.assertEqual(result.planned[0] - line.used, 300)

    def test_closed_line_takes_no_rest(self):
        closed = balance(written_off=2500, kept=0.0)
        result = self.assertPlanned(9500, [percent(75), closed], (9000.0, 0.0))
        self.assertEqual(result.unscheduled, 500)
        halves = [percent(50), percent(50, written_off=5000, kept=0.0)]
        self.assertPlanned(7000, halves, (7000.0, 0.0))

    def test_nothing_is_not_less_than_nothing(self):
        for contract, lines in ((10000, [percent(50)] * 2), (0, []), (0, [balance()])):
            result = allocate(contract, 0.01, lines)
            amounts = (result.over_scheduled, result.unscheduled, *result.planned)
            self.assertEqual({copysign(1, amount) for amount in amounts}, {1.0})

    def test_shares_of_a_settlement_add_up(self):
        random = Random(7)
        for digits in (0, 2, 3):

            def round_amount(amount, digits=digits):
                return float_round(amount, precision_digits=digits)

            for _n in range(300):
                nets = {
                    stage: round_amount(random.uniform(0, 5000))
                    for stage in range(random.randint(1, 5))
                }
                total = round_amount(sum(nets.values()) * random.uniform(1, 1.25))
                residual = round_amount(total * random.uniform(0, 1))
                received = round_amount((total - residual) * random.uniform(0, 1))
                shares = settle(nets, total, residual, received, round_amount).values()
                due = sum(nets.values()) * residual / total if total else 0.0
                self.assertEqual(
                    float_compare(
                        sum(share.unpaid for share in shares),
                        round_amount(due),
                        precision_digits=digits,
                    ),
                    0,
                )
                for share in shares:
                    self.assertLessEqual(
                        float_compare(
                            share.paid, share.settled, precision_digits=digits
                        ),
                        0,
                    )

    def test_settlement_of_nothing_is_nothing(self):
        share = settle({"A": 0.0}, 0.0, 0.0, 0.0, round)["A"]
        self.assertEqual((share.unpaid, share.settled, share.paid), (0, 0, 0))

    @skipUnless(given, "hypothesis is not installed")
    def test_allocation_holds_for_any_contract_currency_and_history(self):
        @settings(max_examples=1000, deadline=None, database=None)
        @given(contracts_with_schedules())
        def check(example):
            contract, rounding, lines = example
            self.check_allocation(contract, rounding, lines)

        check()

    def check_allocation(self, contract, rounding, lines):
        """Assert what holds for every allocation."""

        def compare(a, b):
            return float_compare(a, b, precision_rounding=rounding)

        result = allocate(contract, rounding, lines)
        self.assertEqual(len(result.planned), len(lines))
        takes = 0.0
        for line, planned in zip(lines, result.planned, strict=True):
            self.assertGreaterEqual(planned, 0.0)
            self.assertEqual(compare(planned, float_round(
                planned, precision_rounding=rounding)), 0)  # fmt: skip
            if line.kept is not None:
                self.assertEqual(compare(planned, line.kept), 0)
            elif line.live:
                given_up = line.carried + line.written_off
                self.assertEqual(compare(planned, max(line.recorded - given_up, 0)), 0)
            takes += max(planned, line.used)
        # every unit of the contract is scheduled, unscheduled or over-scheduled
        gap = result.unscheduled - result.over_scheduled
        self.assertEqual(compare(takes + gap, contract), 0)
        self.assertEqual(min(result.unscheduled, result.over_scheduled), 0.0)
        if result.rest_index is not None:
            self.assertFalse(lines[result.rest_index].live)
            self.assertIsNone(lines[result.rest_index].kept)
            self.assertEqual(result.unscheduled, 0.0)
            if result.over_scheduled and not lines[result.rest_index].opening:
                self.assertEqual(result.planned[result.rest_index], 0.0)
        # billing every open line in turn, as planned, ends on the contract
        self.check_billing_to_the_end(contract, rounding, lines, result)

    def check_billing_to_the_end(self, contract, rounding, lines, result):
        """Assert that billing what is open changes no other plan, to the last digit."""
        if result.over_scheduled:
            return
        lines = list(lines)
        for index, planned in enumerate(result.planned):
            line = lines[index]
            open_amount = planned - line.used
            if float_compare(open_amount, 0.0, precision_rounding=rounding) <= 0:
                continue
            lines[index] = replace(
                line,
                live=True,
                recorded=planned + line.carried + line.written_off,
                drafted=line.drafted + open_amount,
            )
            after = allocate(contract, rounding, lines)
            for before, now in zip(result.planned, after.planned, strict=True):
                self.assertEqual(
                    float_compare(before, now, precision_rounding=rounding), 0
                )


if given:

    @st.composite
    def contracts_with_schedules(draw):
        """Draw (contract, rounding, lines): schedules as they are met, and worse."""
        rounding = draw(st.sampled_from([0.001, 0.01, 0.05, 1.0]))

        def amounts(limit):
            return st.integers(0, int(limit / rounding)).map(
                lambda units: float_round(units * rounding, precision_rounding=rounding)
            )

        contract = draw(amounts(1_000_000))
        count = draw(st.integers(0, 8))
        if draw(st.booleans()) and count:  # a whole set, as exact as six decimals are
            shares = [round(100 / count, 6)] * count
            lines = [("percent", share, 0.0) for share in shares]
        else:
            lines = [
                (
                    draw(st.sampled_from(["percent", "fixed"])),
                    draw(st.integers(0, 60_000_000)) / 1_000_000,
                    draw(amounts(contract / 2 + 1)),
                )
                for _index in range(count)
            ]
            if draw(st.booleans()):
                lines.insert(draw(st.integers(0, count)), ("balance", 0.0, 0.0))
        return (
            contract,
            rounding,
            [
                ScheduleLine(
                    basis, share, amount, **draw(histories(amounts(contract / 4)))
                )
                for basis, share, amount in lines
            ],
        )

    @st.composite
    def histories(draw, amounts):
        """Draw what was recorded, drafted and billed of one line."""
        names = draw(
            st.sampled_from(
                [
                    [],
                    ["recorded", "drafted"],
                    ["recorded", "billed"],
                    ["recorded", "drafted", "billed", "opening"],
                    ["opening"],
                    ["carried"],
                    ["written_off"],
                    ["recorded", "billed", "carried", "written_off"],
                    ["recorded", "billed", "written_off", "kept"],
                    ["written_off", "kept"],
                ]
            )
        )
        return {
            # a draft of 0.00 is live, too
            "live": "recorded" in names,
            **{name: draw(amounts) for name in names},
        }
