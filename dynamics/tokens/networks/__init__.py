"""Small networks that put the paper's practical advice to the test: its sign of M and its reordering of tokens.

flax modules, trained by optax in one pure loop; seeds are vmapped or mapped over by whoever calls.
"""

from dynamics.tokens.networks.diversity import Diversity as Diversity
from dynamics.tokens.networks.diversity import diversity as diversity
from dynamics.tokens.networks.diversity import layer_by_layer as layer_by_layer
from dynamics.tokens.networks.diversity import positive_share as positive_share
from dynamics.tokens.networks.language import KINDS as KINDS
from dynamics.tokens.networks.language import LanguageModel as LanguageModel
from dynamics.tokens.networks.language import mean_surprise as mean_surprise
from dynamics.tokens.networks.language import text_loss as text_loss
from dynamics.tokens.networks.language import validation_texts as validation_texts
from dynamics.tokens.networks.recall import SYMBOLS as SYMBOLS
from dynamics.tokens.networks.recall import UNORDERED_CEILING as UNORDERED_CEILING
from dynamics.tokens.networks.recall import VALUES as VALUES
from dynamics.tokens.networks.recall import correct as correct
from dynamics.tokens.networks.recall import marked_values as marked_values
from dynamics.tokens.networks.reordering import ORDERS as ORDERS
from dynamics.tokens.networks.reordering import ReorderingNetwork as ReorderingNetwork
from dynamics.tokens.networks.reordering import blur as blur
from dynamics.tokens.networks.reordering import exact_permutation as exact_permutation
from dynamics.tokens.networks.reordering import recall_loss as recall_loss
from dynamics.tokens.networks.reordering import soft_permutation as soft_permutation
from dynamics.tokens.networks.sign import VARIANTS as VARIANTS
from dynamics.tokens.networks.sign import Sign as Sign
from dynamics.tokens.networks.sign import sign_variant as sign_variant
from dynamics.tokens.networks.sign import sign_variants as sign_variants
from dynamics.training import adam as adam
from dynamics.training import start as start
from dynamics.training import train_with_checkpoints as train_with_checkpoints
from dynamics.training import trained as trained
