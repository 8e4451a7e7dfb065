"""GT-Vision Edge: records, shows and searches the cameras of a site, beside MediaMTX."""

from importlib.metadata import version

__version__ = version("gtvision-edge")
