"""The street noise is real G.711, and swells."""

import struct

import av

from gtvision_edge.demo.sound import _ALAW, RATE, StreetNoise


def decode(data: bytes) -> list[int]:
    decoder = av.CodecContext.create("pcm_alaw", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = RATE, "mono"
    samples: list[int] = []
    for frame in decoder.decode(av.Packet(data)):
        samples += struct.unpack(f"<{frame.samples}h", bytes(frame.planes[0])[: frame.samples * 2])
    return samples


def test_the_table_is_alaw_to_an_independent_decoder() -> None:
    values = [*range(-32768, 32768, 16)]

    decoded = decode(bytes(_ALAW[value >> 4] for value in values))

    for value, back in zip(values, decoded, strict=True):
        assert abs(back - value) <= max(16, abs(value) / 16)


def test_a_near_car_is_louder_and_the_loop_goes_on_for_ever() -> None:
    noise = StreetNoise("test")

    quiet = decode(noise.take(0, RATE, 0.0))
    loud = decode(noise.take(0, RATE, 1.0))
    far_on = noise.take(10**9, RATE * 4, 0.5)

    assert max(map(abs, loud)) > 8 * max(map(abs, quiet))
    assert len(far_on) == RATE * 4
