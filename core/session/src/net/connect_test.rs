//! Names and addresses that answer, refuse, hang or do not exist, on virtual time.

use std::sync::{Arc, Mutex};

use tokio::runtime::Builder;
use tokio::time::Instant;

use super::*;

/// When the answer comes, ms; `None` is never.
type After = Option<u64>;

/// What a name server says of one family.
#[derive(Clone)]
struct Answer(After, Result<Vec<&'static str>, LookupError>);

struct Names {
    v6: Answer,
    v4: Answer,
}

impl Resolver for Names {
    fn lookup(&self, _: &str, port: u16, family: Family) -> Lookup {
        let Answer(after, answer) = match family {
            Family::V6 => self.v6.clone(),
            Family::V4 => self.v4.clone(),
        };
        Box::pin(async move {
            wait(after).await;
            Ok(answer?.into_iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)).collect())
        })
    }
}

async fn wait(after: After) {
    match after {
        Some(millis) => sleep(Duration::from_millis(millis)).await,
        None => std::future::pending().await,
    }
}

/// How one address behaves: connects or is refused after a time, or hangs.
#[derive(Clone, Copy)]
enum Host {
    Up(u64),
    Refuses(u64),
    Dead,
}

/// What became of it: the address or the error, after so many ms; and what was tried when.
type Outcome = (Result<String, ConnectError>, u64, Vec<(String, u64)>);

#[expect(clippy::disallowed_methods, reason = "the runtime's clock is the virtual one")]
fn connect_to(host: &str, names: Names, behaviour: fn(&str) -> Host) -> Outcome {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let began = Instant::now();
        let tried = Arc::new(Mutex::new(Vec::new()));
        let dial = |address: SocketAddr| -> Dialing<String> {
            let ip = address.ip().to_string();
            tried.lock().unwrap().push((ip.clone(), began.elapsed().as_millis() as u64));
            let host = behaviour(&ip);
            Box::pin(async move {
                match host {
                    Host::Up(after) => {
                        wait(Some(after)).await;
                        Ok(ip)
                    }
                    Host::Refuses(after) => {
                        wait(Some(after)).await;
                        Err(io::ErrorKind::ConnectionRefused.into())
                    }
                    Host::Dead => std::future::pending().await,
                }
            })
        };
        let result = connect(&names, host, 1935, dial).await;
        let tried = tried.lock().unwrap().clone();
        (result, began.elapsed().as_millis() as u64, tried)
    })
}

