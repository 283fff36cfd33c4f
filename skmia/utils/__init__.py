"""Checks, messages, files, plots, whose code it is; nothing here knows of the rest."""

from skmia.utils._files import atomic_write, open_unlinked, others_access
from skmia.utils._groups import (
    Names,
    check_groups,
    encode_group_pair,
    encode_groups,
)
from skmia.utils._once import computing_once, once
from skmia.utils._optional import import_optional
from skmia.utils._plotting import (
    BACKGROUND,
    N_COLORS,
    axes_of,
    chance_style,
    color_of,
    dash_and_marker,
    despined,
    label_points,
    merged,
    place_legend,
    show_rates,
    shown,
    style_of,
    text_color,
)
from skmia.utils._progress import Progress, progress, shows_bar
from skmia.utils._same_sides import check_different_sides
from skmia.utils._text import duration, percent, visible
from skmia.utils._user_code import installed_package, loads_global, nested_code
from skmia.utils._validation import (
    check_has_features,
    check_integer,
    check_labels,
    check_membership,
    check_no_missing_labels,
    check_option,
    check_real,
    check_two_classes,
    encode_labels,
    listed,
    own_random_state,
)
from skmia.utils._warnings import warn
