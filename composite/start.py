"""The composite twin's way in: puts flaky-detector into an environment of its own and starts it there.

Owns that environment. The job's Python runs this file, whichever it is (3.8 or later, any platform), so nothing but the standard library is
at hand. What is done then is in flaky_detector/pipeline/action.py, as for the container.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
INPUTS = "FLAKY_DETECTOR_INPUTS"


def main():
    """The exit code of the mode that the inputs ask for."""
    inputs = json.loads(os.environ.pop(INPUTS))
    folder = Path(os.environ.get("RUNNER_TEMP") or tempfile.gettempdir()) / "flaky-detector"
    try:
        python = installed(folder)
    except OSError as error:
        sys.stdout.write(f"::error::flaky-detector could not be installed: {error}\n")
        return 1
    environ = {"INPUT_" + name.upper(): value for name, value in inputs.items()}
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    sys.stdout.flush()
    return subprocess.call([str(python), "-I", str(ROOT / "entrypoint.py"), version], env={**os.environ, **environ})


def installed(folder):
    """The Python of an environment that holds flaky-detector and its locked dependencies; made once a job."""
    home = folder / "environment"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = folder / "ready"
    if ready.is_file() and ready.read_text() == str(ROOT):
        return python
    folder.mkdir(parents=True, exist_ok=True)
    uv = uv_command(folder / "uv")
    wanted = sys.executable if sys.version_info >= OLDEST else ">={}.{}".format(*OLDEST)
    run([*uv, "venv", "--quiet", "--clear", "--python", wanted, str(home)])
    pip = [*uv, "pip", "install", "--quiet", "--python", str(python)]
    run([*pip, "--require-hashes", "--no-deps", "-r", str(ROOT / "requirements" / "runtime.txt")])
    run([*pip, "--no-deps", "--build-constraints", str(ROOT / "requirements" / "build.txt"), str(ROOT)])
    ready.write_text(str(ROOT))
    return python


def uv_command(folder):
    """The job's own uv, else one that is installed beside us."""
    found = shutil.which("uv")
    if found:
        return [found]
    requirements = str(ROOT / "requirements" / "uv.txt")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
    run([*pip, "--target", str(folder), "--upgrade", "-r", requirements])
    os.environ["UV_LINK_MODE"] = "copy"
    binary = next(path for path in (folder / "bin" / "uv", folder / "bin" / "uv.exe", folder / "Scripts" / "uv.exe") if path.exists())
    return [str(binary)]


def run(command):
    """Run it to its end; where it fails, so does the step."""
    ended = subprocess.run(command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if ended.returncode:
        sys.stdout.write(ended.stdout.decode(errors="replace"))
        raise OSError(f"{command[0]} ended with {ended.returncode}")


if __name__ == "__main__":
    sys.exit(main())
