"""A file is there whole or not at all."""

import os
import stat
import threading

import pytest

from skmia.utils import atomic_write, open_unlinked, others_access


def test_the_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "report.txt"
    with atomic_write(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["report.txt"]


def test_a_file_that_is_there_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "report.txt"
    path.write_bytes(b"the old content, which is longer")
    with atomic_write(str(path)) as file:
        file.write(b"new")
        assert path.read_bytes() == b"the old content, which is longer"
    assert path.read_bytes() == b"new"


def test_nothing_changes_where_the_block_fails(tmp_path):
    path = tmp_path / "report.txt"
    path.write_bytes(b"old")

    def fail():
        with atomic_write(path) as file:
            file.write(b"half of the new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["report.txt"]


def test_the_error_of_the_block_is_the_one_that_is_seen(tmp_path):
    def fail():
        with atomic_write(tmp_path / "report.txt"):
            for name in os.listdir(tmp_path):
                os.unlink(tmp_path / name)  # so that there is nothing to remove
            raise RuntimeError("its own")

    with pytest.raises(RuntimeError, match="its own"):
        fail()


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "no" / "file"):
        pass


def test_a_folder_in_the_place_of_the_file(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError), atomic_write(tmp_path / "taken") as file:
        file.write(b"x")
    assert os.listdir(tmp_path) == ["taken"]


def test_a_name_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with atomic_write("plain.bin") as file:
        file.write(b"x")
    assert os.listdir(tmp_path) == ["plain.bin"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real.txt").write_bytes(b"old")
    link = tmp_path / "link.txt"
    link.symlink_to("real.txt")
    with atomic_write(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert (tmp_path / "real.txt").read_bytes() == b"new"


@pytest.mark.skipif(os.name != "posix", reason="POSIX links")
def test_a_private_file_takes_the_place_of_a_link(tmp_path):
    (tmp_path / "real.txt").write_bytes(b"old")
    path = tmp_path / "link.txt"
    path.symlink_to("real.txt")
    with atomic_write(path, private=True) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert (tmp_path / "real.txt").read_bytes() == b"old"
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="POSIX links and pipes")
@pytest.mark.parametrize("known", [True, False])
def test_only_regular_files_are_opened_unlinked(tmp_path, monkeypatch, known):
    """Also where the system itself cannot be told so, as on Windows."""
    if not known:
        monkeypatch.delattr(os, "O_NOFOLLOW")
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with open_unlinked(tmp_path / "file") as file:
        assert file.read() == b"content"
    for name in ("link", "pipe", "folder", "nothing"):
        with pytest.raises(OSError):
            open_unlinked(tmp_path / name)


def test_where_users_have_no_numbers_nothing_is_said_of_them(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "geteuid", raising=False)
    tmp_path.chmod(0o777)
    assert others_access(tmp_path.stat(), 0o022) == ""


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_access_follows_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        with atomic_write(tmp_path / "file") as file:
            file.write(b"x")
    finally:
        assert os.umask(before) == umask
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~umask


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_threads_leave_the_umask_of_the_process_alone(tmp_path):
    """It is the process's own: setting it to read it lets a thread keep it at 0."""
    before = os.umask(0o022)
    try:

        def write(i):
            for _ in range(20):
                with atomic_write(tmp_path / f"file{i}") as file:
                    file.write(b"x")

        threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o644}


def test_readers_see_one_content_or_the_other(tmp_path):
    path = tmp_path / "file"
    contents = [bytes([c]) * 200_000 for c in b"ab"]
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            if path.exists():
                seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(40):
        with atomic_write(path) as file:
            file.write(contents[i % 2])
    done.set()
    reader.join()
    assert seen <= set(contents)
    assert seen
