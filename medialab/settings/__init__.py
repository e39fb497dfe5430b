"""What a person may ask, as frozen models: fields, samplers, limits, validation."""
