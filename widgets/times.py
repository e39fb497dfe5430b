"""Times in words."""


def time_text(seconds: float) -> str:
    """Return seconds as text: "8 s", "2 min 10 s", "1.5 h"."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{round(whole / 60)} min" if whole < 5400 else f"{whole / 3600:.1f} h"
