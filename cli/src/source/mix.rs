//! What happens to a source's sound on its way into the session: other files beside it, gain and
//! stretches of silence.

use std::time::Duration;

use onair::{AudioSourceId, CaptureTime, Pcm, PushError, Session};

use super::sound::Sound;
use crate::args::sound::{Interval, SoundArgs};
use crate::exit::Failure;

/// Everything that is done to the sound; nothing by default.
#[derive(Debug, Default)]
pub(crate) struct Mix {
    muted: Vec<Interval>,
    gain: Option<f32>,
    files: Vec<File>,
    /// The capture time of the source's first sample.
    origin: Option<CaptureTime>,
}

#[derive(Debug)]
struct File {
    sound: Sound,
    gain: f32,
    /// In the session, while there is more of it.
    id: Option<AudioSourceId>,
    /// Number of the next sample.
    next: u64,
}

impl Mix {
    /// As the command line says.
    ///
    /// # Errors
    /// When a file cannot be opened or is not 16-bit PCM.
    pub(crate) fn new(args: &SoundArgs) -> Result<Self, Failure> {
        let open = |file: &crate::args::sound::MixFile| {
            let sound = Sound::wav(&file.path)?;
            Ok(File { sound, gain: file.gain, id: None, next: 0 })
        };
        let files = args.mix.iter().map(open).collect::<Result<_, Failure>>()?;
        Ok(Self { muted: args.mute_at.clone(), gain: args.gain, files, origin: None })
    }

    /// Whether nothing is done.
    pub(crate) fn is_empty(&self) -> bool {
        self.muted.is_empty() && self.gain.is_none() && self.files.is_empty()
    }

    /// Adds the files to the session.
    ///
    /// # Errors
    /// When there are too many.
    pub(crate) fn begin(&mut self, session: &Session) -> Result<(), Failure> {
        if let Some(gain) = self.gain {
            session.set_gain(gain).map_err(Failure::usage)?;
        }
        for file in &mut self.files {
            let id = session.add_audio_source().map_err(Failure::usage)?;
            session.set_audio_source_gain(id, file.gain).map_err(Failure::usage)?;
            file.id = Some(id);
        }
        Ok(())
    }

    /// The source's sound begins here, and not at zero, unless it began before; where it did.
    pub(crate) fn begins_at(&mut self, origin: CaptureTime) -> CaptureTime {
        *self.origin.get_or_insert(origin)
    }

    /// Before the source's sound from `stamp` on: mutes or not, and pushes the files' sound up to
    /// `end` of its time.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn push(
        &mut self,
        session: &Session,
        stamp: CaptureTime,
        end: Duration,
    ) -> Result<Result<(), PushError>, Failure> {
        let origin = self.origin.unwrap_or(CaptureTime::ZERO);
        if !self.muted.is_empty() {
            let at = stamp.since(origin);
            session.set_muted(self.muted.iter().any(|stretch| stretch.has(at)));
        }
        for file in &mut self.files {
            if let Err(refused) = file.push(session, origin, end)? {
                return Ok(Err(refused));
            }
        }
        Ok(Ok(()))
    }
}

impl File {
    fn push(
        &mut self,
        session: &Session,
        origin: CaptureTime,
        end: Duration,
    ) -> Result<Result<(), PushError>, Failure> {
        let Some(id) = self.id else { return Ok(Ok(())) };
        let (sample_rate_hz, channels) = (self.sound.sample_rate_hz(), self.sound.channels());
        let wanted = end.as_micros() * u128::from(sample_rate_hz) / 1_000_000;
        let wanted = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_sub(self.next);
        let Some(count) = u32::try_from(wanted).ok().filter(|&count| count > 0) else {
            return Ok(Ok(()));
        };
        if !self.sound.make(count)? {
            // At the file's end nobody waits for it any more.
            self.id = None;
            session.remove_audio_source(id).map_err(Failure::local)?;
            return Ok(Ok(()));
        }
        let at = origin + self.sound.time_of(self.next);
        let samples = self.sound.block();
        self.next += (samples.len() / usize::from(channels.max(1))) as u64;
        Ok(session.push_audio_to(id, Pcm { samples, sample_rate_hz, channels }, at))
    }
}

#[cfg(test)]
mod tests {
    use onair::{AudioConfig, Delivery, ReconnectPolicy, StreamUrl};

    use super::*;
    use crate::args::sound::MixFile;

    /// One second of this value at 16 kHz.
    fn wav(value: i16) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        bytes.extend_from_slice(&16_000_u32.to_le_bytes());
        bytes.extend_from_slice(b"\0\0\0\0\x02\0\x10\0data\xff\xff\xff\xff");
        bytes.extend((0..16_000).flat_map(|_| value.to_le_bytes()));
        bytes
    }

    /// A session that takes sound although nobody answers.
    fn session() -> Session {
        let mut reconnect = ReconnectPolicy::default();
        (reconnect.retry_first_connection, reconnect.budget) = (true, None);
        let session = Session::builder(Some(AudioConfig::default()), None)
            .delivery(Delivery::Live)
            .reconnect(reconnect)
            .build()
            .expect("a session");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let url = StreamUrl::parse(&format!("rtmp://127.0.0.1:{port}/live/test"));
        session.start(url.expect("an address")).expect("it starts");
        session
    }

    fn peak(session: &Session, wanted: f32) -> bool {
        (0..500).any(|_| {
            let level = session.levels().output.peak_dbfs;
            let is_there = (level - wanted).abs() < 0.3;
            if !is_there {
                let (_sender, nothing) = crossbeam_channel::bounded::<()>(1);
                let _ = nothing.recv_timeout(Duration::from_millis(10));
            }
            is_there
        })
    }

    #[test]
    fn a_file_sounds_beside_the_source_until_its_end_and_mute_has_its_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("music@home.wav");
        std::fs::write(&path, wav(16_384)).expect("write");
        let muted = Interval { from: Duration::from_secs(2), length: Some(Duration::from_secs(1)) };
        let args = SoundArgs {
            mute_at: vec![muted],
            gain: Some(0.5),
            mix: vec![MixFile { path, gain: 0.5 }],
        };
        let mut mix = Mix::new(&args).expect("a file");
        let session = session();
        mix.begin(&session).expect("room");
        assert_eq!(session.levels().sources.len(), 2);
        // A quarter of full scale from the source, a quarter from the file, at half of that.
        let samples = [8_192; 882 * 2];
        let mut push = |from: i64, to: i64| {
            for block in from * 50..to * 50 {
                let at = CaptureTime::from_millis(block * 20);
                let end = Duration::from_millis(block as u64 * 20 + 20);
                mix.push(&session, at, end).expect("a file").expect("a push");
                let pcm = Pcm { samples: &samples, sample_rate_hz: 44_100, channels: 2 };
                session.push_audio(pcm, at).expect("a push");
                let (_sender, nothing) = crossbeam_channel::bounded::<()>(1);
                let _ = nothing.recv_timeout(Duration::from_millis(1));
            }
        };
        push(0, 1);
        assert!(peak(&session, -12.04), "{:?}", session.levels());
        push(1, 2);
        assert!(peak(&session, -18.06), "the file has ended: {:?}", session.levels());
        assert_eq!(session.levels().sources.len(), 1);
        push(2, 3);
        assert!(session.is_muted() && peak(&session, -100.0), "{:?}", session.levels());
        push(3, 4);
        assert!(!session.is_muted() && peak(&session, -18.06), "{:?}", session.levels());
        session.stop();
    }
}
