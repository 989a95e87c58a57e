"""The conditions of a measurement: machine, versions, commit, command."""

import importlib.metadata
import os
import platform
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nmt.runtime import cpus, provenance

PACKAGES = ("torch", "sentencepiece", "sacrebleu", "numpy", "onnxruntime")
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
"""The x86 instructions that determine the speed of matrix products; of ARM all are listed."""


def describe() -> dict[str, Any]:
    """Return what is needed to compare numbers with those of another day or machine."""
    return {
        "machine": {
            "processor": _cpuinfo("model name") or platform.processor() or platform.machine(),
            "flags": _flags(),
            "cores": os.cpu_count(),
            "cores_for_this_process": cpus.count(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "load": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        },
        "versions": {"python": platform.python_version(), **_versions()},
        "commit": provenance.commit(),
        "command": shlex.join(["python", "-m", "benchmarks.speed", *sys.argv[1:]]),
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _versions() -> dict[str, str]:
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _flags() -> list[str]:
    listed = (_cpuinfo("flags") or "").split()
    return [flag for flag in FLAGS if flag in listed] or (_cpuinfo("Features") or "").split()


def _cpuinfo(name: str) -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)
