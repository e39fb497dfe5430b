"""Settings as frozen models: fields, choices, samplers, limits, validation."""
