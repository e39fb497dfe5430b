"""The process that makes the pictures, apart from whoever answers: spawned, spoken to in JSON."""
