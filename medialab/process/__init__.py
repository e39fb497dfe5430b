"""This process: threads, memory, retries, jobs, events, versions, optional libraries."""
