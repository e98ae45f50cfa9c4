"""Token dynamics of deep selective state-space models: closed forms of arXiv 2410.03292 and sharper ones."""
