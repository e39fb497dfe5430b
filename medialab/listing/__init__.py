"""The models that a person has, listed and described without opening more than their headers."""
