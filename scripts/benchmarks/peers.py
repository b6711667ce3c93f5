"""The command lines: each peer, and us, doing the same work."""


class Peers:
    """Who can be had on this machine."""

    def __init__(self, onair, ffmpeg, gstreamer, librtmp):
        self.onair, self.ffmpeg, self.gstreamer, self.librtmp = onair, ffmpeg, gstreamer, librtmp

    def ship(self, file, paced):
        """Sends an encoded file as it is; in real time, or as fast as the socket takes it."""

        def gstreamer(url):
            sync = "true" if paced else "false"
            pipeline = (
                f"filesrc location={file} ! flvdemux name=d flvmux name=m streamable=true ! "
                f"rtmp2sink location={url} sync={sync} "
                "d.video ! queue ! h264parse ! m. d.audio ! queue ! aacparse ! m."
            )
            return [self.gstreamer, "-q", *pipeline.split()]

        def ffmpeg(url):
            rate = ["-re"] if paced else []
            return [*self._quiet_ffmpeg(), *rate, "-i", file, "-c", "copy", "-f", "flv", url]

        def onair(url):
            return [self.onair, "push", url, "--flv", file, *([] if paced else ["--fast"])]

        def librtmp(chunk):
            return lambda url: [self.librtmp, file, url, chunk, int(paced)]

        return self._those_here({
            "onair": onair,
            "ffmpeg": ffmpeg,
            "gst rtmp2sink": gstreamer,
            "librtmp/128": librtmp("128"),
            "librtmp/4096": librtmp("4096"),
        })

    def pattern(self):
        """Makes a 360p30 test picture with sound, encodes and sends it."""

        def gstreamer(url):
            pipeline = (
                "videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! "
                "openh264enc bitrate=800000 ! h264parse ! m. audiotestsrc is-live=true ! "
                "audio/x-raw,rate=44100,channels=2 ! voaacenc ! aacparse ! m. "
                f"flvmux name=m streamable=true ! rtmp2sink location={url}"
            )
            return [self.gstreamer, "-q", *pipeline.split()]

        def ffmpeg(url):
            return [
                *self._quiet_ffmpeg(), "-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30",
                "-re", "-f", "lavfi", "-i", "sine=sample_rate=44100", "-t", "20", "-c:v", "libopenh264",
                "-b:v", "800k", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", url,
            ]

        def onair(url):
            return [
                self.onair, "push", url, "--pattern", "clock", "--size", "640x360", "--fps", "30",
                "--video-bitrate", "800k", "--duration", "20s",
            ]

        return self._those_here({"onair": onair, "ffmpeg": ffmpeg, "gst rtmp2sink": gstreamer})

    def camera(self):
        """Our pattern, encoded from the start, as a camera's pictures are."""
        return lambda url: [
            self.onair, "push", url, "--pattern", "clock", "--size", "640x360", "--fps", "30",
            "--video-bitrate", "300k", "--duration", "20s", "--from-start",
        ]

    def pipeline(self, pictures, sound):
        """Encodes raw 720p30 pictures and sound in real time, and sends them."""

        def gstreamer(url):
            pipeline = (
                f"filesrc location={pictures} ! y4mdec ! openh264enc bitrate=1200000 ! h264parse ! queue ! m. "
                f"filesrc location={sound} ! wavparse ! audioconvert ! voaacenc bitrate=96000 ! aacparse ! queue ! m. "
                f"flvmux name=m streamable=true ! rtmp2sink location={url} sync=true"
            )
            return [self.gstreamer, "-q", *pipeline.split()]

        def ffmpeg(url):
            return [
                *self._quiet_ffmpeg(), "-re", "-i", pictures, "-re", "-i", sound, "-c:v", "libopenh264",
                "-b:v", "1200k", "-g", "60", "-c:a", "aac", "-b:a", "96k", "-f", "flv", url,
            ]

        def onair(url):
            return [
                self.onair, "push", url, "--y4m", pictures, "--wav", sound,
                "--video-bitrate", "1200k", "--audio-bitrate", "96k",
            ]

        return self._those_here({"onair": onair, "ffmpeg": ffmpeg, "gst rtmp2sink": gstreamer})

    def beautified(self, pictures, sound):
        """The same, with skin made smooth and bright before."""

        def ffmpeg(url):
            return [
                *self._quiet_ffmpeg(), "-re", "-i", pictures, "-re", "-i", sound, "-vf", "bilateral,eq=brightness=0.05",
                "-c:v", "libopenh264", "-b:v", "1200k", "-g", "60", "-c:a", "aac", "-b:a", "96k", "-f", "flv", url,
            ]

        def onair(url):
            return [
                self.onair, "push", url, "--y4m", pictures, "--wav", sound, "--beauty", "0.5", "--beauty-fast",
                "--video-bitrate", "1200k", "--audio-bitrate", "96k",
            ]

        here = self._those_here({"onair": onair, "ffmpeg": ffmpeg})
        return {{"ffmpeg": "ffmpeg bilateral"}.get(who, who): command for who, command in here.items()}

    def pictures(self, fifo):
        """Encodes 720p30 pictures as they come out of a pipe, and sends them."""

        def ffmpeg(url):
            return [
                *self._quiet_ffmpeg(), "-probesize", "32", "-analyzeduration", "0", "-i", fifo,
                "-c:v", "libopenh264", "-b:v", "1200k", "-pix_fmt", "yuv420p", "-f", "flv", url,
            ]

        def onair(url):
            return [self.onair, "push", url, "--y4m", fifo, "--video-bitrate", "1200k"]

        return self._those_here({"onair": onair, "ffmpeg": ffmpeg})

    def live_pictures(self):
        """Encodes 720p30 pictures as they come out of a pipe, at 2 Mbit/s, each with its own way to bear a bad network."""

        def ffmpeg(url, fifo, output):
            return [
                *self._quiet_ffmpeg(), "-probesize", "32", "-analyzeduration", "0", "-i", fifo,
                "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-b:v", "2M", "-maxrate", "2M",
                "-bufsize", "2M", "-g", "60", "-pix_fmt", "yuv420p", *output, url,
            ]

        def plain(fifo, url):
            return ffmpeg(url, fifo, ["-f", "flv"])

        def with_fifo(fifo, url):
            return ffmpeg(url, fifo, [
                "-map", "0:v", "-flags", "+global_header", "-f", "fifo", "-fifo_format", "flv", "-queue_size", "60",
                "-drop_pkts_on_overflow", "1", "-attempt_recovery", "1", "-recover_any_error", "1",
                "-recovery_wait_time", "0.5", "-restart_with_keyframe", "1",
            ])

        def gstreamer(fifo, url):
            pipeline = (
                f"filesrc location={fifo} ! y4mdec ! openh264enc bitrate=2000000 gop-size=60 ! h264parse ! "
                f"flvmux streamable=true ! rtmp2sink location={url} sync=false"
            )
            return [self.gstreamer, "-q", *pipeline.split()]

        def onair(fifo, url):
            return [self.onair, "push", url, "--y4m", fifo, "--video-bitrate", "2M", "--max-bitrate", "2M"]

        here = self._those_here({"onair": onair, "ffmpeg": plain, "gst rtmp2sink": gstreamer})
        if "ffmpeg" in here:
            here["ffmpeg fifo"] = with_fifo
        return here

    def _quiet_ffmpeg(self):
        return [self.ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-y"]

    def _those_here(self, commands):
        program = {"onair": self.onair, "ffmpeg": self.ffmpeg, "gst rtmp2sink": self.gstreamer}
        return {who: command for who, command in commands.items() if program.get(who, self.librtmp)}
