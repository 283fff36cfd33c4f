"""A model file whose owner wants the memory filled, or the audit to go on for ever."""

import contextlib
import io
import json
import math
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
import skops.io
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from _helpers.archives import read_archive, skops_node, write_archive
from skmia.cli._model_files import load_model

MANY = 24 * 2**20


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.skops"
    skops.io.dump(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), path)
    return path


def an_array(files):
    return next(name for name in files if name.endswith(".npy"))


def replace_object(path, node):
    """Make a node an attribute of the model."""
    files = read_archive(path)
    schema = json.loads(files["schema.json"])
    attributes = schema["content"]
    attributes["content"]["extra_"] = node
    attributes["key_types"]["content"].append(skops_node("TypeNode", "builtins.str"))
    files["schema.json"] = json.dumps(schema)
    return files


def peak_of(function):
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refuse(path, match, most=MANY):
    """Load a file, which must end in one line and take little memory."""

    def load():
        with pytest.raises(ValueError, match=match) as caught:
            load_model(path)
        assert str(path) in str(caught.value)
        assert str(caught.value).isprintable()

    assert peak_of(load) < most


def test_a_bomb(path):
    files = read_archive(path)
    files[an_array(files)] = bytes(3 * MANY)
    write_archive(path, files, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 300_000

    def load():
        with pytest.raises(ValueError, match="pickled"):
            skops.io.load(path)

    assert peak_of(load) > 3 * MANY
    refuse(path, "unpack to more than 100 times")


def test_a_bomb_that_declares_little(path):
    files = read_archive(path)
    name = an_array(files)
    files[name] = bytes(3 * MANY)
    write_archive(path, files, zipfile.ZIP_DEFLATED)
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        crc = archive.getinfo(name).CRC
    # Its size in both directories, after its checksum and its size in the file.
    truth, lie = struct.pack("<L", 3 * MANY), struct.pack("<L", 128)
    assert data.count(truth) == 2
    data = data.replace(truth, lie)
    data = data.replace(
        struct.pack("<L", crc), struct.pack("<L", zipfile.crc32(bytes(128)))
    )
    path.write_bytes(data)

    def load():
        with pytest.raises(ValueError, match="pickled"):
            skops.io.load(path)

    assert peak_of(load) > 3 * MANY
    refuse(path, "may be damaged")


def test_a_bomb_in_a_sparse_matrix(path):
    inner = io.BytesIO()
    sparse.save_npz(inner, sparse.csr_array(np.eye(3)))
    arrays = read_archive(inner)
    arrays["data.npy"] = bytes(3 * MANY)
    write_archive(inner, arrays, zipfile.ZIP_DEFLATED)
    node = skops_node(
        "SparseMatrixNode", "scipy.sparse._csr.csr_array", type="scipy", file="a.npz"
    )
    files = replace_object(path, node)
    files["a.npz"] = inner.getvalue()
    write_archive(path, files)
    refuse(path, "unpack to more than 100 times")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_ways_to_compress(method, path):
    write_archive(path, read_archive(path), method)
    refuse(path, "compressed by deflate or not at all")


def test_a_name_twice(path):
    with (
        pytest.warns(UserWarning, match="Duplicate"),
        zipfile.ZipFile(path, "a") as archive,
    ):
        archive.writestr("schema.json", "{}")
    refuse(path, "two entries of the same name")


def test_one_entry_for_many_arrays(path):
    node = skops_node("NdArrayNode", "numpy.ndarray", type="numpy", file="a.npy")
    files = replace_object(
        path, skops_node("ListNode", "builtins.list", content=[node] * 4000)
    )
    array = io.BytesIO()
    np.save(array, np.zeros(10**5))
    files["a.npy"] = array.getvalue()
    write_archive(path, files)
    assert 100 * path.stat().st_size + MANY < 4000 * 800_000
    refuse(path, "unpack to more than 100 times")


def test_branches_that_share_their_twigs(path):
    node = skops_node("ListNode", "builtins.list", content=[], __id__=10**6)
    for level in range(1, 40):
        twig = {"__id__": node["__id__"]}
        node = skops_node(
            "ListNode",
            "builtins.list",
            # The first holds it in full, so that all others refer to it.
            content=[node, twig, twig],
            __id__=10**6 + level,
        )
    write_archive(path, replace_object(path, node))
    # skops would look at 2^40 of them.
    refuse(path, "refer to each other more often")


def test_a_node_inside_itself(path):
    node = skops_node(
        "ListNode", "builtins.list", content=[{"__id__": 10**6}], __id__=10**6
    )
    write_archive(path, replace_object(path, node))
    refuse(path, "recursion")


@pytest.mark.parametrize("depth", [200, 10**5])
def test_a_deep_tree(depth, path):
    files = replace_object(path, "HERE")
    inner, outer = '{"__loader__": "ListNode", "content": [', "]}"
    files["schema.json"] = files["schema.json"].replace(
        '"HERE"', inner * depth + outer * depth
    )
    write_archive(path, files)
    refuse(path, "may be damaged")


@pytest.mark.parametrize("shape", ["(10**12,)", "(1000000000000,)", "(2, -1)", "(1,)"])
def test_an_array_that_is_none(shape, path):
    files = read_archive(path)
    name = an_array(files)
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n"
    files[name] = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
    files[name] += header.encode()
    write_archive(path, files)
    # numpy asks for what the header says. Where the system refuses it, that is a line
    # of the command line; where it grants it, until it is used, the bytes are missing.
    with contextlib.suppress(MemoryError):
        refuse(path, "may be damaged", most=math.inf)


def test_models_load_compressed_or_not(path, tmp_path):
    # Most of it is one number, as in a model of many columns with few that count.
    model = FunctionTransformer(np.abs)
    model.weights_ = np.zeros(10**6)
    model.matrix_ = sparse.csr_array(np.eye(300))
    types = ["scipy.sparse._csr.csr_array"]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        skops.io.dump(model, path, compression=method)
        loaded = load_model(path, trusted=types)
        np.testing.assert_array_equal(loaded.weights_, model.weights_)
        np.testing.assert_array_equal(loaded.matrix_.toarray(), model.matrix_.toarray())
