"""Pushes of cameras built anew from the field facts: no capture of anybody's street."""

import io
from functools import cache

from PIL import Image


@cache
def jpeg(width: int = 640, height: int = 360, color: str = "gray") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), color).save(file, "JPEG")
    return file.getvalue()


def anpr_xml(
    *,
    plate: str = "ABC1D23",
    namespace: str = ' xmlns="http://www.hikvision.com/ver20/XMLSchema"',
    prefix: str = "",
    when: str = "2026-03-14T09:26:53-03:00",
    confidence: str = "97",
    event_type: str = "ANPR",
    channel_name: str = "Av Central sentido bairro",
    extra: str = "",
    anpr: str = "",
    declaration: str = '<?xml version="1.0" encoding="UTF-8"?>',
) -> str:
    p = f"{prefix}:" if prefix else ""
    return f"""{declaration}
<{p}EventNotificationAlert version="2.0"{namespace}>
<{p}ipAddress>10.20.0.64</{p}ipAddress>
<{p}macAddress>bc:ad:28:00:00:01</{p}macAddress>
<{p}channelID>1</{p}channelID>
<{p}dateTime>{when}</{p}dateTime>
<{p}activePostCount>1</{p}activePostCount>
<{p}eventType>{event_type}</{p}eventType>
<{p}eventState>active</{p}eventState>
<{p}channelName>{channel_name}</{p}channelName>
<{p}ANPR>
<{p}country>220</{p}country>
<{p}licensePlate>{plate}</{p}licensePlate>
<{p}line>2</{p}line>
<{p}direction>forward</{p}direction>
<{p}confidenceLevel>{confidence}</{p}confidenceLevel>
<{p}plateColor>white</{p}plateColor>
<{p}twoWheelVehicle>no</{p}twoWheelVehicle>
<{p}plateCharBelieve>99,99,98,99,91,99,99</{p}plateCharBelieve>
<{p}vehicleType>SUVMPV</{p}vehicleType>
<{p}vehicleInfo><{p}color>silver</{p}color></{p}vehicleInfo>
<{p}pictureInfoList>
<{p}pictureInfo><{p}fileName>licensePlatePicture.jpg</{p}fileName><{p}type>licensePlatePicture</{p}type>
<{p}absTime>20260314092653120</{p}absTime></{p}pictureInfo>
<{p}pictureInfo><{p}fileName>detectionPicture.jpg</{p}fileName><{p}type>detectionPicture</{p}type>
<{p}plateRect><{p}X>413</{p}X><{p}Y>241</{p}Y><{p}width>126</{p}width><{p}height>44</{p}height></{p}plateRect></{p}pictureInfo>
</{p}pictureInfoList>{anpr}
</{p}ANPR>
<{p}UUID>20260314092653122000xyz</{p}UUID>
<{p}isDataRetransmission>false</{p}isDataRetransmission>
<{p}detectionBackgroundImageResolution><{p}height>1568</{p}height><{p}width>2560</{p}width></{p}detectionBackgroundImageResolution>{extra}
</{p}EventNotificationAlert>"""


def multipart(
    *parts: tuple[str, bytes], boundary: str = "boundary", line: str = "\r\n"
) -> tuple[str, bytes]:
    """Return Content-Type and body; each part is its headers (without the last line end) and its content."""
    body = b""
    for head, content in parts:
        body += f"--{boundary}{line}{head}{line}{line}".encode() + content + line.encode()
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--{line}".encode()


XML_PART = 'Content-Disposition: form-data; name="anpr.xml"; filename="anpr.xml"\r\nContent-Type: application/xml'
PLATE_PART = (
    'Content-Disposition: form-data; name="licensePlatePicture.jpg"; filename="licensePlatePicture.jpg"\r\n'
    "Content-Type: image/jpeg"
)
SCENE_PART = (
    'Content-Disposition: form-data; name="detectionPicture.jpg"; filename="detectionPicture.jpg"\r\n'
    "Content-Type: image/jpeg"
)
