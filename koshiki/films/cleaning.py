"""Takes a film apart and writes it anew with its picture and sound alone. A program of its own: `films/__init__.py` starts it.

In on standard input, a file; out to the two paths it is given: the film (MP4, not encoded anew, its index in front) and
a poster (JPEG). What it found is one line of JSON: `width`, `height`, `milliseconds`; or `bad`, in words for the person who
uploaded it; or `errno`, where the disk refused. It imports nothing of koshiki, so that it starts quickly and knows nothing.
"""

from __future__ import annotations

import io
import json
import os
import resource
import struct
import sys
from collections.abc import Iterator
from typing import IO, Any

MEMORY, CPU_SECONDS = 2_000_000_000, 200
MAX_PIXELS = 4096 * 2304
POSTER_SIDE = 1280
UNREADABLE = "動画として読み取れません。MP4又はMOVの動画（映像はH.264、音声はAAC）を選んでください。"
_THIS_FILE_ALONE = {"enable_drefs": "0", "protocol_whitelist": "none"}  # a film may name others, on the disk or the net
FIRST_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
"""What films of this kind begin with."""

# Of H.264: slices, parameter sets, delimiters. What a camera writes beside them (SEI: place, device, encoder, captions) goes.
_PICTURE_ONLY = "filter_units=pass_types=1-5|7-11|13|19"
_EXPORT = "H.264・AACのMP4に書き出してから選び直してください。"
_ON_IPHONES = "iPhoneでは、設定の「カメラ」→「フォーマット」→「互換性優先」で撮ると使えます。"
_CUT = "動画のファイルが途中で切れています。もう一度コピーし、再生できることを確かめて、選び直してください。"


class Bad(Exception):
    """Why the film is not taken, in words for the person who uploaded it."""


def bound(most_bytes: int) -> None:
    """From here on a film can cost so much and no more."""
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_CORE, 0),
                       (resource.RLIMIT_FSIZE, most_bytes + most_bytes // 10), (resource.RLIMIT_NOFILE, 64)):
        _soft, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def refuse_cut(film: IO[bytes]) -> None:
    """Every part says how long it is; where the file is shorter than that, it broke off on its way. Raises Bad."""
    end, at = film.seek(0, os.SEEK_END), 0
    film.seek(0)
    if film.read(8)[4:] not in FIRST_BOXES:
        raise Bad(UNREADABLE)
    while at < end:
        film.seek(at)
        head = film.read(16)
        length = struct.unpack(">I", head[:4].ljust(4, b"\0"))[0]
        if length == 1:
            length = struct.unpack(">Q", head[8:16].ljust(8, b"\0"))[0]
        if length == 0:  # to the end
            break
        if length < 8 or at + length > end:
            raise Bad(_CUT)
        at += length
    film.seek(0)


def cleaned(film: IO[bytes], target: str, poster: str) -> dict[str, int]:
    """Raises Bad, OSError, and whatever the library raises about a film that is none."""
    import av  # noqa: PLC0415  (once memory is bounded)

    av.logging.set_level(None)
    with av.open(film, format="mov", options=_THIS_FILE_ALONE, buffer_size=1 << 20) as source:
        video, audio = _picture_of(source), _sound_of(source)
        with av.open(target, "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as written:
            seconds = _copied(source, written, video, audio)
    width, height = _poster(target, poster)
    return {"width": width, "height": height, "milliseconds": round(seconds * 1000)}


def _picture_of(source: Any) -> Any:
    """The one picture track that is shown. Raises Bad."""
    video = source.streams.best("video")
    if video is None:
        raise Bad("映像が入っていません。動画を選んでください。")
    context = video.codec_context
    if context is None or context.name != "h264":
        name = context.name if context else "不明"
        raise Bad(f"映像の形式（{name}）は使えません。{_EXPORT}{_ON_IPHONES}")
    if context.pix_fmt not in {"yuv420p", "yuvj420p"}:
        raise Bad(f"映像の色の形式（{context.pix_fmt}）は使えません。8ビット・4:2:0の{_EXPORT}")
    if not 0 < context.width * context.height <= MAX_PIXELS:
        raise Bad("動画は4K（4096×2304）までです。画面を小さく書き出してから選び直してください。")
    return video


def _sound_of(source: Any) -> Any:
    """The sound track, if the film has sound. Raises Bad where it is of another kind."""
    kinds = [(track.codec_context.name if track.codec_context else "不明", track) for track in source.streams.audio]
    if found := next((track for name, track in kinds if name == "aac"), None):
        return found
    if kinds:
        raise Bad(f"音声の形式（{kinds[0][0]}）は使えません。{_EXPORT}")
    return None


def _copied(source: Any, written: Any, video: Any, audio: Any) -> float:
    """Picture and sound as they are, in a new file that says nothing else. Returns the seconds. Raises Bad."""
    from av.bitstream import BitStreamFilterContext  # noqa: PLC0415

    goes = {track: written.add_stream_from_template(track) for track in (video, audio) if track is not None}
    for track in goes.values():
        track.metadata.clear()
    only = BitStreamFilterContext(_PICTURE_ONLY, video, goes[video])
    ends = [0.0]
    for packet in _packets(source, list(goes)):
        ends.append(float(((packet.pts or packet.dts) + (packet.duration or 0)) * packet.time_base))
        track = packet.stream
        for piece in only.filter(packet) if track is video else [packet]:
            piece.stream = goes[track]
            written.mux(piece)
    for piece in only.filter(None):
        piece.stream = goes[video]
        written.mux(piece)
    return max(ends)


def _packets(source: Any, tracks: list[Any]) -> Iterator[Any]:
    """Raises Bad where one is not whole."""
    for packet in source.demux(tracks):
        if packet.is_corrupt:
            raise Bad(_CUT)
        if packet.dts is not None:  # else it only says that the track has ended
            yield packet


def _poster(film: str, poster: str) -> tuple[int, int]:
    """One picture out of the film's first third, upright. Returns the film's width and height as it is seen. Raises Bad."""
    import av  # noqa: PLC0415

    with av.open(film, format="mov") as source:
        video = source.streams.video[0]
        video.codec_context.thread_count = 1
        source.seek((source.duration or 0) // 3)  # to the whole picture before it
        frame = next(source.decode(video), None)
        if frame is None:
            raise Bad("映像を再生できません。書き出し直してから選び直してください。")
        shape = float(video.sample_aspect_ratio or 1)
        whole: Any = frame.to_image()  # type: ignore[no-untyped-call]
        picture = whole.resize((max(1, round(frame.width * shape)), frame.height))
        picture = picture.rotate(frame.rotation, expand=True)
    size: tuple[int, int] = picture.size
    picture.thumbnail((POSTER_SIDE, POSTER_SIDE))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    with open(poster, "wb") as file:
        file.write(out.getvalue())
    return size


def said(film: IO[bytes], target: str, poster: str) -> dict[str, Any]:
    """How it ended, as it is told."""
    try:
        refuse_cut(film)
        return dict(cleaned(film, target, poster))
    except Bad as bad:
        return {"bad": str(bad)}
    except OSError as error:
        import errno  # noqa: PLC0415

        disks = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG}
        if error.errno not in disks:
            raise
        return {"errno": error.errno}


if __name__ == "__main__":
    bound(int(sys.argv[3]))
    print(json.dumps(said(sys.stdin.buffer, *sys.argv[1:3])))
