//! A line as its member's task holds it: open until it is dropped.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};
use tokio::sync::Notify;

use super::LineId;
use crate::rooms::Rooms;

/// What is read at once.
const READ_BYTES: usize = 4_096;

/// See the module's text.
pub(super) struct Open {
    /// Tells when the socket can be read and written.
    watch: AsyncFd<Handle>,
    /// Something waits now, or the line was cut.
    news: Arc<Notify>,
}

struct Handle {
    rooms: Arc<Rooms>,
    id: LineId,
    /// Of the socket, which stays open as long as this.
    fd: RawFd,
}

impl AsRawFd for Handle {
    fn as_raw_fd(&self) -> RawFd {
        self.fd
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.rooms.present().lines.close(self.id);
    }
}

impl Open {
    /// # Errors
    /// The system has no more room for sockets to watch.
    #[expect(
        unsafe_code,
        reason = "the socket lies beside all others, so the watch cannot hold it"
    )]
    pub(super) fn new(rooms: Arc<Rooms>, socket: TcpStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let fd = socket.as_raw_fd();
        let (id, news) = rooms.present().lines.open(socket, rooms.now());
        let handle = Handle { rooms, id, fd };
        // SAFETY: `fd` is open until the handle is dropped, which alone closes it, and never another one. The
        // watch owns the handle, gives it to nobody, and drops it when it watches no more.
        let watch = unsafe { AsyncFd::register(handle) }?;
        Ok(Self { watch, news })
    }

    fn handle(&self) -> &Handle {
        self.watch.get_ref()
    }

    pub(super) fn id(&self) -> LineId {
        self.handle().id
    }

    pub(super) fn send(&self, frame: &Bytes) {
        self.handle().rooms.present().lines.send(self.handle().id, frame);
    }

    /// The member has said something.
    pub(super) fn heard(&self) {
        self.handle().rooms.present().lines.heard(self.handle().id);
    }

    /// Writes what waits as far as the socket takes it; whether something still waits, or nothing when
    /// the line was cut.
    pub(super) fn flush(&self) -> Option<bool> {
        self.handle().rooms.present().lines.flush(self.handle().id)
    }

    /// Until something waits or the line was cut.
    pub(super) async fn news(&self) {
        self.news.notified().await;
    }

    /// Until something has come.
    ///
    /// # Errors
    /// The runtime ends.
    pub(super) async fn readable(&self) -> io::Result<Ready<'_>> {
        Ok(Ready(self.watch.readable().await?))
    }

    /// Until the socket takes more.
    ///
    /// # Errors
    /// The runtime ends.
    pub(super) async fn writable(&self) -> io::Result<Ready<'_>> {
        Ok(Ready(self.watch.writable().await?))
    }
}

/// A socket that can be read or written.
pub(super) struct Ready<'a>(AsyncFdReadyGuard<'a, Handle>);

impl Ready<'_> {
    /// Gives what came to `take`; whether there can be more some time.
    ///
    /// # Errors
    /// The connection is broken.
    pub(super) fn read(mut self, take: impl FnOnce(&[u8])) -> io::Result<bool> {
        let mut buffer = [0; READ_BYTES];
        let Handle { rooms, id, .. } = self.0.get_inner();
        let result = rooms.present().lines.read(*id, &mut buffer);
        let count = match result {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.0.clear_ready();
                return Ok(true);
            }
            result => result?,
        };
        // All that there was, unless it has ended: that is not forgotten.
        if count < buffer.len() {
            self.0.clear_ready();
        }
        take(&buffer[..count]);
        Ok(count > 0)
    }

    /// Writes what waits; nothing when the line was cut.
    pub(super) fn flush(mut self) -> Option<()> {
        let Handle { rooms, id, .. } = self.0.get_inner();
        if rooms.present().lines.flush(*id)? {
            self.0.clear_ready();
        }
        Some(())
    }
}
