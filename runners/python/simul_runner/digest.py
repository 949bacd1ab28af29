"""What was done? The digests and the drawn numbers of `workloads/src/{digest,draw}.rs`, bit for bit.

Python's integers have no width, so every step is cut to 64 bits. A word costs a fraction of a
microsecond, far more than in a compiled language: runners therefore keep what an operation did and
compute digests when the slice is over (see `window`).
"""

import struct

MASK = (1 << 64) - 1
# Odd, with well-spread bits: the 64-bit golden ratio.
SPREAD = 0x9E37_79B9_7F4A_7C15
MIX_1 = 0xBF58_476D_1CE4_E5B9
MIX_2 = 0x94D0_49BB_1331_11EB


def of_bytes(data):
    """Fingerprints bytes, eight at a time, little-endian; the rest one by one."""
    whole = len(data) // 8
    total = len(data)
    for word in struct.unpack_from(f"<{whole}Q", data):
        total = ((((total << 5) | (total >> 59)) ^ word) * SPREAD) & MASK
    for byte in data[whole * 8 :]:
        total = ((((total << 5) | (total >> 59)) ^ byte) * SPREAD) & MASK
    return total


def of_number(number):
    """Fingerprints one number: the finaliser of splitmix64 (Steele, Lea and Flood, 2014)."""
    z = (number + SPREAD) & MASK
    z = ((z ^ (z >> 30)) * MIX_1) & MASK
    z = ((z ^ (z >> 27)) * MIX_2) & MASK
    return z ^ (z >> 31)


def plus(total, one):
    """Adds one operation's digest to the sum of those before it, in any order."""
    return (total + (((one * SPREAD) & MASK) ^ (one >> 32))) & MASK


def below(bound, seed, actor, index):
    """A number from 0 to bound - 1 for one operation of one actor."""
    of_actor = of_number(seed ^ (actor << 32))
    return (of_number((of_actor + index) & MASK) * bound) >> 64

