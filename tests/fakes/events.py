"""An event bus that remembers."""

from gtvision_edge.runtime.events import EventBus


class RememberingBus(EventBus):
    """Delivers as the real one does, and keeps all that was published."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[object] = []

    def publish(self, event: object) -> None:
        self.events.append(event)
        super().publish(event)
