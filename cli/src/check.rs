//! `onair check`: a look before going live, in words or as JSON.

use onair::{Error, Findings, Preflight};
use serde::Serialize;

use crate::args::CheckArgs;
use crate::broadcast;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::push::address;
#[cfg(feature = "tls")]
use crate::push::trust;

/// Looks and says what was found.
///
/// # Errors
/// When the command line cannot be used, and when the server or the way there is not ready.
pub(crate) fn run(args: &CheckArgs, context: &Context) -> Result<Exit, Failure> {
    let url = address::stream_url(&args.url, args.app.as_deref(), args.key.as_deref())?;
    let preflight = Preflight::new(url).allow_plaintext(args.allow_plaintext);
    #[cfg(feature = "tls")]
    let preflight = preflight.trust(trust::read(&args.tls)?);
    let preflight = if args.upload { preflight.with_upload() } else { preflight };
    let findings = preflight.run().map_err(Failure::local)?;
    if args.json {
        context.output.json(&Report::new(&findings));
    }
    for (step, took) in &findings.steps {
        context.output.words(&format!("{:<13} {:>6.0} ms", step.name(), took.as_secs_f64() * 1e3));
    }
    if findings.is_ready() {
        context.output.words(&findings.to_string());
    }
    match &findings.failure {
        None => Ok(Exit::Ok),
        Some((_, error @ Error::Plaintext(_))) => Err(broadcast::failure(error, false)),
        Some(_) => Err(Failure::connect(&findings)),
    }
}

/// The keys are part of the command's contract (docs/cli.md).
#[derive(Debug, Serialize)]
struct Report {
    event: &'static str,
    ok: bool,
    verdict: String,
    seconds: f64,
    steps: Vec<StepReport>,
    failed: Option<FailedReport>,
    upload_bps: Option<u64>,
    quality: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct StepReport {
    step: &'static str,
    ms: f64,
}

#[derive(Debug, Serialize)]
struct FailedReport {
    step: &'static str,
    code: u16,
    message: String,
    advice: &'static str,
}

impl Report {
    fn new(findings: &Findings) -> Self {
        let millis = |time: std::time::Duration| (time.as_secs_f64() * 1e5).round() / 1e2;
        let steps = findings.steps.iter();
        let steps = steps.map(|(step, took)| StepReport { step: step.name(), ms: millis(*took) });
        Self {
            event: "check",
            ok: findings.is_ready(),
            verdict: findings.to_string(),
            seconds: findings.took.as_secs_f64(),
            steps: steps.collect(),
            failed: findings.failure.as_ref().map(|(step, error)| FailedReport {
                step: step.name(),
                code: error.code(),
                message: error.to_string(),
                advice: error.advice(),
            }),
            upload_bps: findings.upload_bps,
            quality: findings.quality.map(|quality| quality.name()),
        }
    }
}
