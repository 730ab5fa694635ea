"""Answers are gathered amid a large notice: a turn, a read and an awakening cost as much for a handful as for hundreds.

Push services write each answer by itself as they come to it. Whoever looks as soon as the first is there reads
a few of each connection and is woken again for the next; looked at a moment later, they are there all together.
"""

import time
from collections.abc import Callable

from dispatch.batch import BatchAnswer, BatchSender

# While more than this is open, fewer answers wait for company. Less is open of a notice for few, whose answers are
# dealt with as they come.
GATHER_ROWS = 512
# What is open keeps a push service busy for ten times as long.
GATHER_SECONDS = 0.004


def gathered(sender: BatchSender, wait: float, sleep: Callable[[float], None] = time.sleep) -> list[BatchAnswer]:
    """Return what has come back within *wait* seconds; amid a large notice a little later, and much more of it.

    Not while there is room for more rows: then *wait* is 0.
    """
    answers = sender.poll_batches(wait)
    if wait and answers and sum(len(answer.keys) for answer in answers) < GATHER_ROWS <= sender.in_flight:
        sleep(GATHER_SECONDS)
        answers += sender.poll_batches(0.0)
    return answers
