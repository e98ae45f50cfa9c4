"""SparseDiff (arXiv 2505.17459) from its parts: fields, codes, probe graphs, flows on graphs, predictors, decoders."""

# ---- fields
from dynamics.graph_ode.fields import Recipe as Recipe
from dynamics.graph_ode.fields import recipe as recipe
from dynamics.graph_ode.fields import simulate as simulate
