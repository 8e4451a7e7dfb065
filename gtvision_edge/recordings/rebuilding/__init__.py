"""Makes the index again from the volume alone, quickly: ``gtvision-edge rebuild-index``."""
