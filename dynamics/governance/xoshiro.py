"""The official code's random numbers, bit by bit, on the host.

A xoshiro256** generator is sequential, but its state moves linearly over GF(2): a power of the transition matrix
jumps ahead, so that one stream is drawn as many lanes of equal length and put together in order.
"""

from functools import cache

import numpy as np
from jaxtyping import Float, UInt64

from dynamics import _check

State = UInt64[np.ndarray, " 4"]
_WORD = (1 << 64) - 1
# A lane is long enough to pay for its jump.
_LANES = 4096


def seeded(seed: int) -> State:
    """The official code's state of a seed: SplitMix64 that, unlike the standard one, feeds its *mixed* word back."""
    word, state = (_check.whole("seed", seed, 0) + 1) & _WORD, []
    for _ in range(4):
        word = (word + 0x9E3779B97F4A7C15) & _WORD
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _WORD
        state.append(word ^ (word >> 31))
    return np.array(state, np.uint64)


def _rotated(word, by: int):
    return (word << np.uint64(by)) | (word >> np.uint64(64 - by))


def _rotate(word, by: int, spare):
    np.left_shift(word, np.uint64(by), out=spare)
    word >>= np.uint64(64 - by)
    word |= spare


def _moved(state):
    """States one step on; the four words stand on the first axis."""
    s0, s1, s2, s3 = state
    s2, s3 = s2 ^ s0, s3 ^ s1
    return np.stack([s0 ^ s3, s1 ^ s2, s2 ^ (s1 << np.uint64(17)), _rotated(s3, 45)])


@cache
def _jump(doublings: int):
    """2^doublings steps as a 256 x 256 matrix over GF(2): the image of every single bit, in four words each."""
    if doublings == 0:
        bits = np.zeros((4, 256), np.uint64)
        for i in range(256):
            bits[i // 64, i] = np.uint64(1) << np.uint64(i % 64)
        return _moved(bits)
    half = _jump(doublings - 1)
    return _jumped(half, half)


def _jumped(matrix, states):
    """The matrix applied to states (4, lanes): the images of their set bits, added without carry."""
    bits = (states[:, None, :] >> np.arange(64, dtype=np.uint64)[:, None]) & np.uint64(1)
    chosen = bits.reshape(256, -1).astype(bool)
    images = np.where(chosen[:, None, :], matrix.T[:, :, None], np.uint64(0))
    return np.bitwise_xor.reduce(images, axis=0)


def words(seed: int, count: int) -> UInt64[np.ndarray, " count"]:
    """The first outputs of a seed's generator."""
    count = _check.whole("count", count, 0)
    doublings = max((count // _LANES).bit_length(), 6)
    length = 1 << doublings
    lanes, states = -(-count // length), seeded(seed)[:, None]
    while states.shape[1] < lanes:
        states = np.concatenate([states, _jumped(_jump(doublings), states)], axis=1)
        doublings += 1
    s0, s1, s2, s3 = (np.ascontiguousarray(state) for state in states[:, :lanes])
    found, spare = np.empty((length, lanes), np.uint64), np.empty(lanes, np.uint64)
    # `_moved` in place: the arrays are short, and making new ones would take most of the time.
    for row in found:
        np.multiply(s1, np.uint64(5), out=row)
        _rotate(row, 7, spare)
        row *= np.uint64(9)
        np.left_shift(s1, np.uint64(17), out=spare)
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= spare
        _rotate(s3, 45, spare)
    return found.T.reshape(-1)[:count]


def uniforms(seed: int, count: int) -> Float[np.ndarray, " count"]:
    """Numbers in [0, 1) from the upper 53 bits."""
    return (words(seed, count) >> np.uint64(11)) / 2.0**53


def normals(seed: int, count: int) -> Float[np.ndarray, " count"]:
    """Box and Muller's cosine alone: two uniforms a normal, the sine thrown away."""
    first, second = np.ascontiguousarray(uniforms(seed, 2 * count).reshape(-1, 2).T)
    return np.sqrt(-2.0 * np.log(np.maximum(first, 1e-300))) * np.cos(2.0 * np.pi * second)
