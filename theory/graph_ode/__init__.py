"""Graphs, codes, patterns and diffusion behind SparseDiff (arXiv 2505.17459): a closed form for every block."""
