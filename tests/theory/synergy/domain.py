"""The domain that properties walk over: edges included, numbers near the underflow threshold left out."""

from hypothesis import strategies as st

# XLA flushes subnormal numbers to zero; products of four factors above 1e-60 stay clear of them.
unit = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1).map(lambda x: x if x > 1e-60 else 0.0))
signed = st.one_of(st.sampled_from([-1.0, 0.0, 1.0]), st.floats(-1, 1).map(lambda x: x if abs(x) > 1e-60 else 0.0))
