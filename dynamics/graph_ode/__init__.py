"""SparseDiff (arXiv 2505.17459) from its parts: fields, codes, probe graphs, flows on graphs, predictors, decoders."""

# ---- fields
from dynamics.graph_ode.fields import Recipe as Recipe
from dynamics.graph_ode.fields import recipe as recipe
from dynamics.graph_ode.fields import simulate as simulate
from dynamics.graph_ode.flows import TABLEAUS as TABLEAUS
from dynamics.graph_ode.flows import attention_field as attention_field
from dynamics.graph_ode.flows import explicit_flow as explicit_flow
from dynamics.graph_ode.flows import explicit_step as explicit_step
from dynamics.graph_ode.flows import heat_field as heat_field
from dynamics.graph_ode.flows import heat_flow as heat_flow
from dynamics.graph_ode.flows import on_grid as on_grid
from dynamics.graph_ode.flows import solved_flow as solved_flow
from dynamics.graph_ode.flows import stochastic_flow as stochastic_flow
from dynamics.graph_ode.flows import terms_for as terms_for
from dynamics.graph_ode.graphs import complete_graph as complete_graph
from dynamics.graph_ode.graphs import directed_cycle as directed_cycle
from dynamics.graph_ode.graphs import five_point as five_point
from dynamics.graph_ode.graphs import laplacian as laplacian
from dynamics.graph_ode.graphs import path_graph as path_graph
from dynamics.graph_ode.graphs import product_graph as product_graph
from dynamics.graph_ode.graphs import random_graph as random_graph
from dynamics.graph_ode.graphs import ring_graph as ring_graph
from dynamics.graph_ode.graphs import star_graph as star_graph
