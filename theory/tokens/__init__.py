"""Token dynamics of selective state-space models: closed forms for arXiv 2410.03292 and sharper ones.

One channel is dx_l/dt = mu x_l G_l with G_l = Delta(x_l) x_l^2 + exp(-a Delta(x_l)) G_{l-1} and
Delta(x) = softplus(s x + b): `coupling` is mu, `slope` s, `decay` a, `bias` b, `position` l (from 1, static).
Scalar laws broadcast; laws of whole sequences take one sequence, tokens last, and are batched by vmap.
"""

from .classification import Regime as Regime
from .classification import blows_up as blows_up
from .classification import growth_bound as growth_bound
from .classification import published_slow_condition as published_slow_condition
from .classification import regimes as regimes
from .convergent import attention_constant as attention_constant
from .convergent import convergent_constant as convergent_constant
from .convergent import convergent_share as convergent_share
from .convergent import deviation_exponent as deviation_exponent
from .convergent import exact_hold_convergent_constant as exact_hold_convergent_constant
from .convergent import relaxation_log_time as relaxation_log_time
from .convergent import sign_kept_step as sign_kept_step
from .convergent import undamped_share as undamped_share
from .low_rank import negative_share as negative_share
from .low_rank import skew_share as skew_share
from .low_rank import spectrum_resolution as spectrum_resolution
from .low_rank import symmetric_spectrum as symmetric_spectrum
from .single_token import TimeBounds as TimeBounds
from .single_token import blow_up_constant as blow_up_constant
from .single_token import blow_up_time as blow_up_time
from .single_token import blow_up_time_bounds as blow_up_time_bounds
from .single_token import blow_up_time_sensitivity as blow_up_time_sensitivity
from .single_token import convergent_token as convergent_token
from .single_token import exact_hold_blow_up_constant as exact_hold_blow_up_constant
from .single_token import slow_expansion as slow_expansion
from .single_token import slow_log_scaled_time as slow_log_scaled_time
from .single_token import slow_token as slow_token
from .single_token import token_at as token_at
from .single_token import token_sensitivity as token_sensitivity
from .step_size import exact_hold_weight as exact_hold_weight
from .step_size import recency_half_life as recency_half_life
from .step_size import retention as retention
from .step_size import step_size as step_size
