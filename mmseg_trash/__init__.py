"""Semantic segmentation of trash on MMSegmentation 1.x.

Importing this package registers nothing and stays cheap; the registered types live in
its sub-packages, which every config imports through ``custom_imports``.
"""

__version__ = '0.1.0'
