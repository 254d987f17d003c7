"""Toy trash scenes: a data set drawn from a seed, for demonstrations and tests.

Needs numpy and OpenCV only.
"""

from .generator import draw_image, make_toy
from .plan import Job, ToyParams, make_plan

__all__ = ['Job', 'ToyParams', 'draw_image', 'make_plan', 'make_toy']
