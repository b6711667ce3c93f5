//! Three hundred clients, three servers and a locator, on virtual time.

use super::*;

const STEP_MS: i64 = 10;
/// From a client's connection to the server's word.
const LATENCY_MS: i64 = 30;

struct One {
    client: Client,
    /// Which server, and when it lets the client in.
    arriving: Option<(usize, i64)>,
    home: Option<usize>,
}

/// Names the server with the fewest clients; the loads are a second old, what it handed out since is added.
#[derive(Default)]
struct Locator {
    loads: [usize; 3],
    handed_out: [usize; 3],
}

fn url(server: usize) -> String {
    format!("ws://127.0.0.1:{}", 3_000 + server)
}

impl Locator {
    fn answer(&mut self, path: &str) -> String {
        // The failed server's port stands at the end of the path.
        let is_fine = |server: &usize| !path.ends_with(&format!("A{}", 3_000 + server));
        let load = |server: &usize| self.loads[*server] + self.handed_out[*server];
        let best = (0..3).filter(is_fine).min_by_key(load).expect("one did not fail");
        self.handed_out[best] += 1;
        format!(r#"{{"url":"{}"}}"#, url(best))
    }
}

struct Herd {
    all: Vec<One>,
    locator: Locator,
    stopped: Option<usize>,
    now: i64,
}

impl Herd {
    fn new(count: u64) -> Self {
        let one = |number: u64| {
            let servers = Servers::Locator("http://127.0.0.1:9000".parse().expect("an address"));
            let config = Config { ping_every: Duration::from_secs(2), ..Config::new(servers) };
            let identity = Identity { mark: number, secret: 7, seed: number };
            let client = Client::new(config, identity, at(0)).expect("a config");
            One { client, arriving: None, home: None }
        };
        let all = (0..count).map(one).collect();
        Self { all, locator: Locator::default(), stopped: None, now: 0 }
    }

    fn homes(&self) -> [usize; 3] {
        [0, 1, 2].map(|server| self.all.iter().filter(|one| one.home == Some(server)).count())
    }

    fn run_until(&mut self, end: i64) {
        while self.now < end {
            self.now += STEP_MS;
            if self.now % 1_000 == 0 {
                self.locator = Locator { loads: self.homes(), handed_out: [0; 3] };
            }
            let (now, stopped) = (self.now, self.stopped);
            for one in &mut self.all {
                one.step(now, stopped, &mut self.locator);
            }
        }
    }
}

impl One {
    fn step(&mut self, now: i64, stopped: Option<usize>, locator: &mut Locator) {
        if let Some((server, due)) = self.arriving.filter(|(_, due)| *due <= now)
            && stopped != Some(server)
        {
            self.arriving = None;
            self.home = Some(server);
            self.client.handle_connected(at(due));
            self.client.handle_frame(GREETING, at(due));
            self.client.handle_frame(LET_IN, at(due));
        }
        if self.client.wake_at().is_some_and(|wake| wake <= at(now)) {
            self.client.handle_timeout(at(now));
        }
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Locate { path, .. } => {
                    let answer = locator.answer(&path);
                    self.client.handle_located(Some(&answer), at(now));
                }
                Output::Connect { server, .. } => {
                    let which = (0..3).find(|which| url(*which) == server.to_string());
                    self.arriving = which.map(|which| (which, now + LATENCY_MS));
                }
                Output::Disconnect => (self.home, self.arriving) = (None, None),
                Output::Ping if self.home != stopped => self.client.handle_pong(),
                Output::Ping | Output::Send(_) | Output::Event(_) => {}
            }
        }
    }
}

#[test]
fn rw19_three_hundred_clients_of_a_stopped_server_are_back_in_ten_seconds_evenly() {
    let mut herd = Herd::new(300);
    herd.run_until(5_000);
    let is_even = |count: usize, fair: usize| count.abs_diff(fair) * 10 <= fair;
    assert!(herd.homes().iter().all(|count| is_even(*count, 100)), "{:?}", herd.homes());

    herd.stopped = Some(1);
    herd.run_until(15_000);
    let homes = herd.homes();
    assert!(homes[1] == 0 && homes[0] + homes[2] == 300, "{homes:?}");
    assert!(is_even(homes[0], 150), "{homes:?}");
}
