"""Token dynamics of selective state-space models: closed forms for arXiv 2410.03292 and sharper ones.

One channel is dx_l/dt = mu x_l G_l with G_l = Delta(x_l) x_l^2 + exp(-a Delta(x_l)) G_{l-1} and
Delta(x) = softplus(s x + b): `coupling` is mu, `slope` s, `decay` a, `bias` b, `position` l (from 1, static).
Scalar laws broadcast; laws of whole sequences take one sequence, tokens last, and are batched by vmap.
"""

from .blow_up import BlowUp as BlowUp
from .blow_up import Fate as Fate
from .blow_up import blow_up as blow_up
from .blow_up import blow_up_times as blow_up_times
from .blow_up_order import order_threshold as order_threshold
from .classification import Regime as Regime
from .classification import blows_up as blows_up
from .classification import growth_bound as growth_bound
from .classification import published_slow_condition as published_slow_condition
from .classification import regimes as regimes
from .constant_step import Pair as Pair
from .constant_step import PairTimes as PairTimes
from .constant_step import constant_step_blow_up_times as constant_step_blow_up_times
from .constant_step import constant_step_order_threshold as constant_step_order_threshold
from .constant_step import constant_step_pair as constant_step_pair
from .constant_step import constant_step_tokens as constant_step_tokens
from .convergent import attention_constant as attention_constant
from .convergent import convergent_constant as convergent_constant
from .convergent import convergent_share as convergent_share
from .convergent import deviation_exponent as deviation_exponent
from .convergent import exact_hold_convergent_constant as exact_hold_convergent_constant
from .convergent import relaxation_log_time as relaxation_log_time
from .convergent import sign_kept_step as sign_kept_step
from .convergent import undamped_share as undamped_share
from .followers import follower_constant as follower_constant
from .followers import follower_invariant as follower_invariant
from .followers import log_log_follower as log_log_follower
from .low_rank import negative_share as negative_share
from .low_rank import skew_share as skew_share
from .low_rank import spectrum_resolution as spectrum_resolution
from .low_rank import symmetric_spectrum as symmetric_spectrum
from .reordering import row_support as row_support
from .reordering import softsort_rows as softsort_rows
from .reordering import softsort_support as softsort_support
from .several_dimensions import Radial as Radial
from .several_dimensions import angle_rate as angle_rate
from .several_dimensions import cone_rate as cone_rate
from .several_dimensions import energy_bound as energy_bound
from .several_dimensions import energy_growth as energy_growth
from .several_dimensions import first_token_converges as first_token_converges
from .several_dimensions import frame_gram as frame_gram
from .several_dimensions import frame_share as frame_share
from .several_dimensions import null_space_exponent as null_space_exponent
from .several_dimensions import radial_reduction as radial_reduction
from .several_dimensions import recency_bound as recency_bound
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
from .slow import sink_share as sink_share
from .slow import slow_limits as slow_limits
from .slow import slow_tokens as slow_tokens
from .sphere import alignment_rate as alignment_rate
from .sphere import sphere_cotangent as sphere_cotangent
from .sphere import sphere_first_token as sphere_first_token
from .sphere import sphere_limit as sphere_limit
from .sphere import sphere_second_token as sphere_second_token
from .step_size import exact_hold_weight as exact_hold_weight
from .step_size import recency_half_life as recency_half_life
from .step_size import retention as retention
from .step_size import step_size as step_size
