//! P08, P09: a server that talks without end is left at its budget, and costs neither memory nor
//! processor time on the way there.

mod support;

use std::time::Duration;

use onair::{ReconnectPolicy, Session, Source, State};
use support::counting::{self, Counting, leave_out_this_thread};
use support::sink::{Behaviour, Sink};
use support::units::video_config;
use support::{wait_live, wait_until};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MEBIBYTE: usize = 1 << 20;
/// What a server may say at once, and the read during which it says more.
const MOST_TAKEN: usize = 2 * MEBIBYTE + (128 << 10);
/// What may wait in the sockets' buffers when it is left.
const IN_SOCKETS: usize = 12 * MEBIBYTE;

struct Flooded {
    error: String,
    taken: usize,
    heap_grown: i64,
    /// Processor time of everybody in this process, the server too.
    processor: Duration,
}

/// Live on `sink` until the session has enough of it.
fn flooded(sink: &Sink) -> Flooded {
    let mut policy = ReconnectPolicy::default();
    policy.max_retries = Some(0);
    let session = Session::builder(None, Some(video_config()))
        .video_source(Source::Encoded)
        .reconnect(policy)
        .build()
        .expect("a session");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let before = counting::live_bytes();
    counting::take_peak_bytes();
    let began = processor_time();
    sink.cut_all();
    wait_until("the server is left", || session.state() == State::Failed);
    let processor = processor_time() - began;
    Flooded {
        error: session.last_error().expect("an error").to_string(),
        taken: session.statistics().bytes_received as usize,
        heap_grown: counting::take_peak_bytes() - before,
        processor,
    }
}

/// What this process used so far, in steps of 10 ms.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // utime and stime, the 14th and 15th field; the second may hold spaces (proc(5)).
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * ticks)
}

/// One test, since the heap of the whole process is measured.
#[test]
fn p08_p09_a_server_that_talks_without_end_is_left_at_its_budget() {
    let floods =
        [("P09", Behaviour::Flood(100 * MEBIBYTE)), ("P08", Behaviour::FloodOfPings(10_000_000))];
    for (id, behaviour) in floods {
        let sink = Sink::start_with(&[behaviour], leave_out_this_thread);
        let Flooded { error, taken, heap_grown, processor } = flooded(&sink);
        println!(
            "{{\"id\":\"{id}\",\"what\":\"heap grown, bytes\",\"value\":{heap_grown},\
             \"limit\":{MEBIBYTE},\"taken\":{taken},\"processor_ms\":{}}}",
            processor.as_millis()
        );
        assert!(error.contains("the server sends more than"), "{error}");
        assert!(taken <= MOST_TAKEN, "{taken} bytes were taken");
        assert!(sink.flooded_bytes() <= MOST_TAKEN + IN_SOCKETS, "{}", sink.flooded_bytes());
        assert!(heap_grown <= MEBIBYTE as i64, "{heap_grown} bytes of heap");
        // 2 MiB are a second's worth at 100,000 pings a second: a fifth of it at most.
        assert!(processor <= Duration::from_millis(200), "{processor:?} of processor time");
    }
}
