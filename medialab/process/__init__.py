"""The running process: threads, memory, retries, jobs, events, versions, optional libraries."""
