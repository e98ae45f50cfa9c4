"""Body-reservoir governance in repeated games: closed forms of arXiv 2602.20846 and sharper ones."""
