"""Body-reservoir governance (arXiv 2602.20846): its sweeps and its claims, one topic a pair of modules."""

EXPERIMENTS = ()
CLAIMS = ()
