"""Numbers as readers are shown them."""


def percent(fraction: float) -> str:
    """Write a fraction as a percentage with the digits it needs: 10 %, 0.1 %."""
    return f"{100 * fraction:.4g} %"
