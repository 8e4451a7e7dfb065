"""From a device's address to the addresses of its streams, in five seconds whatever it does."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from gtvision_edge.cameras.address import Address
from gtvision_edge.cameras.errors import (
    CameraError,
    CameraNoVideoError,
    CameraPathNotFoundError,
    CameraTimeoutError,
    CameraUnauthorizedError,
    InvalidAddressError,
    OnvifBadResponseError,
    OnvifNotSupportedError,
    ProbeBusyError,
)
from gtvision_edge.cameras.model import Device
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.cameras.onvif import messages
from gtvision_edge.cameras.onvif.client import (
    DeviceFaultError,
    Endpoint,
    OnvifClient,
    open_session,
)
from gtvision_edge.cameras.onvif.messages import MediaProfile, Services
from gtvision_edge.cameras.onvif.tree import Node
from gtvision_edge.cameras.urls import DEFAULT_RTSP_PORT, split_typed_url
from gtvision_edge.cameras.urls.builder import bracketed
from gtvision_edge.runtime.clock import Clock

DEVICE_PATH: Final = "/onvif/device_service"
MIN_SUB_WIDTH: Final = 320
MAX_ASKED: Final = 8
"""At once."""
MAX_KNOCKS: Final = 32
"""At once; the others wait for their turn, within the time of who asked."""

_THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class DeviceAnswer:
    """What a device says: itself, its streams (without credentials, on the host that was asked), its clock."""

    device: Device
    main_url: str
    sub_url: str | None
    clock_offset_s: float | None


class DeviceAsker:
    """Asks ONVIF devices, eight at once. Owns two threads that read XML; close it."""

    def __init__(self, *, resolver: NameResolver, clock: Clock, timeout_s: float) -> None:
        self._resolver = resolver
        self._clock = clock
        self._timeout_s = timeout_s
        self._places = asyncio.Semaphore(MAX_ASKED)
        self._knocks = asyncio.Semaphore(MAX_KNOCKS)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="onvif")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def ask(self, address: Address) -> DeviceAnswer:
        """Ask the device under *address*; ends within ``timeout_s`` of getting a place.

        Raises:
            CameraError: one subclass for each way to fail.
            ProbeBusyError: no place became free.

        """
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._places.acquire()
        except TimeoutError as error:
            raise ProbeBusyError("Too many cameras are being probed; try again.") from error
        try:
            async with asyncio.timeout(self._timeout_s), open_session() as session:
                ip = await self._resolver.resolve(address.host, timeout_s=self._timeout_s * 0.8)
                endpoint = Endpoint(
                    address.host, ip, address.onvif_port, address.username, address.password
                )
                client = OnvifClient(session, endpoint, clock=self._clock, threads=self._threads)
                return await _Conversation(client, address, self._clock).hold()
        except TimeoutError as error:
            raise CameraTimeoutError("The device did not answer in time.") from error
        finally:
            self._places.release()

    async def knock(self, ip: str, port: int) -> bool:
        """Tell whether an ONVIF device answers there. No credentials are sent; the caller bounds the time.

        Ports are knocked at ``MAX_KNOCKS`` at once, whoever asks.
        """
        try:
            async with self._knocks, open_session() as session:
                client = OnvifClient(
                    session, Endpoint(ip, ip, port), clock=self._clock, threads=self._threads
                )
                root = await client.ask(DEVICE_PATH, messages.GET_TIME, login=False)
        except (CameraError, DeviceFaultError):
            return False
        return root.find("GetSystemDateAndTimeResponse") is not None


class _Conversation:
    def __init__(self, client: OnvifClient, address: Address, clock: Clock) -> None:
        self._client = client
        self._address = address
        self._clock = clock

    async def hold(self) -> DeviceAnswer:
        offset_s = await self._ask_clock()
        device = await self._ask_device()
        services = await self._ask_services()
        profiles, ask_uri = await self._ask_profiles(services)
        main, sub = choose_streams(profiles, self._address.channel)
        main_url = await ask_uri(main)
        sub_url = None
        if sub is not None:
            try:
                sub_url = await ask_uri(sub)
            except (OnvifBadResponseError, CameraPathNotFoundError):
                sub_url = None  # a camera with a broken sub stream still has its main one
        return DeviceAnswer(device, main_url, None if sub_url == main_url else sub_url, offset_s)

    async def _ask_clock(self) -> float | None:
        """Ask for the time first and without a login: what the device takes for now decides whether it lets us in."""
        started = self._clock.monotonic()
        try:
            root = await self._client.ask(DEVICE_PATH, messages.GET_TIME, login=False)
        except (DeviceFaultError, CameraUnauthorizedError):
            return None  # against the specification, but some ask for a login even here
        if root.find("GetSystemDateAndTimeResponse") is None:
            raise OnvifNotSupportedError(
                "What answers on this port does not speak ONVIF.", port=self._address.onvif_port
            )
        theirs_us = messages.read_time(root)
        if theirs_us is None:
            return None
        # Whole seconds, cut off: half a second is what is missing on average.
        half_us = round((self._clock.monotonic() - started) * 500_000)
        self._client.clock_offset_us = theirs_us + 500_000 + half_us - self._clock.now_us()
        return round(self._client.clock_offset_us / 1_000_000, 1)

    async def _ask_device(self) -> Device:
        try:
            root = await self._client.ask(DEVICE_PATH, messages.GET_DEVICE)
        except DeviceFaultError:
            return Device("", "", "")
        said = root.find("GetDeviceInformationResponse") or Node("", {})
        return Device(
            manufacturer=messages.plain(said.value("Manufacturer")),
            model=messages.plain(said.value("Model")),
            firmware=messages.plain(said.value("FirmwareVersion")),
            serial=messages.plain(said.value("SerialNumber")),
        )

    async def _ask_services(self) -> Services:
        for question in (messages.GET_SERVICES, messages.GET_CAPABILITIES):
            try:
                services = messages.read_services(await self._client.ask(DEVICE_PATH, question))
            except DeviceFaultError:
                continue
            if services.media or services.media2:
                return services
        raise OnvifNotSupportedError("The device has no video service.")

    async def _ask_profiles(self, services: Services) -> tuple[list[MediaProfile], "_AskUri"]:
        """Ask media 1, which nearly all have; media 2 where it has no answer: it alone knows H.265 by name."""
        fault = ""
        for path, question, make in (
            (services.media, messages.GET_PROFILES, messages.get_stream_uri),
            (services.media2, messages.GET_PROFILES2, messages.get_stream_uri2),
        ):
            if path is None:
                continue
            try:
                profiles = messages.read_profiles(await self._client.ask(path, question))
            except DeviceFaultError as error:
                fault = error.code
                continue
            if profiles:
                return profiles, _AskUri(self._client, self._address, path, make)
        if fault:
            raise OnvifBadResponseError("The device does not tell its streams.", fault=fault)
        raise CameraNoVideoError("The device has no stream with video.")


@dataclass(frozen=True, slots=True)
class _AskUri:
    client: OnvifClient
    address: Address
    path: str
    make: Callable[[MediaProfile], str]

    async def __call__(self, profile: MediaProfile) -> str:
        try:
            root = await self.client.ask(self.path, self.make(profile))
        except DeviceFaultError as error:
            raise CameraPathNotFoundError(
                "The device does not tell where its stream is.", fault=error.code
            ) from error
        return stream_url(messages.read_uri(root), self.address)


def choose_streams(
    profiles: list[MediaProfile], channel: int
) -> tuple[MediaProfile, MediaProfile | None]:
    """Return main (the largest picture) and sub (the smallest H.264 of at least 320 px) of a lens or input.

    Raises:
        CameraPathNotFoundError: the device has fewer inputs than *channel*.

    """
    sources = list(dict.fromkeys(profile.source for profile in profiles))
    if channel > len(sources):
        raise CameraPathNotFoundError(
            "The device has no such channel.", channels=len(sources), channel=channel
        )
    mine = [profile for profile in profiles if profile.source == sources[channel - 1]]
    main = max(mine, key=lambda profile: profile.area)
    smaller = [
        profile
        for profile in mine
        if profile.codec == "h264" and profile.width >= MIN_SUB_WIDTH and profile.area < main.area
    ]
    return main, min(smaller, key=lambda profile: profile.area, default=None)


def stream_url(said: str, address: Address) -> str:
    """Return the stream's address on the host that was asked, without credentials.

    Devices behind address translation, or with a wrong network setting, name a host that is not theirs; and a device
    that lies would have us send the password there. Of what it says only port and path are used, and the port only
    where no person chose one.

    Raises:
        OnvifBadResponseError: what it says is no RTSP address.

    """
    scheme, found, rest = said.partition("://")
    authority, slash, path = rest.partition("/")
    if not found or scheme.lower() != "rtsp":
        raise OnvifBadResponseError("The device names no RTSP address for its stream.")
    if "?" in authority:
        authority, _, query = authority.partition("?")
        slash, path = "/", f"?{query}"
    port = address.rtsp_port if address.has_own_rtsp_port else _port_in(authority)
    try:
        typed = split_typed_url(f"rtsp://{bracketed(address.host)}:{port}{slash or '/'}{path}")
    except InvalidAddressError as error:
        raise OnvifBadResponseError("The device names an odd address for its stream.") from error
    return typed.url


def _port_in(authority: str) -> int:
    """Return the last number after a colon: ``:80:554`` has been seen."""
    found = re.search(r":(\d{1,5})$", authority.rpartition("@")[2])
    port = int(found[1]) if found else DEFAULT_RTSP_PORT
    return port if 1 <= port <= 65535 else DEFAULT_RTSP_PORT
