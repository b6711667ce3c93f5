//! Encoded bytes that are written once and shared by every output, without an allocation per frame.
//!
//! A [`Pool`] keeps the buffers it handed out; one whose last [`Payload`] is gone is used again.
//! The way from encoder to socket therefore allocates only while the pool warms up.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut, Range};
use std::sync::Arc;

/// Immutable bytes of one access unit. Cloning shares them.
#[derive(Clone, Default)]
pub struct Payload {
    buffer: Arc<Vec<u8>>,
    start: usize,
    end: usize,
}

impl Payload {
    /// Takes over `bytes`; for callers without a [`Pool`].
    pub fn from_vec(bytes: Vec<u8>) -> Self {
        Self { start: 0, end: bytes.len(), buffer: Arc::new(bytes) }
    }

    /// How many bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.end == self.start
    }

    /// The last `size` bytes, or all when there are fewer; shared, not copied.
    #[inline]
    pub fn suffix(&self, size: usize) -> Self {
        self.part(self.len().saturating_sub(size)..self.len())
    }

    /// What lies behind the first `size` bytes; nothing is copied, and nobody else needs to share it.
    #[must_use]
    #[inline]
    pub fn behind(mut self, size: usize) -> Self {
        self.start += size.min(self.len());
        self
    }

    /// The bytes in `range`, as far as there are any; shared, not copied.
    #[inline]
    pub fn part(&self, range: Range<usize>) -> Self {
        let end = self.start + range.end.min(self.len());
        let start = (self.start + range.start.min(self.len())).min(end);
        Self { buffer: Arc::clone(&self.buffer), start, end }
    }
}

impl Deref for Payload {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from_vec(bytes)
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Payload {}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Payload({} bytes)", self.len())
    }
}

/// Reusable buffers; owned by one thread (an encoder's or a reader's).
///
/// Buffers return in about the order they left, so the oldest is looked at first; one that a slow
/// consumer keeps is passed over. When all are in use the pool grows, up to `limit` buffers that
/// it remembers; beyond that it hands out buffers it forgets.
#[derive(Debug)]
pub struct Pool {
    /// Oldest first.
    buffers: VecDeque<Arc<Vec<u8>>>,
    limit: usize,
}

impl Pool {
    /// A pool that remembers at most `limit` buffers. Each [`Pool::fill`] looks at all of them at
    /// worst, so tens or hundreds are sensible.
    pub fn new(limit: usize) -> Self {
        Self { buffers: VecDeque::with_capacity(limit), limit }
    }

