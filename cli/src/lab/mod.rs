//! `onair lab`: the network laboratory on the command line. Options → scenarios; figures → words,
//! JSON or SVG. What runs and what the figures mean is `onair-lab`'s.

pub(crate) mod args;
mod replay;
mod report;

use std::time::Duration;

use onair_lab::controller::Controller;
use onair_lab::plot::Plot;
use onair_lab::suite::{self, Table};
use onair_lab::trace::{Trace, TraceError};
use onair_lab::world::{self, Outcome, Scenario};

use crate::context::Context;
use crate::exit::{Exit, Failure};
use args::{Conditions, LabArgs, LabCommand, PlotArgs, RunArgs, TableArgs};
use report::{Figures, Rows};

/// Runs what was asked for and prints what came out.
///
/// # Errors
/// When a trace or a record cannot be read or a picture not be written.
pub(crate) fn run(args: &LabArgs, context: &Context) -> Result<Exit, Failure> {
    match &args.command {
        LabCommand::Run(args) => run_one(args, context),
        LabCommand::Table(args) => table(args, context),
        LabCommand::Plot(args) => plot(args, context),
        LabCommand::Replay(args) => replay::run(args, context),
    }
}

fn run_one(args: &RunArgs, context: &Context) -> Result<Exit, Failure> {
    let trace = suite::trace(&args.trace, args.seed).map_err(unreadable)?;
    let scenario = scenario(trace, args.seed, args.conditions);
    let outcome = outcome(args.controller, &scenario);
    let figures = Figures::from(&outcome.score);
    if args.json {
        context.output.json(&figures);
    } else {
        context.output.words(&report::words(args.controller, &scenario, &figures));
    }
    Ok(Exit::Ok)
}

fn table(args: &TableArgs, context: &Context) -> Result<Exit, Failure> {
    let seeds: Vec<u64> = (1..=args.seeds).collect();
    let mut rows = Vec::new();
    for controller in [Controller::OnAir].into_iter().chain(Controller::PEERS) {
        let prepare = |scenario: &mut Scenario| args.conditions.apply(scenario);
        let row = suite::row(controller, args.traces.as_deref(), &seeds, prepare);
        rows.push(row.map_err(unreadable)?);
        if context.stop_signal.wait(Duration::ZERO) {
            return Ok(Exit::Interrupted);
        }
    }
    let table = Table(rows);
    if args.json {
        context.output.json(&Rows::new(&table, args.each));
    } else {
        context.output.words(&table.to_string());
        if args.each {
            context.output.words(&format!("\n{}", table.by_trace()));
        }
    }
    Ok(Exit::Ok)
}

fn plot(args: &PlotArgs, context: &Context) -> Result<Exit, Failure> {
    let trace = suite::trace(&args.trace, args.seed).map_err(unreadable)?;
    let scenario = scenario(trace, args.seed, args.conditions);
    let drawn = [Some(args.controller), args.against].into_iter().flatten();
    let runs: Vec<(Controller, Outcome)> =
        drawn.map(|controller| (controller, outcome(controller, &scenario))).collect();
    let svg = Plot { scenario: &scenario, runs: &runs }.to_string();
    match &args.output {
        Some(path) => std::fs::write(path, svg)
            .map_err(|error| Failure::local(format!("write {}: {error}", path.display())))?,
        None => context.output.words(svg.trim_end()),
    }
    Ok(Exit::Ok)
}

fn scenario(trace: Trace, seed: u64, conditions: Conditions) -> Scenario {
    let mut scenario = Scenario::new(trace, seed);
    conditions.apply(&mut scenario);
    scenario
}

fn outcome(controller: Controller, scenario: &Scenario) -> Outcome {
    world::run(scenario, &mut *controller.broadcaster(scenario))
}

impl Conditions {
    fn apply(self, scenario: &mut Scenario) {
        scenario.max_bitrate_bps = self.max;
        scenario.rtt = self.rtt;
        scenario.queue_packets = self.queue as usize;
        scenario.duration = Duration::from_secs(self.seconds.into());
    }
}

fn unreadable(error: TraceError) -> Failure {
    Failure::usage(error)
}
