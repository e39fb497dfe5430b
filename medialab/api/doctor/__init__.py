"""What this machine has, what the studio chose on it and why, and what would make it faster.

`python -m medialab doctor` prints it, to be pasted into reports of faults: it names no path, no
user and no computer. All that needs torch is done by another process, so that a torch which is
missing, broken, or ends the process that imports it is a line of the report.
"""

from medialab.api.doctor.report import Report, examine

__all__ = ["Report", "examine"]
