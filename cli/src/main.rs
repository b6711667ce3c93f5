//! `onair`: go live from a desk. The command line in, exit codes and lines of output out; the work
//! is done by the crates below.
//!
//! Read in this order: `args`, then a command (`push`, `demo`, `serve`, `probe`, `filter`,
//! `recover`, `lab`).

#![forbid(unsafe_code)]

mod args;
mod broadcast;
mod check;
mod clock;
mod context;
mod decision;
mod demo;
mod embedded;
mod event;
mod examples;
mod exit;
mod filter;
mod lab;
mod look;
mod output;
mod pacing;
mod probe;
mod push;
mod recover;
mod redact;
mod room;
mod serve;
mod source;
mod tags;
#[cfg(test)]
mod testing;
mod units;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use clock::Clock;
use context::Context;

fn main() -> ExitCode {
    let clock = Clock::start();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return redact::report(&error, std::env::args_os()).into(),
    };
    output::start_log(cli.verbose);
    let json = match &cli.command {
        Command::Demo(args) => args.json,
        Command::Push(args) => args.json,
        Command::Check(args) => args.json,
        Command::Serve(args) => args.json,
        Command::Probe(args) => args.json,
        Command::Room(args) => args.command.place().json,
        Command::Recover(args) => args.json,
        Command::Filter(_) => false,
        Command::Lab(args) => args.command.json(),
    };
    let context = Context::new(clock, json);
    context.stop_on_ctrl_c();
    let ended = match &cli.command {
        Command::Demo(args) => demo::run(args, &context),
        Command::Push(args) => push::run(args, &context),
        Command::Check(args) => check::run(args, &context),
        Command::Serve(args) => serve::run(args, &context),
        Command::Probe(args) => probe::run(args, &context),
        Command::Room(args) => room::run(args, &context),
        Command::Recover(args) => recover::run(args, &context),
        Command::Filter(args) => filter::run(args),
        Command::Lab(args) => lab::run(args, &context),
    };
    output::clear_live_line();
    ended
        .unwrap_or_else(|failure| {
            output::complain(&format!("onair: {failure}"));
            failure.exit
        })
        .into()
}
