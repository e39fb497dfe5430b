"""Solvers of the differential equation of flow matching, one class for each sampler.

A module here loads diffusers when it is imported; `medialab.families.flow.samplers` names them.
"""
