//! One secure connection: a TLS session over a connection that carries its records.
//!
//! Out: what the engine gives becomes records of at most 16 KiB, each with one vectored write: a
//! picture and the sound that rides along are one record when they fit. At most one record that
//! was taken from the engine waits here for the socket; any later call goes on with it, and the
//! task is woken when the socket has room. In: what the socket has becomes plaintext when somebody
//! reads. A look at a silent socket asks the session nothing.

use std::cell::RefCell;
use std::io::{self, IoSlice, Read, Write};
use std::ops::Range;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use onair_engine::publish::TlsError;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::failure;
use super::ledger::Ledger;
use crate::{Connection, Transport};

pub(super) struct Tls {
    below: Box<dyn Connection>,
    session: ClientConnection,
    ledger: RefCell<Ledger>,
    /// Plaintext in records that the ledger has not seen.
    sealed: u64,
    said_goodbye: bool,
    /// Bytes from the socket; those that the session has not taken.
    buffer: Box<[u8]>,
    came: Range<usize>,
    /// The session may have something to say that was not read.
    has_news: bool,
}

/// Plaintext of one record, at most (RFC 8446, 5.1).
const RECORD_BYTES: usize = 16 << 10;
/// Slices of one record; a picture has a few.
const SLICES: usize = 64;
/// As much as the session takes at once; a server says little.
const READ_BYTES: usize = 4 << 10;

impl Tls {
    /// A session that is about to shake hands with `host`.
    pub(super) fn new(
        below: Box<dyn Connection>,
        config: Arc<ClientConfig>,
        host: &str,
    ) -> Result<Self, TlsError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| TlsError::Certificate("none can hold this host's name".to_owned()))?;
        let session = ClientConnection::new(config, name)
            .map_err(|error| failure::tls_error(&error, false))?;
        Ok(Self {
            below,
            session,
            ledger: RefCell::default(),
            sealed: 0,
            said_goodbye: false,
            buffer: vec![0; READ_BYTES].into_boxed_slice(),
            came: 0..0,
            has_news: false,
        })
    }

    /// Ready when the server has shown who it is and the connection is secure.
    pub(super) fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TlsError>> {
        loop {
            // A server that stops reading may have said why.
            if let Poll::Pending | Poll::Ready(Ok(())) = self.poll_flush(cx)
                && !self.session.is_handshaking()
                && !self.session.wants_write()
            {
                return Poll::Ready(Ok(()));
            }
            if let Ok(0) | Err(_) = ready!(self.poll_receive(cx)) {
                return Poll::Ready(Err(TlsError::Closed));
            }
            let had_answer = self.session.protocol_version().is_some();
            if let Err(error) = self.open_records() {
                // The alert that tells the server; nobody waits for it.
                let _ = self.poll_flush(cx);
                return Poll::Ready(Err(failure::tls_error(&error, had_answer)));
            }
        }
    }

    /// Gives the socket all records that wait.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.session.wants_write() {
            let ledger = self.ledger.get_mut();
            let plain = std::mem::take(&mut self.sealed);
            let mut below = Below { connection: &mut *self.below, cx, offered: 0 };
            let written = self.session.write_tls(&mut below);
            if plain > 0 {
                ledger.handle_sealed(plain, below.offered);
            }
            match written {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(bytes) => ledger.handle_sent(bytes as u64),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Gives the session what came; 0 bytes when the peer sends no more.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.came.is_empty() {
            let bytes = ready!(self.below.poll_read(cx, &mut self.buffer))?;
            self.came = 0..bytes.min(self.buffer.len());
        }
        let mut came = &self.buffer[self.came.clone()];
        let taken = self.session.read_tls(&mut came)?;
        self.came.start += taken;
        Poll::Ready(Ok(taken))
    }

    /// Opens the records that are whole.
    fn open_records(&mut self) -> Result<(), rustls::Error> {
        self.has_news = true;
        self.session.process_new_packets().map(|_| ())
    }

    /// Makes one record of what follows the first `skip` bytes; how many bytes went into it.
    fn seal_rest(&mut self, slices: &[IoSlice<'_>], mut skip: usize) -> io::Result<usize> {
        let mut record = [IoSlice::new(&[]); SLICES];
        let (mut filled, mut room) = (0, RECORD_BYTES);
        for slice in slices {
            let rest = slice.get(skip..).unwrap_or_default();
            skip = skip.saturating_sub(slice.len());
            if room == 0 || filled == SLICES {
                break;
            }
            if !rest.is_empty() {
                record[filled] = IoSlice::new(&rest[..rest.len().min(room)]);
                room -= record[filled].len();
                filled += 1;
            }
        }
        self.seal(&record[..filled])
    }

    /// Makes one record of what fits one.
    fn seal(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let taken = self.session.writer().write_vectored(slices)?;
        self.sealed += taken as u64;
        Ok(taken)
    }
}

impl Connection for Tls {
    fn keeps_nothing(&self) -> bool {
        self.below.keeps_nothing()
            && !self.session.wants_write()
            && self.came.is_empty()
            && !self.has_news
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            // Goes on with what waits for the socket. When that fails, the next write says so, and
            // what the peer had to say can still be read.
            let _ = self.poll_flush(cx);
            if self.has_news {
                match self.session.reader().read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        return Poll::Ready(Err(io::Error::new(error.kind(), CUT_OFF)));
                    }
                    read => return Poll::Ready(read),
                }
                self.has_news = false;
            }
            ready!(self.poll_receive(cx))?;
            if let Err(error) = self.open_records() {
                let _ = self.poll_flush(cx);
                return Poll::Ready(Err(failure::broken(&error)));
            }
        }
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_flush(cx))?;
        let all = slices.iter().map(|slice| slice.len()).sum();
        let is_one_record = all <= RECORD_BYTES && slices.len() <= SLICES;
        let mut taken = 0;
        while taken < all {
            taken +=
                if is_one_record { self.seal(slices)? } else { self.seal_rest(slices, taken)? };
            // A record that the socket does not take is out of the engine's hands all the same.
            if self.poll_flush(cx)?.is_pending() {
                break;
            }
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.said_goodbye, true) {
            self.session.send_close_notify();
        }
        ready!(self.poll_flush(cx))?;
        self.below.poll_shutdown(cx)
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        self.below.socket()
    }

    fn transport(&self) -> Option<Transport> {
        let mut transport = self.below.transport()?;
        let mut ledger = self.ledger.borrow_mut();
        transport.unsent_bytes = ledger.unsent(transport.unsent_bytes);
        transport.unacked_bytes = ledger.unacked(transport.unacked_bytes);
        Some(transport)
    }
}

/// The connection below, as the session wants to see it.
struct Below<'a, 'b> {
    connection: &'a mut dyn Connection,
    cx: &'a mut Context<'b>,
    /// Bytes of the last write, taken or not.
    offered: u64,
}

impl Write for Below<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.offered = slices.iter().map(|slice| slice.len() as u64).sum();
        match self.connection.poll_write_vectored(self.cx, slices) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The end of TCP without the end of TLS: anybody on the way can do that.
const CUT_OFF: &str = "the secure connection was cut off";

#[cfg(test)]
#[path = "connection_test.rs"]
mod tests;
