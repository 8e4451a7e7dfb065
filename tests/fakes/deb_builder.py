"""The package's build script as a module: it lives outside of any package."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def load_builder() -> ModuleType:
    """Import ``packaging/deb/build.py`` under a name of its own."""
    spec = importlib.util.spec_from_file_location("deb_build", Path("packaging/deb/build.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up
    spec.loader.exec_module(module)
    return module
