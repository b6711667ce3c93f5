//! What every sender in the laboratory is: OnAir's engine or a model of a peer's policy.

use onair_engine::record::Recorder;
use onair_types::Now;

use crate::ledger::Ledger;
use crate::media::{Encoder, Picture};
use crate::net::Path;
use crate::net::path::Reply;

/// What a sender can do at a moment.
pub struct Host<'a> {
    /// The moment.
    pub now: Now,
    /// The network.
    pub path: &'a mut Path,
    /// The encoder.
    pub encoder: &'a mut Encoder,
    /// Where fates are written down.
    pub ledger: &'a mut Ledger,
}

impl Host<'_> {
    /// Tells the encoder a bitrate.
    pub fn set_bitrate(&mut self, bps: u32) {
        self.encoder.set_bitrate(bps);
        self.ledger.commanded(bps, self.now);
    }
}

/// A sender's policy.
pub trait Broadcaster {
    /// The run begins; returns the encoder's first bitrate.
    fn start(&mut self, host: &mut Host<'_>) -> u32;

    /// The connection asked for stands.
    fn handle_connected(&mut self, host: &mut Host<'_>);

    /// The encoder made a picture.
    fn handle_picture(&mut self, picture: Picture, host: &mut Host<'_>);

    /// The encoder made an AAC frame of `bytes`.
    fn handle_audio(&mut self, bytes: u32, host: &mut Host<'_>);

    /// The server said something.
    fn handle_reply(&mut self, reply: Reply, host: &mut Host<'_>);

    /// The network moved, or the time of [`Broadcaster::next_wake`] came: write what fits.
    fn pump(&mut self, host: &mut Host<'_>);

    /// When to be pumped even if the network does not move.
    fn next_wake(&self) -> Option<Now>;

    /// Bytes between RTMP Acknowledgements that the server was asked for, if it was.
    fn acknowledgement_window(&self) -> Option<u64> {
        None
    }

    /// The flight recorder of a broadcaster that has one.
    fn recorder(&self) -> Option<Recorder> {
        None
    }

    /// The run is over.
    fn finish(&mut self, host: &mut Host<'_>) {
        let _ = host;
    }

    /// What the user may set while live: the highest bitrate.
    fn set_max_bitrate(&mut self, bps: u32, host: &mut Host<'_>) {
        let _ = (bps, host);
    }
}
