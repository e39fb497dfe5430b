"""What lies on disk, unopened: headers, hashes, configs, and the one guard around foreign files."""
