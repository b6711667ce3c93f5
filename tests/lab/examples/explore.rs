//! Scratch.
use onair_lab::controller::Controller;
use onair_lab::ledger::Score;
use onair_lab::suite;
use onair_lab::world::{Scenario, run};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

fn main() {
    let mut args = std::env::args().skip(1);
    let controller: Controller = args.next().expect("controller").parse().expect("controller");
    let mut jobs: Vec<(String, Scenario)> = Vec::new();
    for arg in args {
        if arg == "set" {
            for seed in 1..=3 {
                let dir = std::env::var_os(suite::TRACES_VARIABLE);
                for t in suite::traces(dir.as_deref().map(Path::new), seed).expect("traces") {
                    jobs.push((t.name().to_owned(), Scenario::new(t, seed)));
                }
            }
        } else {
            let dir = Path::new(&arg).parent().expect("dir").to_owned();
            for line in std::fs::read_to_string(&arg).expect("list").lines() {
                let f: Vec<&str> = line.split_whitespace().collect();
                let seed = f[5].parse().expect("seed");
                let (name, factor) = f[0]
                    .split_once('*')
                    .map_or((f[0], 1.0), |(n, x)| (n, x.parse().expect("factor")));
                let path = dir.join(name);
                let name2 = if path.exists() {
                    path.to_string_lossy().into_owned()
                } else {
                    name.to_owned()
                };
                let mut t = suite::trace(&name2, seed).expect("trace");
                if factor != 1.0 {
                    t = t.scaled(factor);
                }
                let mut s = Scenario::new(t, seed);
                s.rtt = Duration::from_millis(f[1].parse().expect("rtt"));
                s.queue_packets = f[2].parse().expect("queue");
                s.loss = f[3].parse().expect("loss");
                s.max_bitrate_bps = (f[4].parse::<f64>().expect("max") * 1e6) as u32;
                jobs.push((f[0].rsplit('/').next().expect("name").to_owned(), s));
            }
        }
    }
    if let Ok(want) = std::env::var("TL") {
        let (_, s) = jobs
            .iter()
            .find(|(n, s)| {
                let (a, b) = want.split_once('/').expect("name/seed");
                n.contains(a) && s.seed.to_string() == b
            })
            .expect("found");
        let out = run(s, &mut *controller.broadcaster(s));
        let cap = s.trace.capacity_per_second(s.duration);
        let mut frozen = vec![0u32; 240];
        for at in out.ledger.frozen() {
            frozen[(at.as_micros() / 1_000_000) as usize] += 1;
        }
        let mut lat = vec![0u128; 240];
        for (at, l) in out.ledger.latencies() {
            let i = (at.as_micros() / 1_000_000) as usize;
            lat[i] = lat[i].max(l.as_millis());
        }
        for sec in 0..240 {
            let cmds: Vec<String> = out
                .ledger
                .commands()
                .iter()
                .filter(|c| c.at.as_micros() / 1_000_000 == sec as i64)
                .map(|c| {
                    format!("{}@{}", c.bitrate_bps / 1000, c.at.as_micros() % 1_000_000 / 1000)
                })
                .collect();
            println!(
                "{sec:3} cap {:5.0} lat {:5} frozen {:3} {}",
                cap[sec] / 1000.0,
                lat[sec],
                frozen[sec],
                cmds.join(" ")
            );
        }
        println!("{:?}", out.score);
        return;
    }
    let results: Mutex<Vec<Option<Score>>> = Mutex::new(vec![None; jobs.len()]);
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    let Some((_, s)) = jobs.get(i) else { break };
                    let score = run(s, &mut *controller.broadcaster(s)).score;
                    results.lock().expect("lock")[i] = Some(score);
                }
            });
        }
    });
    let results = results.into_inner().expect("lock");
    let mut names: Vec<String> = Vec::new();
    for (n, _) in &jobs {
        if !names.contains(n) {
            names.push(n.clone());
        }
    }
    let show = |n: &str, s: &Score| {
        println!(
            "{n:28} p50 {:5.0} p95 {:5.0} p99 {:5.0} frz {:6.2} util {:5.1} sw {:5.1} drop {:5} adrop {:4} a95 {:5.0} gap {:6.0}",
            s.p50_ms,
            s.p95_ms,
            s.p99_ms,
            s.freeze_pct,
            s.utilisation_pct,
            s.switches_per_min,
            s.frames_dropped,
            s.audio_dropped,
            s.audio_p95_ms,
            s.longest_gap_ms
        )
    };
    for n in &names {
        let of: Vec<Score> = jobs
            .iter()
            .zip(&results)
            .filter(|((m, _), _)| m == n)
            .filter_map(|(_, s)| *s)
            .collect();
        if std::env::var("BRIEF").is_err() {
            show(n, &Score::mean(&of));
        }
    }
    let all: Vec<Score> = results.iter().flatten().copied().collect();
    show("MEAN", &Score::mean(&all));
}
