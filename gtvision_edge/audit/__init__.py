"""The hash-chained log of what people and the box did; everyone above may append."""
