"""Files on disk, before they are loaded: headers, hashes, configs, the guard for opening them."""
