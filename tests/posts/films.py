"""Films made for the tests, with everything in them that a telephone or a camera would leave behind."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from PIL import Image

HIDDEN = "SECRET"
UPRIGHT = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
TURNED = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
"""How a telephone that was held upright says that its film lies on its side."""


def film(folder: Path, *, seconds: float = 2.0, size: tuple[int, int] = (320, 180), codec: str = "libx264",
         sound: str = "aac", pixels: str = "yuv420p", form: str = "mp4", colour: str = "navy") -> bytes:
    """A film of one colour (none: of noise, 300 KB a second), red at its upper edge; it tells where and by whom it was made."""
    path = folder / f"made.{form}"
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"} if form in {"mp4", "mov"} else {}) as out:
        out.metadata.update({"title": f"{HIDDEN} title", "location": "+34.7178+137.8516/", "make": f"{HIDDEN} maker",
                             "com.apple.quicktime.location.ISO6709": "+34.7178+137.8516/", "comment": f"{HIDDEN} words",
                             "creation_time": "2026-11-27T01:02:03Z"})
        video = out.add_stream(codec, rate=10)
        video.width, video.height, video.pix_fmt = *size, pixels
        video.metadata["handler_name"] = f"{HIDDEN} handler"
        tracks = [(video, _pictures(size, colour, int(seconds * 10)))]
        if sound:
            tracks.append((out.add_stream(sound, rate=44100), _silence(seconds)))
        for track, frames in tracks:
            for frame in (*frames, None):
                out.mux(track.encode(frame))
    return path.read_bytes()


def _pictures(size: tuple[int, int], colour: str, count: int) -> Iterator[Any]:
    for _ in range(count):
        noise = Image.frombytes("RGB", size, os.urandom(size[0] * size[1] * 3)) if not colour else None
        picture = noise or Image.new("RGB", size, colour)
        picture.paste("red", (0, 0, size[0], size[1] // 8))
        yield av.VideoFrame.from_image(picture)


def _silence(seconds: float) -> Iterator[Any]:
    for number in range(int(seconds * 44100) // 1024):
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.planes[0].update(b"\0" * 4096)
        frame.sample_rate, frame.pts = 44100, number * 1024
        yield frame


def turned(data: bytes) -> bytes:
    """The same film as a telephone writes it that was held upright."""
    at = data.index(UPRIGHT, data.index(b"tkhd"))
    return data[:at] + TURNED + data[at + len(TURNED):]


def with_box(data: bytes, kind: bytes, content: bytes) -> bytes:
    """The film with one more part at its end, as cameras add them."""
    return data + struct.pack(">I", 8 + len(content)) + kind + content
