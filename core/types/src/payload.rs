//! Encoded bytes that are written once and shared by every output, without an allocation per frame.
//!
//! A [`Pool`] keeps the buffers it handed out; one whose last [`Payload`] is gone is used again.
//! The way from encoder to socket therefore allocates only while the pool warms up.

use std::ops::Deref;
use std::sync::Arc;

/// Immutable bytes of one access unit. Cloning shares them.
#[derive(Clone, Default)]
pub struct Payload(Arc<Vec<u8>>);

impl Payload {
    /// Takes over `bytes`; for callers without a [`Pool`].
    pub fn from_vec(bytes: Vec<u8>) -> Self {
        Self(Arc::new(bytes))
    }
}

impl Deref for Payload {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
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
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

/// A ring of reusable buffers; owned by one thread (an encoder's or a reader's).
///
/// Buffers return in about the order they left, so the oldest is looked at first. When it is still
/// in use the pool grows, up to `limit` buffers that it remembers; beyond that it hands out
/// buffers it forgets.
#[derive(Debug)]
pub struct Pool {
    ring: Vec<Arc<Vec<u8>>>,
    next: usize,
    limit: usize,
}

impl Pool {
    /// A pool that remembers at most `limit` buffers.
    pub fn new(limit: usize) -> Self {
        Self { ring: Vec::with_capacity(limit), next: 0, limit }
    }

    /// An access unit's bytes, written by `fill` into an empty buffer.
    ///
    /// # Errors
    /// What `fill` returns; the buffer then goes back to the pool.
    pub fn fill<E>(
        &mut self,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Payload, E> {
        // A few looks are enough: a stalled consumer keeps all buffers, a live one frees the oldest.
        for _ in 0..self.ring.len().min(4) {
            let index = self.next % self.ring.len();
            self.next = (index + 1) % self.ring.len();
            if let Some(buffer) = Arc::get_mut(&mut self.ring[index]) {
                buffer.clear();
                fill(buffer)?;
                return Ok(Payload(Arc::clone(&self.ring[index])));
            }
        }
        let mut buffer = Vec::new();
        fill(&mut buffer)?;
        let shared = Arc::new(buffer);
        if self.ring.len() < self.limit {
            // The new buffer is the youngest: it goes just behind the place looked at next.
            self.ring.insert(self.next.min(self.ring.len()), Arc::clone(&shared));
            self.next = (self.next + 1) % self.ring.len().max(1);
        }
        Ok(Payload(shared))
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
        assert!(pool.ring.len() <= 4);
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
        assert!(pool.ring.len() <= 12, "{} buffers for a queue of 10", pool.ring.len());
    }
}
