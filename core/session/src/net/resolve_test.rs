//! A name whose lookups hang keeps to its own threads.

use std::net::Ipv4Addr;
use std::sync::Condvar;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::timeout;

use super::*;
use crate::net::runtime;

const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// Far longer than a lookup that need not wait.
const SOON: Duration = Duration::from_secs(5);

/// Lookups of `hanging…` that wait for the door.
#[derive(Default)]
struct Door {
    is_open: Mutex<bool>,
    opened: Condvar,
    waiting: AtomicUsize,
}

impl Door {
    fn wait(&self) {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let is_open = self.is_open.lock().expect("nobody panicked");
        drop(self.opened.wait_while(is_open, |is_open| !*is_open).expect("nobody panicked"));
        self.waiting.fetch_sub(1, Ordering::AcqRel);
    }

    fn open(&self) {
        *self.is_open.lock().expect("nobody panicked") = true;
        self.opened.notify_all();
    }
}

/// Knows every name but those that hang until the door opens.
fn system(door: &Arc<Door>) -> System {
    let door = Arc::clone(door);
    System::asking(move |host, _| {
        if host.starts_with("hanging") {
            door.wait();
        }
        Ok(vec![HERE])
    })
}

#[test]
fn r10_hanging_lookups_of_one_name_delay_no_other_name() {
    let (door, runtime) = (Arc::new(Door::default()), runtime(2).expect("a runtime"));
    let system = system(&door);
    runtime.block_on(async {
        // As attempts do, each of which gives up.
        let attempts = 200;
        let mut hanging = Vec::new();
        for _ in 0..attempts {
            for family in [Family::V6, Family::V4] {
                hanging.push(system.lookup("hanging.example", 1_935, family));
            }
        }
        let good = timeout(SOON, system.lookup("good.example", 1_935, Family::V4)).await;
        let there = SocketAddr::new(HERE.ip(), 1_935);
        assert_eq!(good, Ok(Ok(vec![there])));
        assert!(door.waiting.load(Ordering::Acquire) <= 2 * MOST_AT_ONCE);
        door.open();
        for lookup in hanging {
            assert_eq!(timeout(SOON, lookup).await, Ok(Ok(vec![there])), "all hear of it");
        }
        let again = system.lookup("hanging.example", 443, Family::V6);
        assert_eq!(timeout(SOON, again).await, Ok(Ok(vec![SocketAddr::new(HERE.ip(), 443)])));
        assert!(system.under_way.lock().expect("nobody panicked").len() <= 1);
    });
}

#[test]
fn a_lookup_of_a_broadcast_that_is_over_is_none() {
    let door = Arc::new(Door::default());
    let system = system(&door);
    let first = runtime(1).expect("a runtime");
    let lost: Vec<Lookup> = first.block_on(async {
        (0..20).map(|_| system.lookup("hanging.example", 1, Family::V4)).collect()
    });
    first.shutdown_background();
    // The next broadcast may have another network: it asks anew as long as that is possible.
    let second = runtime(1).expect("a runtime");
    second.block_on(async {
        let next = system.lookup("hanging.example", 1, Family::V6);
        door.open();
        assert_eq!(timeout(SOON, next).await, Ok(Ok(vec![SocketAddr::new(HERE.ip(), 1)])));
        for lookup in lost {
            let answer = timeout(SOON, lookup).await.expect("nobody waits for ever");
            assert!(matches!(answer, Ok(_) | Err(LookupError::Failed(_))), "{answer:?}");
        }
    });
}
