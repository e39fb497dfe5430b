"""A1111's text of settings and other programs', read and written, and fitted to the models here."""
