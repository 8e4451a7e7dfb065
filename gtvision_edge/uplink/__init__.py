"""What the hub must hear: kept until the hub's broker has confirmed it, however long the line is down."""

from gtvision_edge.uplink.outbox import Message, Outbox

__all__ = ["Message", "Outbox"]
