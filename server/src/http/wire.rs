//! An HTTP connection's socket, which hyper answers on and to which, in the middle of an endless answer, the publisher's
//! task writes.
//!
//! ```text
//! hyper's task:      head, headers, what was before ─▶ flushed ┐
//! publisher's task:                                            └▶ run, run, run │ full? ─▶ the rest, and hyper's task
//! ```
//!
//! hyper says when nothing of the answer waits above the socket: it flushes. From then on, and until the answer's body
//! gives hyper something, the answer's next bytes are whatever the body would have next. A player that has had all but
//! the newest run gets it there and then, as a whole chunk, which costs no wake-up and no way through hyper.

use std::io::{self, ErrorKind, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};
use onair_types::Now;
use tokio::net::TcpStream;

use super::flv::Tags;
use crate::crowd::{Seat, Waits};
use crate::run::Run;

/// See the module's text.
pub(super) struct Wire {
    stream: TcpStream,
    inner: Mutex<Inner>,
}

/// What hyper's task and the publisher's share.
#[derive(Default)]
struct Inner {
    answer: Option<Answer>,
    /// Nothing of the answer waits above the socket.
    is_flushed: bool,
    /// What the socket did not take of a run: before anything else.
    rest: Bytes,
    /// Something was written past hyper since this was asked last.
    has_written: bool,
}

/// An endless answer in which the connection is.
struct Answer {
    tags: Tags,
    is_chunked: bool,
    /// hyper's task.
    waker: Waker,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Arc<Self> {
        Arc::new(Self { stream, inner: Mutex::default() })
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// The socket itself; nothing while somebody else still has the wire.
    pub(super) fn into_stream(self: Arc<Self>) -> Option<TcpStream> {
        Arc::into_inner(self).map(|wire| wire.stream)
    }

    /// Whether something was written past hyper since this was asked last.
    pub(super) fn take_has_written(&self) -> bool {
        std::mem::take(&mut self.lock().has_written)
    }

    /// Writes what a run left.
    pub(super) fn poll_rest(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut inner = self.lock();
            if inner.rest.is_empty() {
                return Poll::Ready(Ok(()));
            }
            match self.stream.try_write(&inner.rest) {
                Ok(count) => {
                    inner.rest.advance(count);
                    inner.has_written = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    drop(inner);
                    ready!(self.stream.poll_write_ready(context))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// As far as the socket takes it.
    pub(super) fn poll_write(
        &self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(context))?;
            match self.stream.try_write_vectored(slices) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    /// hyper has nothing that waits.
    pub(super) fn set_flushed(&self) {
        self.lock().is_flushed = true;
    }

    /// The next piece of an endless answer, which is begun with `tags`; nothing at its end.
    pub(super) fn poll_answer(
        self: &Arc<Self>,
        tags: Option<(Tags, bool)>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Bytes>> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        if let Some((tags, is_chunked)) = tags {
            // Its head waits in hyper.
            inner.is_flushed = false;
            inner.answer = Some(Answer { tags, is_chunked, waker: context.waker().clone() });
        }
        let Some(answer) = &mut inner.answer else { return Poll::Ready(None) };
        let seat = || Arc::clone(self) as Arc<dyn Seat>;
        match answer.tags.next(Waits::Seat(&seat)) {
            Some(piece) => {
                inner.is_flushed = false;
                Poll::Ready(piece)
            }
            None => {
                answer.waker.clone_from(context.waker());
                Poll::Pending
            }
        }
    }

    /// The answer is over, or nobody wants it any more.
    pub(super) fn end_answer(&self) {
        let answer = self.lock().answer.take();
        // A player leaves its stream where nothing is locked.
        drop(answer);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether the run is written as far as it can be now, for a player that has had everything before it.
    fn pass(&mut self, run: &Run, write: impl FnOnce(&[u8]) -> usize) -> bool {
        let Self { answer: Some(answer), is_flushed: true, rest, has_written } = self else {
            return false;
        };
        if !rest.is_empty() {
            return false;
        }
        let Answer { tags, is_chunked, .. } = answer;
        tags.pass(run, || {
            let bytes = if *is_chunked { run.flv_chunk() } else { run.flv_tags() };
            let written = write(bytes);
            if written < bytes.len() {
                *rest = bytes.slice(written..);
            }
            *has_written |= written > 0;
        })
    }
}

impl Seat for Wire {
    /// One whose socket is full, or was reset, is hyper's affair.
    fn feed(&self, run: Option<&Run>, _: Now) -> bool {
        let mut inner = self.lock();
        // An error comes again when hyper writes the rest.
        let write = |bytes: &[u8]| self.stream.try_write(bytes).unwrap_or(0);
        if run.is_some_and(|run| inner.pass(run, write)) && inner.rest.is_empty() {
            return true;
        }
        if let Some(answer) = &inner.answer {
            answer.waker.wake_by_ref();
        }
        false
    }

    fn wake(&self) {
        if let Some(answer) = &self.lock().answer {
            answer.waker.wake_by_ref();
        }
    }
}
