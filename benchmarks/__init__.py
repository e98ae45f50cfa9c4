"""Speed, as ratios of medians measured side by side in one run; `make bench` prints them."""
