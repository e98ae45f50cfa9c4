"""The synergy row's quick data."""

from tests.experiments.quick_row import QuickRow
from tests.experiments.quick_row import session as session

_row = QuickRow("synergy")
dataset, finding, finding_on = _row.dataset, _row.finding, _row.finding_on
ledger_for, shortcomings = _row.ledger_for, _row.shortcomings
