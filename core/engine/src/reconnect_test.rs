use super::*;
use crate::publish::{Closed, ConnectError, TlsError};
use crate::rtmp::handshake::HandshakeError;

fn refused() -> PublishError {
    ConnectError::Refused.into()
}

fn name_in_use() -> PublishError {
    PublishError::NameInUse {
        code: "NetStream.Publish.BadName".to_owned(),
        description: "in use".to_owned(),
    }
}

fn denied() -> PublishError {
    PublishError::PublishRejected {
        code: "NetStream.Publish.Denied".to_owned(),
        description: String::new(),
    }
}

fn at(millis: i64) -> Now {
    Now::from_millis(millis)
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A stream to a public server that was live from 0 to one minute and is lost then.
fn lost_after_a_minute(policy: Policy, seed: u64) -> (Backoff, Option<Duration>) {
    lose_after_a_minute(Backoff::new(policy, false, seed))
}

/// The same to a server of the local network.
fn near_lost_after_a_minute(policy: Policy, seed: u64) -> (Backoff, Option<Duration>) {
    lose_after_a_minute(Backoff::new(policy, true, seed))
}

fn lose_after_a_minute(mut backoff: Backoff) -> (Backoff, Option<Duration>) {
    backoff.handle_attempt(Now::ZERO);
    backoff.handle_live(Now::ZERO);
    backoff.handle_media_end(at(60_000));
    let delay = backoff.handle_failure(&PublishError::ClosedLive(Closed::Reset), at(60_000));
    (backoff, delay)
}

#[test]
fn a_first_connection_that_fails_is_the_end_unless_asked_otherwise() {
    let mut backoff = Backoff::new(Policy::default(), false, 1);
    backoff.handle_attempt(Now::ZERO);
    assert_eq!(backoff.handle_failure(&refused(), at(10)), None);

    let policy = Policy { retry_first_connection: true, ..Policy::default() };
    let mut backoff = Backoff::new(policy, false, 1);
    backoff.handle_attempt(Now::ZERO);
    assert!(backoff.handle_failure(&refused(), at(10)).is_some());
}

#[test]
fn r06_delays_are_full_jitter_within_doubling_bounds() {
    let mut longest = [Duration::ZERO; 7];
    for seed in 0..300 {
        let (mut backoff, first) = lost_after_a_minute(Policy::default(), seed);
        let mut now = at(60_000);
        let mut delay = first;
        for (retry, bound_ms) in
            [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000].into_iter().enumerate()
        {
            let wait = delay.expect("the budget is far away");
            assert!(wait <= ms(bound_ms), "retry {retry} waits {wait:?}");
            longest[retry] = longest[retry].max(wait);
            now += wait;
            backoff.handle_attempt(now);
            now += ms(1);
            delay = backoff.handle_failure(&refused(), now);
            assert!(delay.is_some_and(|delay| delay >= ms(249)), "attempts are 250 ms apart");
        }
    }
    for (longest, bound_ms) in
        longest.into_iter().zip([250, 500, 1_000, 2_000, 4_000, 8_000, 8_000])
    {
        assert!(longest > ms(bound_ms * 9 / 10), "jitter fills the range up to {bound_ms} ms");
    }
}

#[test]
fn r09_a_herd_of_clients_spreads_out() {
    let mut attempts = vec![0usize; 600];
    for seed in 0..1_000u64 {
        let (mut backoff, first) =
            lost_after_a_minute(Policy::default(), seed.wrapping_mul(0x9E37));
        let (mut now, mut delay) = (at(60_000), first);
        while let Some(wait) = delay.filter(|_| now < at(120_000)) {
            now += wait;
            backoff.handle_attempt(now);
            let tenths = now.since(at(60_000)).as_millis() as usize / 100;
            if let Some(count) = attempts.get_mut(tenths) {
                *count += 1;
            }
            delay = backoff.handle_failure(&refused(), now);
        }
    }
    let worst = attempts[50..].windows(10).map(|second| second.iter().sum::<usize>()).max();
    assert!(worst.is_some_and(|worst| worst <= 250), "{worst:?} of 1000 within one second");
}

#[test]
fn lf64_a_healthy_stream_fills_the_budget_again_and_a_flapping_one_does_not() {
    let policy = Policy { budget: Some(ms(20_000)), ..Policy::default() };
    for (live_ms, survives) in [(30_000, true), (2_000, false)] {
        let mut backoff = Backoff::new(policy, false, 7);
        let mut now = Now::ZERO;
        let mut losses = 0;
        backoff.handle_attempt(now);
        backoff.handle_live(now);
        while losses < 40 {
            now += ms(live_ms);
            backoff.handle_media_end(now);
            let Some(delay) =
                backoff.handle_failure(&PublishError::ClosedLive(Closed::ByPeer), now)
            else {
                break;
            };
            now += delay;
            backoff.handle_attempt(now);
            now += ms(1_000);
            backoff.handle_live(now);
            losses += 1;
        }
        assert_eq!(losses == 40, survives, "{losses} losses survived with {live_ms} ms live");
    }
}

#[test]
fn the_budget_ends_the_attempts_and_no_budget_does_not() {
    for (budget, ends) in [(Some(ms(60_000)), true), (None, false)] {
        let (mut backoff, first) = lost_after_a_minute(Policy { budget, ..Policy::default() }, 3);
        let (mut now, mut delay) = (at(60_000), first);
        while let Some(wait) = delay.filter(|_| now < at(3_600_000)) {
            now += wait;
            assert!(!ends || now <= at(120_000), "an attempt at {now:?} is beyond the budget");
            backoff.handle_attempt(now);
            delay = backoff.handle_failure(&refused(), now);
        }
        assert_eq!(delay.is_none(), ends);
    }
}

#[test]
fn r07_a_taken_name_is_asked_for_slowly_and_not_for_ever() {
    let (mut backoff, _) = lost_after_a_minute(Policy::default(), 5);
    let mut now = at(60_500);
    let mut delays = Vec::new();
    while let Some(delay) = backoff.handle_failure(&name_in_use(), now) {
        delays.push(delay);
        now += delay;
        backoff.handle_attempt(now);
    }
    for (delay, secs) in delays.iter().zip([1u64, 2, 4, 5, 5, 5]) {
        let (least, most) = (ms(secs * 800), ms(secs * 1_200));
        assert!((least..=most).contains(delay), "{delay:?} instead of {secs} s ± 20 %");
    }
    let asked = now.since(at(60_500));
    assert!((ms(180_000)..=ms(187_000)).contains(&asked), "gave up after {asked:?}");
}

#[test]
fn r21_lf72_a_refusal_costs_one_more_attempt() {
    let (mut backoff, _) = lost_after_a_minute(Policy::default(), 5);
    backoff.handle_attempt(at(60_100));
    assert!(backoff.handle_failure(&denied(), at(60_200)).is_some());
    backoff.handle_attempt(at(61_000));
    assert_eq!(backoff.handle_failure(&denied(), at(61_100)), None);
}

#[test]
fn an_early_close_is_a_refusal_only_before_the_name_was_ever_accepted() {
    let early = PublishError::ClosedEarly { during: "publish command", closed: Closed::ByPeer };
    let (mut backoff, _) = lost_after_a_minute(Policy::default(), 5);
    for second in 61..70 {
        backoff.handle_attempt(at(second * 1_000));
        assert!(backoff.handle_failure(&early, at(second * 1_000 + 100)).is_some());
    }

    let policy = Policy { retry_first_connection: true, ..Policy::default() };
    let mut backoff = Backoff::new(policy, false, 5);
    backoff.handle_attempt(Now::ZERO);
    assert!(backoff.handle_failure(&early, at(100)).is_some());
    backoff.handle_attempt(at(1_000));
    assert_eq!(backoff.handle_failure(&early, at(1_100)), None);
}

#[test]
fn a_bad_certificate_is_the_end() {
    for error in [TlsError::Revoked, TlsError::Expired { days: 1 }, TlsError::Version] {
        let (mut backoff, _) = lost_after_a_minute(Policy::default(), 5);
        let error = ConnectError::from(error).into();
        assert_eq!(backoff.handle_failure(&error, at(61_000)), None, "{error}");
    }
}

#[test]
fn r02_a_tls_handshake_that_is_cut_off_may_pass() {
    let (mut backoff, _) = lost_after_a_minute(Policy::default(), 5);
    for (second, error) in (61..).zip([TlsError::Closed, TlsError::Timeout(ms(5_000))]) {
        backoff.handle_attempt(at(second * 1_000));
        let error = ConnectError::from(error).into();
        assert!(backoff.handle_failure(&error, at(second * 1_000 + 1)).is_some(), "{error}");
    }
}

#[test]
fn r13_a_path_change_ends_the_wait_within_300_ms() {
    let (mut backoff, _) = lost_after_a_minute(Policy::default(), 5);
    for _ in 0..6 {
        backoff.handle_failure(&refused(), at(61_001));
    }
    backoff.handle_attempt(at(61_000));
    backoff.handle_path(Path::Changed, at(61_200));
    assert_eq!(backoff.next(at(61_200)), Next::Wait(Some(at(61_500))));
    // What comes while it settles begins the 300 ms anew.
    backoff.handle_path(Path::Changed, at(61_400));
    assert_eq!(backoff.next(at(61_699)), Next::Wait(Some(at(61_700))));
    assert_eq!(backoff.next(at(61_700)), Next::Begin);
    backoff.handle_attempt(at(61_700));
    let next = backoff.handle_failure(&refused(), at(63_000)).expect("a retry");
    assert!(next <= ms(250), "the schedule starts over");
}

#[test]
fn no_attempt_begins_without_a_way_to_the_network_and_one_300_ms_after_there_is() {
    let (mut backoff, delay) = lost_after_a_minute(Policy::default(), 5);
    assert!(delay.is_some());
    backoff.handle_path(Path::Down, at(60_001));
    // Only the budget ends the wait: 10 minutes without a stream.
    assert_eq!(backoff.next(at(659_999)), Next::Wait(Some(at(660_000))));
    assert_eq!(backoff.next(at(660_000)), Next::GiveUp);
    backoff.handle_path(Path::Up, at(90_000));
    assert_eq!(backoff.next(at(90_000)), Next::Wait(Some(at(90_300))));
    assert_eq!(backoff.next(at(90_300)), Next::Begin);
}

#[test]
fn r14_a_flapping_path_makes_at_most_eight_attempts_in_ten_seconds() {
    for seed in 0..50 {
        for (period_ms, ups) in [(500, [Path::Changed; 2]), (250, [Path::Up, Path::Down])] {
            let (mut backoff, _) = lost_after_a_minute(Policy::default(), seed);
            let mut begun = Vec::new();
            for millis in 60_000..80_000 {
                if millis < 70_000 && millis % period_ms == 0 {
                    backoff.handle_path(ups[(millis / period_ms % 2) as usize], at(millis));
                }
                if millis == 70_000 {
                    backoff.handle_path(Path::Up, at(millis));
                }
                if backoff.next(at(millis)) == Next::Begin {
                    begun.push(millis);
                    backoff.handle_attempt(at(millis));
                    backoff.handle_failure(&refused(), at(millis));
                }
            }
            let while_flapping = begun.iter().filter(|at| **at < 70_000).count();
            assert!(while_flapping <= 8, "seed {seed}: {begun:?}");
            let within =
                |from: i64| begun.iter().filter(|at| (from..from + 10_000).contains(*at)).count();
            assert!((60_000..70_000).all(|from| within(from) <= 8), "seed {seed}: {begun:?}");
            assert_eq!(backoff.attempts.len(), begun.len().min(BURST - 1) + 1, "no leak");
        }
    }
}

#[test]
fn r12_a_captive_portal_is_asked_again_after_30_s_or_on_another_path() {
    let portals: [PublishError; 3] = [
        HandshakeError::Version { byte: b'H', looks_like: Some("HTTP") }.into(),
        ConnectError::from(TlsError::NotTls).into(),
        ConnectError::from(TlsError::WrongHost {
            host: "live.example".to_owned(),
            presented: "portal.example".to_owned(),
        })
        .into(),
    ];
    for portal in portals {
        let (mut backoff, _) = lost_after_a_minute(Policy::default(), 5);
        backoff.handle_attempt(at(61_000));
        let delay = backoff.handle_failure(&portal, at(61_100)).expect("it may go away");
        assert!((ms(24_000)..=ms(36_000)).contains(&delay), "{delay:?}");
        backoff.handle_path(Path::Changed, at(70_000));
        assert_eq!(backoff.next(at(70_300)), Next::Begin);
    }
}

#[test]
fn each_refusal_of_an_app_has_its_class() {
    for (code, description, retries) in [
        ("NetConnection.Connect.Rejected", "[ code=403 need auth; authmod=adobe ]", 1),
        ("NetConnection.Connect.Rejected", "no such application", 0),
        ("NetConnection.Connect.InvalidApp", "", 0),
        ("NetConnection.Connect.Closed", "", 5),
        ("NetConnection.Connect.Failed", "", 5),
        ("NetConnection.Connect.AppShutdown", "", 5),
    ] {
        let (code, description) = (code.to_owned(), description.to_owned());
        let error = PublishError::AppRejected { code, description };
        let (mut backoff, _) = lost_after_a_minute(Policy::default(), 5);
        let retried = (61..66)
            .take_while(|second| backoff.handle_failure(&error, at(second * 1_000)).is_some());
        assert_eq!(retried.count(), retries, "{error}");
    }
}

#[test]
fn r10_a_name_that_never_was_is_fatal_and_one_that_was_may_come_back() {
    let unknown: PublishError = ConnectError::UnknownHost.into();
    let (mut backoff, _) = lost_after_a_minute(Policy::default(), 5);
    assert!(backoff.handle_failure(&unknown, at(61_000)).is_some());
    let policy = Policy { retry_first_connection: true, ..Policy::default() };
    for (error, retried) in
        [(unknown, false), (ConnectError::Resolve("try again".to_owned()).into(), true)]
    {
        let mut backoff = Backoff::new(policy, false, 1);
        backoff.handle_attempt(Now::ZERO);
        assert_eq!(backoff.handle_failure(&error, at(10)).is_some(), retried, "{error}");
    }
}

#[test]
fn lf61_lflivekits_policy_is_five_retries_three_seconds_apart() {
    let mut backoff = Backoff::new(Policy::lflivekit(), false, 1);
    let mut now = Now::ZERO;
    backoff.handle_attempt(now);
    let mut attempts = 1;
    while let Some(delay) = backoff.handle_failure(&refused(), now) {
        assert_eq!(delay, ms(3_000));
        now += delay;
        backoff.handle_attempt(now);
        attempts += 1;
    }
    assert_eq!(attempts, 6, "lf62");
}

#[test]
fn only_media_that_the_server_took_makes_a_stream_healthy() {
    // Live for 35 s, but the last 8 s of them nothing was acknowledged.
    for (took_ms, is_fresh) in [(27_000, false), (30_000, true)] {
        let mut backoff = Backoff::new(Policy::lflivekit(), false, 1);
        for second in 0..4 {
            backoff.handle_attempt(at(second * 3_000));
            assert!(backoff.handle_failure(&refused(), at(second * 3_000)).is_some());
        }
        backoff.handle_attempt(at(12_000));
        backoff.handle_live(at(12_000));
        backoff.handle_media_end(at(12_000 + took_ms));
        assert!(backoff.handle_failure(&refused(), at(47_000)).is_some(), "the fifth");
        assert_eq!(backoff.handle_failure(&refused(), at(50_000)).is_some(), is_fresh);
    }
}

#[test]
fn r07_a_taken_name_never_waits_more_than_five_seconds() {
    for seed in 0..200 {
        let (mut backoff, _) = lost_after_a_minute(Policy::default(), seed);
        for _ in 0..20 {
            let delay = backoff.handle_failure(&name_in_use(), at(61_000)).expect("a retry");
            assert!(delay < ms(5_000), "{delay:?}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_delays() {
    let delays = |seed| {
        let (mut backoff, first) = lost_after_a_minute(Policy::default(), seed);
        let rest = (1..20).map(|s| backoff.handle_failure(&refused(), at(60_000 + s * 1_000)));
        [first].into_iter().chain(rest).collect::<Vec<_>>()
    };
    assert_eq!(delays(42), delays(42));
    assert_ne!(delays(42), delays(43));
}

#[test]
fn b10_a_near_server_is_asked_each_100_ms_for_20_s_and_then_each_second() {
    for seed in 0..100 {
        let (mut backoff, mut delay) = near_lost_after_a_minute(Policy::default(), seed);
        let mut now = at(60_000);
        while let Some(wait) = delay.filter(|_| now < at(180_000)) {
            let bounds = if now < at(80_000) { ms(50)..=ms(100) } else { ms(1_000)..=ms(1_050) };
            assert!(bounds.contains(&wait), "{wait:?} at {now:?}");
            now += wait;
            assert_eq!(backoff.next(now), Next::Begin, "no cap on a burst defeats it");
            backoff.handle_attempt(now);
            delay = backoff.handle_failure(&refused(), now);
        }
        assert!(delay.is_some());
    }
}

#[test]
fn a_near_server_that_refuses_is_asked_as_any_other() {
    let (mut backoff, _) = near_lost_after_a_minute(Policy::default(), 5);
    for secs in [1u64, 2, 4] {
        let delay = backoff.handle_failure(&name_in_use(), at(61_000)).expect("a retry");
        assert!((ms(secs * 800)..=ms(secs * 1_200)).contains(&delay), "{delay:?}");
    }
    assert!(backoff.handle_failure(&denied(), at(62_000)).is_some());
    assert_eq!(backoff.handle_failure(&denied(), at(63_000)), None);
}

#[test]
fn an_app_that_counts_attempts_or_has_its_own_delay_is_not_made_to_poll() {
    let counted = Policy { max_retries: Some(5), ..Policy::default() };
    for policy in [counted, Policy { fixed_delay: Some(ms(3_000)), ..Policy::default() }] {
        let delays = |lost: (Backoff, Option<Duration>)| {
            let (mut backoff, first) = lost;
            let more = (1..5).map(|s| backoff.handle_failure(&refused(), at(60_000 + s * 1_000)));
            [first].into_iter().chain(more).collect::<Vec<_>>()
        };
        let near = delays(near_lost_after_a_minute(policy, 3));
        assert_eq!(near, delays(lost_after_a_minute(policy, 3)));
    }
}
