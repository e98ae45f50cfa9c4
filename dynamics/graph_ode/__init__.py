"""SparseDiff (arXiv 2505.17459) from its parts: fields, codes, probe graphs, flows on graphs, predictors, decoders."""
