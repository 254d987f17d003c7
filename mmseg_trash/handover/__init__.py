"""Annotations to and from FiftyOne and CVAT, COCO in between."""
