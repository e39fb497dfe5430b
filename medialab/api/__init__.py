"""The studio for other programs and for a shell: requests in, pictures and answers out."""
