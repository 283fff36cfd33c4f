"""A model that crashes, fills the memory or never ends: one line, and status 2."""

import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.svm import SVC

from skmia.cli._contained import run_contained
from skmia.cli._model_files import load_model

TABLE = pd.DataFrame({"x": np.arange(60) % 7, "z": np.arange(60) % 5})
Y = (TABLE["x"] > 3).astype(int)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def python(code):
    """An expression that runs statements."""
    return f"exec({code!r})"


@pytest.fixture
def contained(capfd):
    """Run statements in a process of their own; return status, output and errors."""

    def run(code, *arguments, time_limit=100.0):
        capfd.readouterr()
        status = run_contained(python(code), arguments, time_limit)
        return status, *capfd.readouterr()

    return run


@pytest.mark.parametrize("status", [0, 1, 2, 3, 130])
def test_status_output_and_arguments_pass_through(status, capfd):
    code = f"print(sys.argv[1:]) or print(7, file=sys.stderr) or {status}"
    assert run_contained(code, ["a b", "--c"], 100.0) == status
    assert capfd.readouterr() == ("['a b', '--c']\n", "7\n")


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL"])
def test_a_crash_is_one_line(name, contained):
    number = int(getattr(signal, name))
    status, out, err = contained(f"import os; os.kill(os.getpid(), {number})")
    assert (status, out) == (2, "")
    assert err.startswith(f"skmia: error: the model crashed the interpreter ({name})")
    assert err.count("\n") == 1


def test_a_killed_process_is_one_line(contained):
    status, _, err = contained(
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert status == 2
    assert err == (
        "skmia: error: the audit was killed (SIGKILL), as happens where memory runs "
        "out\n"
    )


def test_an_interrupt_before_anything_is_set_up(contained):
    code = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
    assert contained(code) == (130, "", "skmia: error: interrupted\n")


def test_what_never_ends_is_ended(contained):
    code = "import time\nwhile True: time.sleep(0.1)"
    status, _, err = contained(code, time_limit=0.5)
    assert status == 2
    assert err == "skmia: error: the audit took longer than --time-limit 0.5 seconds\n"


def test_what_listens_to_no_signal_is_killed(contained, monkeypatch):
    monkeypatch.setattr("skmia.cli._contained._GRACE", 0.3)
    # Neither a signal nor another thread is heard while this sum is taken.
    code = "from skmia.cli._contained import follow_parent\n"
    code += "follow_parent(); sum(range(10**15))"
    status, _, err = contained(code, time_limit=1.0)
    assert (status, err.count("\n")) == (2, 1)
    assert "--time-limit" in err


ON_LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="bounds hold on Linux"
)


@pytest.mark.slow
@ON_LINUX
def test_processor_time_is_bounded(contained):
    code = "from skmia.cli._contained import limit_resources\n"
    code += "limit_resources(None, 0.01); sum(range(10**15))"
    status, _, err = contained(code)
    assert status == 2
    assert err == (
        "skmia: error: the audit took more time of the processors than --time-limit "
        "allows\n"
    )


@ON_LINUX
def test_memory_is_bounded(contained):
    code = """
from skmia.cli._contained import limit_resources
limit_resources({}, 1000)
try:
    bytearray(3 * 10**8)
except MemoryError:
    print("bounded")
"""
    assert contained(code.format("0.1"))[1] == "bounded\n"
    assert contained(code.format("1.0"))[1] == ""
    # The default is relative to the machine.
    assert contained(code.format(None).replace("3 * 10**8", "10**14"))[1] == "bounded\n"


def test_workers_end_with_the_audit(contained, tmp_path):
    code = """
import os, subprocess
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
open(sys.argv[1], "w").write(str(worker.pid))
os.kill(os.getpid(), 11)
"""
    status, _, _ = contained(code, str(tmp_path / "pid"))
    assert status == 2
    wait_until_gone(int((tmp_path / "pid").read_text()))


def wait_until_gone(pid):
    for _ in range(600):
        try:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.1)
    raise AssertionError(f"process {pid} is still there")


# What started the tests may have switched these signals off, as nohup does.
PARENT = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
from skmia.cli._contained import run_contained
sys.exit(run_contained({call!r}, [sys.argv[1]], 100.0))
"""
CHILD = """
import os, tempfile, time
from skmia.cli._contained import follow_parent
follow_parent()
rows = os.path.join(tempfile.mkdtemp(), "rows")
open(rows, "w").write("of the tables")
with open(sys.argv[1] + ".part", "w") as file:
    file.write(str(os.getpid()))
os.rename(sys.argv[1] + ".part", sys.argv[1])
try:
    while True: time.sleep(0.1)
except KeyboardInterrupt:
    print("interrupted")
    os._exit(130)
