"""What the scorers have in common."""


class Scorer:
    """Base of the scorers, which are dataclasses: equal parameters, equal repr."""

    def _accept_sample_weight(self) -> bool:
        # scikit-learn 1.7 and newer asks this of every scorer of a dict.
        return False
