"""Release, revise or refuse: policies, and what they make of a report."""

from skmia.audit._policy._decision import Decision
from skmia.audit._policy._policy import Policy
from skmia.audit._policy._ruling import Ruling

__all__ = ["Decision", "Policy", "Ruling"]
