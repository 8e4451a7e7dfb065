"""A connection to a stranger hands over little at a time, however much waits."""

import asyncio
import socket

from gtvision_edge.runtime.short_reads import AT_ONCE, ShortReadSocket, short_read_socket

MUCH = bytes(10 * AT_ONCE)


class Taking(asyncio.Protocol):
    """Notes how much came at once."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.is_over = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.sizes.append(len(data))

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_over.set()


async def test_the_loop_is_given_much_in_many_turns() -> None:
    async def gives(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(MUCH)
        writer.close()

    server = await asyncio.start_server(gives, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    made = short_read_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", address))
    made.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(made, address)
    _, taking = await loop.create_connection(Taking, sock=made)
    await taking.is_over.wait()
    server.close()

    assert max(taking.sizes) <= AT_ONCE
    assert made.received == sum(taking.sizes) == len(MUCH)


def test_also_who_brings_a_buffer_gets_little() -> None:
    ours, theirs = socket.socketpair()
    with theirs, ShortReadSocket(fileno=ours.detach()) as made:
        theirs.setblocking(False)
        sent = theirs.send(MUCH)
        room = bytearray(len(MUCH))

        assert sent > 3 * AT_ONCE
        assert made.recv_into(room) == AT_ONCE
        assert made.recv_into(room, 100) == 100
        assert len(made.recv(5)) == 5
        assert made.received == AT_ONCE + 105
