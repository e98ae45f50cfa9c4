"""Echo-state bodies, Tit-for-Tat and the sentinel between them: the simulation of arXiv 2602.20846."""
