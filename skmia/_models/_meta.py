"""What all meta-estimators do alike: routing, tags, columns."""

from typing import Any, ClassVar

from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)


class MetaEstimator(MetaEstimatorMixin, BaseEstimator):
    """Base of what wraps an ``estimator``: attacks, and by `MetaClassifier` the rest.

    A subclass sets the two class attributes, and overrides `_inner` where `estimator`
    may be something else than the inner estimator.
    """

    # The methods that hand metadata on to the same method of the inner estimator.
    _routed_methods: ClassVar[tuple[str, ...]] = ("fit",)
    # Whether metadata may be requested for methods of this object as well.
    _takes_metadata: ClassVar[bool] = True

    def _inner(self) -> Any:
        """The estimator that tags and routing are taken from; None if there is none."""
        return self.estimator

    def _inner_params(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """What of the metadata is for `method` of the inner estimator."""
        if params and get_config()["enable_metadata_routing"]:
            params = process_routing(self, method, **params).estimator[method]
        return {name: value for name, value in params.items() if value is not None}

    def _adopt_columns(self, fitted: Any) -> None:
        """Take the number and the names of columns over from `fitted`."""
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(fitted, name):
                setattr(self, name, getattr(fitted, name))

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata that the inner estimator asks for, and this object itself.

        Returns
        -------
        MetadataRouter
            The router.
        """
        router = MetadataRouter(owner=type(self).__name__)
        if self._takes_metadata:
            router.add_self_request(self)
        inner = self._inner()
        if inner is None:
            return router
        mapping = MethodMapping()
        for method in self._routed_methods:
            mapping.add(caller=method, callee=method)
        return router.add(estimator=inner, method_mapping=mapping)

    def __sklearn_tags__(self) -> Tags:
        """Tags: the input is what the inner estimator takes.

        Returns
        -------
        Tags
            The tags.
        """
        tags = super().__sklearn_tags__()
        inner = self._inner()
        if inner is not None:
            inner_tags = get_tags(inner)
            tags.input_tags = inner_tags.input_tags
            tags.non_deterministic = inner_tags.non_deterministic
        return tags


class MetaClassifier(ClassifierMixin, MetaEstimator):
    """Base of the classifiers that wrap a classifier."""

    # Whether `estimator_` is fitted on the very rows that this object is fitted on.
    _fits_all_rows: ClassVar[bool] = False
    # Whether that is all it learns of them.
    _hands_on: ClassVar[bool] = False
    # Whether what it draws at random protects its rows: then a seed in it is a secret.
    _private_noise: ClassVar[bool] = False

    def __sklearn_tags__(self) -> Tags:
        """Tags of the inner classifier, for a single label per row.

        Returns
        -------
        Tags
            The tags.
        """
        tags = super().__sklearn_tags__()
        inner = get_tags(self._inner()).classifier_tags
        if inner is not None:
            tags.classifier_tags = inner
        tags.classifier_tags.multi_label = False
        return tags