"""


@pytest.mark.parametrize(
    ("name", "status", "out"),
    [
        ("SIGINT", 130, "interrupted\n"),
        ("SIGTERM", 128 + signal.SIGTERM, ""),
        ("SIGHUP", 128 + 1, ""),
        ("SIGKILL", -9, ""),
    ],
)
def test_the_audit_ends_with_what_started_it(name, status, out, tmp_path):
    pid, temporary = tmp_path / "pid", tmp_path / "temporary"
    temporary.mkdir()
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(call=python(CHILD)), str(pid)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(temporary)},
    )
    while not pid.exists():
        assert parent.poll() is None
        time.sleep(0.05)
    assert list(temporary.rglob("rows"))
    parent.send_signal(getattr(signal, name))
    printed, _ = parent.communicate(timeout=60)
    assert (parent.returncode, printed) == (status, out)
    wait_until_gone(int(pid.read_text()))
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL"])
def test_an_audit_that_crashes_leaves_no_temporary_files(
    name, contained, tmp_path, monkeypatch
):
    """The folder of a TemporaryDirectory outlives a process that is killed."""
    code = f"""
import os, signal, sys, tempfile
folder = tempfile.TemporaryDirectory()
open(folder.name + "/rows", "w").write("of the tables")
os.kill(os.getpid(), signal.{name})
"""
    env = os.environ | {"TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=env, check=False)
    (left,) = tmp_path.rglob("rows")
    shutil.rmtree(left.parent)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert contained(code)[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_modules_do_not_come_from_the_folder_of_the_model(tmp_path, monkeypatch):
    trace = tmp_path / "ran"
    (tmp_path / "typer.py").write_text(f"open({str(trace)!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    code = "from skmia.cli import main; main(['--version'])"
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    assert run_contained(python(code), [], 100.0) == 0
    assert not trace.exists()


def forged_svc():
    model = SVC().fit(TABLE, Y)
    n_vectors = len(model.support_)
    model._n_support = np.array([10**9, n_vectors - 10**9], dtype=np.int32)
    return model


def test_a_forged_svc_is_refused(tmp_path):
    path = tmp_path / "model.skops"
    skops.io.dump(forged_svc(), path)
    with pytest.raises(ValueError, match="SVC whose numbers point outside"):
        load_model(path)


@pytest.mark.slow
def test_a_forged_svc_crashes(tmp_path):
    path = tmp_path / "model.skops"
    skops.io.dump(forged_svc(), path)
    code = "import sys, skops.io; skops.io.load(sys.argv[1]).predict([[0.0, 1.0]])"
    crashed = subprocess.run([sys.executable, "-W", "ignore", "-c", code, path])
    assert crashed.returncode == -signal.SIGSEGV


CRASHES = """
import os
from sklearn.naive_bayes import GaussianNB

class Crashes(GaussianNB):
    def fit(self, X, y):
        if "CRASH" in os.environ:
            os.kill(os.getpid(), 11)
        return super().fit(X, y)
"""


@pytest.fixture
def audit_apart(tmp_path):
    """Audit a pickled model as from a shell; return status, output and errors."""
    TABLE.assign(y=Y, z=TABLE["z"] + 10).to_csv(tmp_path / "train.csv", index=False)
    TABLE.assign(y=Y).to_csv(tmp_path / "test.csv", index=False)

    def run(model, *options):
        joblib.dump(model, tmp_path / "model.joblib")
        command = "-m skmia.cli audit model.joblib --trust-pickle --json out.json "
        command += "--members train.csv --nonmembers test.csv --target y --shadows 4"
        done = subprocess.run(
            [sys.executable, *command.split(), *options],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([*filter(None, sys.path)]),
                "CRASH": "1",
            },
        )
        assert not list(tmp_path.glob("*out.json*"))
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.mark.slow
def test_an_audit_of_a_model_that_crashes(audit_apart):
    status, out, err = audit_apart(forged_svc())
    assert (status, out) == (2, "")
    assert err.startswith("skmia: error: the model crashed the interpreter (SIGSEGV)")
    assert err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_audit_whose_shadows_crash(jobs, audit_apart, tmp_path, monkeypatch):
    (tmp_path / "crashes.py").write_text(CRASHES)
    monkeypatch.syspath_prepend(tmp_path)
    model = importlib.import_module("crashes").Crashes().fit(TABLE, Y)
    status, out, err = audit_apart(model, "--jobs", jobs)
    monkeypatch.delitem(sys.modules, "crashes")
    assert (status, out) == (2, "")
    expected = "model crashed the interpreter" if jobs == "1" else "worker process died"
    assert expected in err
    assert "SIGSEGV" in err
    assert err.count("\n") == 1