fn after(millis: u64, addresses: &[&'static str]) -> Answer {
    Answer(Some(millis), Ok(addresses.to_vec()))
}

fn fails(millis: u64, error: LookupError) -> Answer {
    Answer(Some(millis), Err(error))
}

fn servfail() -> LookupError {
    LookupError::Failed("temporary failure in name resolution".to_owned())
}

const HANGS: Answer = Answer(None, Ok(Vec::new()));
const NAME: &str = "live.example";

/// Three of each family: R10.
fn six() -> Names {
    Names {
        v6: after(10, &["2001:db8::1", "2001:db8::2", "2001:db8::3"]),
        v4: after(10, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
    }
}

#[test]
fn r10_nxdomain_and_servfail_are_two_errors_and_cost_no_time() {
    let nxdomain = || fails(20, LookupError::UnknownHost);
    for (names, error) in [
        (Names { v6: nxdomain(), v4: nxdomain() }, ConnectError::UnknownHost),
        (
            Names { v6: nxdomain(), v4: fails(30, servfail()) },
            ConnectError::Resolve("temporary failure in name resolution".to_owned()),
        ),
        (
            Names { v6: fails(10, servfail()), v4: nxdomain() },
            ConnectError::Resolve("temporary failure in name resolution".to_owned()),
        ),
        (Names { v6: after(5, &[]), v4: after(5, &[]) }, ConnectError::UnknownHost),
    ] {
        let (result, took, tried) = connect_to(NAME, names, |_| Host::Up(1));
        assert_eq!((result, tried.len()), (Err(error), 0));
        assert!(took <= 31, "{took} ms");
    }
}

#[test]
fn r10_names_that_nobody_answers_cost_three_seconds() {
    let (result, took, _) = connect_to(NAME, Names { v6: HANGS, v4: HANGS }, |_| Host::Up(1));
    assert_eq!(result, Err(ConnectError::Resolve("no answer within 3s".to_owned())));
    assert!((3_000..=3_001).contains(&took), "{took} ms");
}

#[test]
fn r10_two_dead_addresses_of_six_cost_500_ms_and_families_alternate() {
    let behaviour = |ip: &str| match ip {
        "2001:db8::1" | "192.0.2.1" => Host::Dead,
        _ => Host::Up(20),
    };
    let (result, took, tried) = connect_to(NAME, six(), behaviour);
    assert_eq!(result.as_deref(), Ok("2001:db8::2"));
    assert!(took <= 600, "{took} ms");
    let tried: Vec<(&str, u64)> = tried.iter().map(|(ip, at)| (ip.as_str(), at / 10)).collect();
    assert_eq!(tried, [("2001:db8::1", 1), ("192.0.2.1", 26), ("2001:db8::2", 51)]);
}

#[test]
fn lf68_addresses_that_refuse_are_passed_over_at_once_and_all_are_tried() {
    let behaviour = |ip: &str| if ip == "192.0.2.3" { Host::Up(5) } else { Host::Refuses(5) };
    let (result, took, tried) = connect_to(NAME, six(), behaviour);
    assert_eq!((result.as_deref(), tried.len()), (Ok("192.0.2.3"), 6));
    assert!(took <= 60, "{took} ms");
    let (result, _, tried) = connect_to(NAME, six(), |_| Host::Refuses(5));
    assert_eq!((result, tried.len()), (Err(ConnectError::Refused), 6));
}

#[test]
fn r11_a_black_hole_in_ipv6_costs_250_ms() {
    let behaviour = |ip: &str| if ip.contains(':') { Host::Dead } else { Host::Up(60) };
    let (result, took, _) = connect_to(NAME, six(), behaviour);
    assert_eq!(result.as_deref(), Ok("192.0.2.1"));
    assert!(took <= 330, "{took} ms");
}

#[test]
fn dead_addresses_only_cost_five_seconds() {
    let (result, took, tried) = connect_to(NAME, six(), |_| Host::Dead);
    assert_eq!(result, Err(ConnectError::Timeout(Duration::from_secs(5))));
    assert!((5_010..=5_012).contains(&took), "{took} ms");
    assert_eq!(tried.len(), 6);
}

#[test]
fn the_first_that_stands_wins_even_if_it_began_earlier() {
    let behaviour = |ip: &str| match ip {
        "2001:db8::1" => Host::Up(400),
        _ => Host::Up(1_000),
    };
    let (result, took, tried) = connect_to(NAME, six(), behaviour);
    assert_eq!((result.as_deref(), tried.len()), (Ok("2001:db8::1"), 2));
    assert!(took <= 412, "{took} ms");
}

#[test]
fn an_ipv4_answer_waits_50_ms_for_ipv6() {
    let v4 = || after(10, &["192.0.2.1"]);
    for (v6, first, at) in [
        (after(40, &["2001:db8::1"]), "2001:db8::1", 40),
        (after(100, &["2001:db8::1"]), "192.0.2.1", 60),
        (fails(20, LookupError::UnknownHost), "192.0.2.1", 20),
        (HANGS, "192.0.2.1", 60),
    ] {
        let (result, _, tried) = connect_to(NAME, Names { v6, v4: v4() }, |_| Host::Up(5));
        assert_eq!(result.as_deref(), Ok(first));
        assert!((at..=at + 2).contains(&tried[0].1), "{tried:?}");
    }
}

#[test]
fn an_ipv6_answer_waits_for_nobody_and_late_addresses_join() {
    let v6 = after(10, &["2001:db8::1", "2001:db8::2"]);
    let names = Names { v6, v4: after(100, &["192.0.2.1"]) };
    let behaviour = |ip: &str| if ip == "192.0.2.1" { Host::Up(5) } else { Host::Dead };
    let (result, took, tried) = connect_to(NAME, names, behaviour);
    assert_eq!(result.as_deref(), Ok("192.0.2.1"));
    assert!(tried[0].1 <= 12 && took <= 270, "{took} ms: {tried:?}");
}

#[test]
fn a_literal_is_not_looked_up() {
    for literal in ["192.0.2.9", "2001:db8::9"] {
        let (result, took, _) =
            connect_to(literal, Names { v6: HANGS, v4: HANGS }, |_| Host::Up(5));
        assert_eq!(result.as_deref(), Ok(literal));
        assert!(took <= 7, "{took} ms");
    }
}
