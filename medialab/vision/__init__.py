"""Models that look at a picture: finders of parts, estimators and refiners of masks.

`roles` says what each of the three promises. How a file becomes one of them stands in one table
(`medialab.loading.detectors`).
"""
