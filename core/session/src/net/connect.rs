//! Happy Eyeballs v2 (RFC 8305; `spec network` 3): both families are looked up at once, their
//! addresses tried in turn, a new one each 250 ms or as soon as one fails; the first that stands
//! wins and the others are dropped.
//!
//! ```text
//!  AAAA ──▶ first v6 ──250 ms──▶ first v4 ──250 ms──▶ second v6 …
//!  A    ──▶ waits 50 ms for AAAA
//! ```

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use onair_engine::publish::ConnectError;
use tokio::time::{Sleep, sleep};

use super::resolve::{Family, Lookup, LookupError, Resolver};

/// An address being tried.
pub(crate) type Dialing<S> = Pin<Box<dyn Future<Output = io::Result<S>> + Send>>;

/// For the names.
const DNS_LIMIT: Duration = Duration::from_secs(3);
/// For all addresses together.
const TCP_LIMIT: Duration = Duration::from_secs(5);
/// How long an IPv4 address waits for the name's IPv6 ones.
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);
/// Between two attempts that both hang.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to `host`, a name or an IP literal; `dial` tries one address.
///
/// # Errors
/// Of the name when it has no address, otherwise of the last address that failed.
pub(crate) async fn connect<S>(
    resolver: &dyn Resolver,
    host: &str,
    port: u16,
    dial: impl Fn(SocketAddr) -> Dialing<S>,
) -> Result<S, ConnectError> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        let mut race = Race::new([None, None], dial);
        race.find(SocketAddr::new(ip, port));
        return poll_fn(|cx| race.poll(cx)).await;
    }
    let lookups = [Family::V6, Family::V4].map(|family| Some(resolver.lookup(host, port, family)));
    let mut race = Race::new(lookups, dial);
    poll_fn(|cx| race.poll(cx)).await
}

struct Race<S, D> {
    /// IPv6 first, here and below.
    lookups: [Option<Lookup>; 2],
    lookup_error: Option<LookupError>,
    found: [VecDeque<SocketAddr>; 2],
    /// Whose turn it is.
    turn: usize,
    dial: D,
    dialing: Vec<Dialing<S>>,
    dial_error: Option<ConnectError>,
    dns_ends: Timer,
    tcp_ends: Timer,
    /// Until then only an IPv6 address may begin.
    v6_grace: Timer,
    next_attempt: Timer,
}

/// Due, not set, or under way.
type Timer = Option<Pin<Box<Sleep>>>;

impl<S, D: Fn(SocketAddr) -> Dialing<S>> Race<S, D> {
    fn new(lookups: [Option<Lookup>; 2], dial: D) -> Self {
        Self {
            lookups,
            lookup_error: None,
            found: Default::default(),
            turn: 0,
            dial,
            dialing: Vec::new(),
            dial_error: None,
            dns_ends: timer(DNS_LIMIT),
            tcp_ends: None,
            v6_grace: None,
            next_attempt: None,
        }
    }

    fn find(&mut self, address: SocketAddr) {
        self.found[usize::from(address.is_ipv4())].push_back(address);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<S, ConnectError>> {
        self.poll_lookups(cx);
        loop {
            if let Poll::Ready(stream) = self.poll_dialing(cx) {
                return Poll::Ready(Ok(stream));
            }
            if is_over(&mut self.tcp_ends, cx) {
                return Poll::Ready(Err(ConnectError::Timeout(TCP_LIMIT)));
            }
            if !self.may_begin(cx) {
                break;
            }
            let Some(address) = self.next_address() else { break };
            self.dialing.push((self.dial)(address));
            self.next_attempt = timer(ATTEMPT_DELAY);
            self.tcp_ends = self.tcp_ends.take().or_else(|| timer(TCP_LIMIT));
        }
        let is_lookup_over = self.lookups.iter().all(Option::is_none);
        let is_over = self.dialing.is_empty() && self.found.iter().all(VecDeque::is_empty);
        if is_over && is_lookup_over { Poll::Ready(Err(self.error())) } else { Poll::Pending }
    }

    fn poll_lookups(&mut self, cx: &mut Context<'_>) {
        for family in 0..2 {
            let Some(lookup) = &mut self.lookups[family] else { continue };
            let Poll::Ready(answer) = lookup.as_mut().poll(cx) else { continue };
            self.lookups[family] = None;
            match answer {
                Ok(addresses) => addresses.into_iter().for_each(|address| self.find(address)),
                Err(error) => self.note(error),
            }
        }
        let waits_for_v6 = self.lookups[0].is_some() && !self.found[1].is_empty();
        if waits_for_v6 && self.v6_grace.is_none() && self.tcp_ends.is_none() {
            self.v6_grace = timer(RESOLUTION_DELAY);
        }
        if self.lookups.iter().any(Option::is_some) && is_over(&mut self.dns_ends, cx) {
            self.lookups = [None, None];
            self.note(LookupError::Failed(format!("no answer within {DNS_LIMIT:?}")));
        }
    }

    /// What cannot tell leaves it open whether there is such a name.
    fn note(&mut self, error: LookupError) {
        if self.lookup_error.is_none() || error != LookupError::UnknownHost {
            self.lookup_error = Some(error);
        }
    }

    fn poll_dialing(&mut self, cx: &mut Context<'_>) -> Poll<S> {
        let mut index = 0;
        while let Some(dialing) = self.dialing.get_mut(index) {
            match dialing.as_mut().poll(cx) {
                Poll::Ready(Ok(stream)) => return Poll::Ready(stream),
                Poll::Ready(Err(error)) => {
                    drop(self.dialing.remove(index));
                    self.dial_error = Some(refusal(&error));
                    self.next_attempt = None; // the next one need not wait
                }
                Poll::Pending => index += 1,
            }
        }
        Poll::Pending
    }

    fn may_begin(&mut self, cx: &mut Context<'_>) -> bool {
        let is_v6_there = !self.found[0].is_empty() || self.lookups[0].is_none();
        let is_first = self.tcp_ends.is_none();
        if is_first && !is_v6_there && !is_over(&mut self.v6_grace, cx) {
            return false;
        }
        self.next_attempt.is_none() || is_over(&mut self.next_attempt, cx)
    }

    fn next_address(&mut self) -> Option<SocketAddr> {
        let turn = if self.found[self.turn].is_empty() { 1 - self.turn } else { self.turn };
        let address = self.found[turn].pop_front()?;
        self.turn = 1 - turn;
        Some(address)
    }

    fn error(&mut self) -> ConnectError {
        if let Some(error) = self.dial_error.take() {
            return error;
        }
        match self.lookup_error.take() {
            Some(LookupError::Failed(text)) => ConnectError::Resolve(text),
            Some(LookupError::UnknownHost) | None => ConnectError::UnknownHost,
        }
    }
}

fn timer(duration: Duration) -> Timer {
    Some(Box::pin(sleep(duration)))
}

/// Whether the time has come; the task is woken when it does. Never set is never over.
fn is_over(timer: &mut Timer, cx: &mut Context<'_>) -> bool {
    timer.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready())
}

fn refusal(error: &io::Error) -> ConnectError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ConnectError::Refused,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            ConnectError::Unreachable
        }
        io::ErrorKind::TimedOut => ConnectError::Timeout(TCP_LIMIT),
        _ => ConnectError::Other(error.to_string()),
    }
}

#[cfg(test)]
#[path = "connect_test.rs"]
mod tests;
