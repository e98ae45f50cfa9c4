"""The graph_ode row's quick data."""

from tests.experiments.quick_row import QuickRow
from tests.experiments.quick_row import session as session

_row = QuickRow("graph_ode")
dataset, finding, ledger_for = _row.dataset, _row.finding, _row.ledger_for
