"""`make app`: the studio alone, as a web page, by Voila."""
