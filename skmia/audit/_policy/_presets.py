"""Gates that the field uses, as policies. Looked up in November 2026.

Each is as near to its source as figures with intervals allow: a source compares the
figure itself, and these compare the upper end of its interval, as every policy does.
"""

from typing import Any

_AUDIT = "https://github.com/AI-SDC/SACRO-ML"

SACRO: dict[str, Any] = {
    "name": "SACRO-ML",
    "source": "SACRO-ML 2.0, sacroml/attacks/attack_report_formatter.py and "
    f"structural_attack.py, {_AUDIT}",
    "max_auc": 0.65,
    "structure": ("carried_rows", "small_leaves", "rows_per_parameter"),
    "not_covered": (
        "SACRO-ML also counts against a release that more than a tenth of its runs "
        "have an AUC above 0.5 with p < 0.05; here one audit has one interval.",
        "SACRO-ML looks at min_samples_leaf, which is to be 5 at least, and at groups "
        "of fewer rows than the threshold of ACRO, 10; here leaves are counted, and "
        "the audit says below how many rows one is small.",
        "SACRO-ML lists hyper-parameters of trees and forests that tend to leak "
        "(unnecessary risk), and compares losses on training and test rows.",
    ),
}

LEAKPRO: dict[str, Any] = {
    "name": "LeakPro",
    "source": "LeakPro, leakpro/webapp/frontend/src/components/results/Summary.tsx of "
    "30 June 2026, https://github.com/aidotse/LeakPro",
    "max_auc": 0.60,
    "not_covered": (
        "LeakPro calls an AUC from 0.60 medium and from 0.75 high; here what is shown "
        "to be above 0.60 is refused. It looks at no rate at low false positive rates.",
    ),
}

OWASP_AISVS: dict[str, Any] = {
    "name": "OWASP AISVS 1.0, 11.2.5",
    "source": "OWASP AISVS 1.0, C11.2 Membership-Inference and Model-Inversion "
    "Mitigation, requirement 11.2.5 (level 3) and the research notes to it, "
    "https://github.com/OWASP/AISVS",
    "max_auc": 0.55,
    "max_tpr": {0.01: 0.02, 0.001: 0.002},
    "require": ("blind_classifier",),
    "not_covered": (
        "'Near-baseline' is no number in the source: twice the false positive rate is "
        "skmia's reading of it. The source goes down to a false positive rate of "
        "0.001 %, which takes 100,000 non-members.",
        "The source asks for several attacks and for an analysis of subpopulations; "
        "see report.subgroups.",
        "Requirements 11.2.1 to 11.2.4 (attributes in outputs, rate limits, "
        "calibration, differential privacy) are no figures of this audit.",
    ),
}