    /// An access unit's bytes, written by `fill` into an empty buffer.
    ///
    /// # Errors
    /// What `fill` returns; the buffer then goes back to the pool.
    pub fn fill<E>(
        &mut self,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Payload, E> {
        let mut shared = self.take_free().unwrap_or_default();
        let mut filled = Ok(());
        if let Some(buffer) = Arc::get_mut(&mut shared) {
            buffer.clear();
            filled = fill(buffer);
        }
        if self.buffers.len() < self.limit {
            self.buffers.push_back(Arc::clone(&shared));
        }
        filled.map(|()| Payload { start: 0, end: shared.len(), buffer: shared })
    }

    /// A buffer of at least `size` bytes to read into, with whatever they held before.
    pub fn lend(&mut self, size: usize) -> Lent {
        match self.take_free() {
            Some(buffer) if buffer.len() >= size => Lent(buffer),
            // Fresh memory is zero already; what a smaller one held is of no use.
            _ => Lent(Arc::new(vec![0; size])),
        }
    }

    /// The first `size` bytes of what was lent. The buffer comes back when they are done with.
    pub fn share(&mut self, lent: Lent, size: usize) -> Payload {
        let Lent(buffer) = lent;
        if self.buffers.len() < self.limit {
            self.buffers.push_back(Arc::clone(&buffer));
        }
        Payload { start: 0, end: size.min(buffer.len()), buffer }
    }

    fn take_free(&mut self) -> Option<Arc<Vec<u8>>> {
        let free = self.buffers.iter_mut().position(|buffer| Arc::get_mut(buffer).is_some())?;
        self.buffers.remove(free)
    }

    /// Copies `bytes` into a pooled buffer.
    pub fn copy_of(&mut self, bytes: &[u8]) -> Payload {
        let filled = self.fill(|buffer| {
            buffer.extend_from_slice(bytes);
            Ok::<(), std::convert::Infallible>(())
        });
        match filled {
            Ok(payload) => payload,
            Err(never) => match never {},
        }
    }
}

/// A buffer of a [`Pool`] that nobody else has yet.
#[derive(Debug, Default)]
pub struct Lent(Arc<Vec<u8>>);

impl Lent {
    /// Makes it at least `size` bytes long; what it holds stays.
    pub fn grow(&mut self, size: usize) {
        if let Some(buffer) = Arc::get_mut(&mut self.0)
            && buffer.len() < size
        {
            if buffer.capacity() == 0 {
                *buffer = vec![0; size]; // fresh memory is zero already
            } else {
                buffer.resize(size, 0);
            }
        }
    }
}

impl Deref for Lent {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Lent {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // Nobody else has it, so there is always something to get.
        Arc::get_mut(&mut self.0).map_or(&mut [], |buffer| &mut buffer[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_buffer_is_used_again() {
        let mut pool = Pool::new(8);
        let first = pool.copy_of(&[1; 100]);
        let address = first.as_ptr();
        drop(first);
        assert_eq!(pool.copy_of(&[2; 50]).as_ptr(), address);
    }

    #[test]
    fn a_buffer_in_use_is_never_written() {
        let mut pool = Pool::new(4);
        let kept: Vec<Payload> = (0..10u8).map(|i| pool.copy_of(&[i; 3])).collect();
        for (i, payload) in kept.iter().enumerate() {
            assert_eq!(**payload, [i as u8; 3]);
        }
        assert!(pool.buffers.len() <= 4);
    }

    #[test]
    fn a_queue_of_steady_depth_stops_growing_the_pool() {
        let mut pool = Pool::new(64);
        let mut queue = std::collections::VecDeque::new();
        for i in 0..1_000u32 {
            queue.push_back(pool.copy_of(&i.to_be_bytes()));
            if queue.len() > 10 {
                queue.pop_front();
            }
        }
        assert!(pool.buffers.len() <= 12, "{} buffers for a queue of 10", pool.buffers.len());
    }

    #[test]
    fn buffers_that_are_kept_do_not_stand_in_the_way_of_others() {
        let mut pool = Pool::new(64);
        let _kept: Vec<Payload> = (0..20).map(|_| pool.copy_of(&[1; 3])).collect();
        for _ in 0..1_000 {
            drop(pool.copy_of(&[2; 3]));
        }
        assert_eq!(pool.buffers.len(), 21);
    }

    #[test]
    fn a_lent_buffer_keeps_its_length_and_is_shared_in_part() {
        let mut pool = Pool::new(4);
        let mut lent = pool.lend(100);
        lent[..5].copy_from_slice(b"12345");
        let address = lent.as_ptr();
        let whole = pool.share(lent, 5);
        assert_eq!((&*whole, &*whole.suffix(2)), (&b"12345"[..], &b"45"[..]));
        assert_eq!(*whole.suffix(9), *whole);
        assert_eq!((&*whole.part(1..3), &*whole.suffix(3).part(2..9)), (&b"23"[..], &b"5"[..]));
        assert!(whole.part(7..9).is_empty());
        assert_eq!(
            (&*whole.suffix(3).behind(1), whole.part(0..2).behind(3).len()),
            (&b"45"[..], 0)
        );
        let part = whole.suffix(2);
        drop(whole);
        assert_ne!(pool.lend(1).as_ptr(), address, "a part is still in use");
        drop(part);
        let again = pool.lend(50);
        assert_eq!((again.as_ptr(), again.len()), (address, 100));
    }

    #[test]
    fn a_failed_fill_gives_the_buffer_back() {
        let mut pool = Pool::new(4);
        let address = pool.copy_of(&[1; 100]).as_ptr();
        assert_eq!(pool.fill(|_| Err("no")), Err("no"));
        assert_eq!(pool.copy_of(&[2; 100]).as_ptr(), address);
    }
}
