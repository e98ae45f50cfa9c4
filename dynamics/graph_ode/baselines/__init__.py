"""What the pipeline is compared with: same windows, same scaling, same clipping, costs counted."""

from dynamics.graph_ode.baselines.forecasting import forecast as forecast
from dynamics.graph_ode.baselines.forecasting import persistence as persistence
from dynamics.graph_ode.baselines.linear import autoregression as autoregression
from dynamics.graph_ode.baselines.linear import fit_autoregression as fit_autoregression
from dynamics.graph_ode.baselines.linear import fit_mode_decomposition as fit_mode_decomposition
from dynamics.graph_ode.baselines.linear import mode_decomposition as mode_decomposition
from dynamics.graph_ode.baselines.networks import Fixed as Fixed
from dynamics.graph_ode.baselines.networks import FourierOperator as FourierOperator
from dynamics.graph_ode.baselines.networks import PeriodicCNN as PeriodicCNN
from dynamics.graph_ode.baselines.networks import PointwiseNetwork as PointwiseNetwork
from dynamics.graph_ode.baselines.networks import weight_count as weight_count
from dynamics.graph_ode.baselines.objective import random_windows as random_windows
from dynamics.graph_ode.baselines.objective import units_of as units_of
from dynamics.graph_ode.baselines.objective import unrolled_loss as unrolled_loss
