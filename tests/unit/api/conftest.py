"""A site of two tenants behind the real server, over loopback; what it is made of stands in ``site``, by part."""

from tests.unit.api.site.accounts import SECRET, accounts, admin, audit, identity, keys
from tests.unit.api.site.cameras import cameras, finder, mosaics, prober
from tests.unit.api.site.detections import alerts, bus, detections, notices, words
from tests.unit.api.site.endpoints import api_settings, resources, transfers
from tests.unit.api.site.monitor import FakeMonitor, monitor
from tests.unit.api.site.recordings import FakeFootage, FakeVolume, footage, volume
from tests.unit.api.site.serving import Served, Starter, registry, served, stall_patience_s, start

__all__ = [
    "SECRET",
    "FakeFootage",
    "FakeMonitor",
    "FakeVolume",
    "Served",
    "Starter",
    "accounts",
    "admin",
    "alerts",
    "api_settings",
    "audit",
    "bus",
    "cameras",
    "detections",
    "finder",
    "footage",
    "identity",
    "keys",
    "monitor",
    "mosaics",
    "notices",
    "prober",
    "registry",
    "resources",
    "served",
    "stall_patience_s",
    "start",
    "transfers",
    "volume",
    "words",
]
