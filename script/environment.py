"""Make `.venv` and install from a lock file, unless that is done already. Needs nothing but Python."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin/python"


def main(lock_file: Path) -> None:
    with (ROOT / ".venv.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not _works():
            _make()
        done = VENV / f"{lock_file.name}.installed"
        if not done.exists() or done.read_bytes() != lock_file.read_bytes():
            _install(lock_file)
            shutil.copyfile(lock_file, done)


def _works() -> bool:
    """A folder that was moved, or whose Python is gone, is made anew."""
    try:
        return not subprocess.run([PYTHON, "-c", "import pip"], check=False, capture_output=True).returncode
    except OSError:
        return False


def _make() -> None:
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(f"venv を作れません（Debian では: apt-get install {version}-venv）。\n"
                 f"venv is missing (on Debian: apt-get install {version}-venv).")
    print("Python の環境（.venv）を作っています。", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)


def _install(lock_file: Path) -> None:
    print(f"{lock_file.name} のライブラリーを入れています。", flush=True)
    installed = subprocess.run(
        [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
         "--require-hashes", "--no-deps", "-r", lock_file], check=False)  # the lock names everything
    if installed.returncode:
        sys.exit("ライブラリーを入れられませんでした。上の表示を確かめ、もう一度実行してください。")


if __name__ == "__main__":
    main(ROOT / sys.argv[1])
