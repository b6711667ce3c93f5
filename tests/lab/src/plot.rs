//! Runs of one scenario as a picture: what the link carried, what each broadcaster asked of its
//! encoder, how late its pictures were and where its show stood still. SVG without scripts.

use std::fmt;
use std::time::Duration;

use crate::controller::Controller;
use crate::ledger::LATE;
use crate::world::{Outcome, Scenario};

/// One scenario and how up to three broadcasters fared in it. Shown as an SVG document.
#[derive(Clone, Copy, Debug)]
pub struct Plot<'a> {
    /// What all of them met.
    pub scenario: &'a Scenario,
    /// Who they are and what they left; the first is drawn on top.
    pub runs: &'a [(Controller, Outcome)],
}

const COLOURS: [&str; 3] = ["#0b62c4", "#d9480f", "#2b8a3e"];
const INK: &str = "#1f2933";
const FAINT: &str = "#d7dde4";

/// Pixels.
const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 976.0;
const RATE_TOP: f64 = 100.0;
const RATE_BOTTOM: f64 = 330.0;
const LATENCY_TOP: f64 = 372.0;
const LATENCY_BOTTOM: f64 = 572.0;
const STRIPS_TOP: f64 = 592.0;
const STRIP: f64 = 16.0;

/// Points along the time axis, at most.
const POINTS: u128 = 480;
/// The latency axis begins here; it grows by powers.
const LEAST_MS: f64 = 20.0;
const LATENCY_TICKS_MS: [f64; 9] = [50.0, 100.0, 300.0, 1e3, 3e3, 10e3, 30e3, 100e3, 1_000e3];

impl fmt::Display for Plot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strips = STRIP * self.runs.len() as f64;
        let height = STRIPS_TOP + strips + 44.0;
        writeln!(
            f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"{INK}\" role=\"img\">"
        )?;
        writeln!(f, "<title>{}</title>", Escaped(&self.title()))?;
        writeln!(f, "<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>")?;
        self.head(f)?;
        let axes = Axes::new(self);
        axes.time(f, STRIPS_TOP + strips)?;
        self.rates(f, &axes)?;
        self.latencies(f, &axes)?;
        self.frozen(f, &axes)?;
        writeln!(f, "</svg>")
    }
}

impl Plot<'_> {
    fn title(&self) -> String {
        let names: Vec<String> = self.runs.iter().map(|(who, _)| who.to_string()).collect();
        format!("{}: {}", self.scenario.trace.name(), names.join(" against "))
    }

    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scenario { rtt, queue_packets, seed, max_bitrate_bps, .. } = self.scenario;
        let most = f64::from(*max_bitrate_bps) / 1e6;
        let title = self.title();
        let title = Escaped(&title);
        writeln!(
            f,
            "<text x=\"{LEFT}\" y=\"26\" font-size=\"17\" font-weight=\"600\">{title}</text>"
        )?;
        writeln!(
            f,
            "<text x=\"{RIGHT}\" y=\"26\" text-anchor=\"end\" fill=\"#616e7c\">at most {most} Mbit/s, \
             round trip {} ms, queue {queue_packets} packets, seed {seed}</text>",
            rtt.as_millis()
        )?;
        writeln!(f, "<rect x=\"{LEFT}\" y=\"40\" width=\"22\" height=\"12\" fill=\"#e3e9f0\"/>")?;
        writeln!(f, "<text x=\"{}\" y=\"51\">what the link carries</text>", LEFT + 30.0)?;
        for (index, (who, Outcome { score, .. })) in self.runs.iter().enumerate() {
            let (x, y) = (LEFT + 190.0, 51.0 + 17.0 * index as f64);
            let colour = COLOURS[index % COLOURS.len()];
            writeln!(
                f,
                "<path d=\"M{x} {}h22\" stroke=\"{colour}\" stroke-width=\"3\"/>\
                 <text x=\"{}\" y=\"{y}\"><tspan font-weight=\"600\">{who}</tspan>: p95 {:.0} ms, \
                 freeze {:.1} %, utilisation {:.0} %</text>",
                y - 5.0,
                x + 30.0,
                score.p95_ms,
                score.freeze_pct,
                score.utilisation_pct
            )?;
        }
        Ok(())
    }

    fn rates(&self, f: &mut fmt::Formatter<'_>, axes: &Axes) -> fmt::Result {
        label(f, RATE_TOP, "video bitrate, Mbit/s")?;
        let step = nice_step(axes.most_mbps / 5.0);
        let mut tick = 0.0;
        while tick <= axes.most_mbps {
            rule(f, axes.rate_y(tick), &format!("{}", (tick * 100.0).round() / 100.0))?;
            tick += step;
        }
        let seconds = axes.each.as_secs_f64();
        write!(
            f,
            "<path fill=\"#e3e9f0\" stroke=\"#9aa9b9\" stroke-width=\"0.7\" d=\"M{LEFT} {RATE_BOTTOM}"
        )?;
        for (index, bits) in axes.capacity.iter().enumerate() {
            let y = axes.rate_y(bits / seconds / 1e6);
            write!(f, "V{y:.1}H{:.1}", axes.x(axes.each * (index as u32 + 1)))?;
        }
        writeln!(f, "V{RATE_BOTTOM}Z\"/>")?;
        for (index, (_, outcome)) in self.runs.iter().enumerate().rev() {
            line(f, index, 2.0)?;
            for (nth, command) in outcome.ledger.commands().iter().enumerate() {
                let x = axes.x(since_start(command.at));
                let y = axes.rate_y(f64::from(command.bitrate_bps) / 1e6);
                if nth == 0 {
                    write!(f, "M{x:.1} {y:.1}")?;
                } else {
                    write!(f, "H{x:.1}V{y:.1}")?;
                }
            }
            writeln!(f, "H{RIGHT}\"/>")?;
        }
        Ok(())
    }

    fn latencies(&self, f: &mut fmt::Formatter<'_>, axes: &Axes) -> fmt::Result {
        label(f, LATENCY_TOP, "latency of pictures that arrived, the worst of each moment")?;
        for ms in LATENCY_TICKS_MS.into_iter().filter(|ms| *ms <= axes.most_ms) {
            let text = if ms < 1e3 { format!("{ms} ms") } else { format!("{} s", ms / 1e3) };
            rule(f, axes.latency_y(ms), &text)?;
        }
        let late = axes.latency_y(LATE.as_secs_f64() * 1e3);
        writeln!(
            f,
            "<path d=\"M{LEFT} {late:.1}H{RIGHT}\" stroke=\"#ba2525\" stroke-dasharray=\"5 4\"/>\
             <text x=\"{RIGHT}\" y=\"{:.1}\" text-anchor=\"end\" font-size=\"11\" fill=\"#ba2525\">\
             later than this is a frozen picture</text>",
            late - 4.0
        )?;
        for (index, (_, outcome)) in self.runs.iter().enumerate().rev() {
            line(f, index, 1.3)?;
            let worst = axes.worst(outcome);
            let mut pen = 'M';
            for (bucket, ms) in worst.iter().enumerate() {
                let Some(ms) = ms else {
                    pen = 'M';
                    continue;
                };
                let x = axes.x(axes.each * bucket as u32);
                write!(f, "{pen}{x:.1} {:.1}", axes.latency_y(*ms))?;
                pen = 'L';
            }
            writeln!(f, "\"/>")?;
        }
        Ok(())
    }

    fn frozen(&self, f: &mut fmt::Formatter<'_>, axes: &Axes) -> fmt::Result {
        for (index, (who, outcome)) in self.runs.iter().enumerate() {
            let y = STRIPS_TOP + STRIP * index as f64;
            let colour = COLOURS[index % COLOURS.len()];
            writeln!(
                f,
                "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" font-size=\"11\">frozen</text>\
                 <path d=\"M{LEFT} {:.1}H{RIGHT}\" stroke=\"{FAINT}\"/>",
                LEFT - 8.0,
                y + 11.0,
                y + STRIP - 1.0
            )?;
            write!(f, "<path fill=\"{colour}\" d=\"")?;
            let mut buckets: Vec<usize> = outcome
                .ledger
                .frozen()
                .into_iter()
                .map(|at| axes.bucket(since_start(at)))
                .collect();
            buckets.dedup();
            for run in buckets.chunk_by(|a, b| a + 1 == *b) {
                let (first, count) = (run[0] as u32, run.len() as u32);
                let (x, width) = (axes.x(axes.each * first), axes.x(axes.each * count) - LEFT);
                write!(f, "M{x:.1} {:.1}h{width:.1}v10h-{width:.1}z", y + 2.0)?;
            }
            writeln!(f, "\"><title>{who}: pictures that no viewer saw in time</title></path>")?;
        }
        Ok(())
    }
}

/// From figures to pixels.
struct Axes {
    duration: Duration,
    each: Duration,
    capacity: Vec<f64>,
    most_mbps: f64,
    most_ms: f64,
}

impl Axes {
    fn new(plot: &Plot<'_>) -> Self {
        let duration = plot.scenario.duration.max(Duration::from_secs(1));
        let each_ms = duration.as_millis().div_ceil(POINTS).max(100);
        let each = Duration::from_millis(u64::try_from(each_ms).unwrap_or(u64::MAX));
        let count = usize::try_from(duration.as_millis() / each_ms).unwrap_or(0);
        let capacity = plot.scenario.trace.capacity(each, count);
        let most_carried = capacity.iter().copied().fold(0.0, f64::max) / each.as_secs_f64() / 1e6;
        let commands = plot.runs.iter().flat_map(|(_, outcome)| outcome.ledger.commands());
        let most_asked = commands.map(|command| f64::from(command.bitrate_bps) / 1e6);
        let most_asked = most_asked.fold(0.1, f64::max);
        let latencies = plot.runs.iter().flat_map(|(_, outcome)| outcome.ledger.latencies());
        let most_ms = latencies.map(|(_, latency)| latency.as_secs_f64() * 1e3).fold(0.0, f64::max);
        let ceilings = LATENCY_TICKS_MS.into_iter().skip_while(|ms| *ms < 10e3);
        Self {
            duration,
            each,
            capacity,
            // Where the link carries far more than anybody asks for, it is cut off.
            most_mbps: most_carried.clamp(most_asked, 1.5 * most_asked) * 1.05,
            most_ms: ceilings.into_iter().find(|ms| *ms >= most_ms).unwrap_or(most_ms),
        }
    }

    fn x(&self, at: Duration) -> f64 {
        let part = at.as_secs_f64() / self.duration.as_secs_f64();
        LEFT + (RIGHT - LEFT) * part.min(1.0)
    }

    fn bucket(&self, at: Duration) -> usize {
        usize::try_from(at.as_micros() / self.each.as_micros().max(1)).unwrap_or(usize::MAX)
    }

    fn rate_y(&self, mbps: f64) -> f64 {
        RATE_BOTTOM - (RATE_BOTTOM - RATE_TOP - 8.0) * (mbps / self.most_mbps).clamp(0.0, 1.0)
    }

    fn latency_y(&self, ms: f64) -> f64 {
        let part = (ms.max(LEAST_MS) / LEAST_MS).ln() / (self.most_ms / LEAST_MS).ln();
        LATENCY_BOTTOM - (LATENCY_BOTTOM - LATENCY_TOP - 8.0) * part.min(1.0)
    }

    /// The worst latency of each moment's pictures that arrived.
    fn worst(&self, outcome: &Outcome) -> Vec<Option<f64>> {
        let mut worst = vec![None; self.bucket(self.duration) + 1];
        for (captured, latency) in outcome.ledger.latencies() {
            if let Some(worst) = worst.get_mut(self.bucket(since_start(captured))) {
                let ms = latency.as_secs_f64() * 1e3;
                *worst = Some(worst.map_or(ms, |so_far: f64| so_far.max(ms)));
            }
        }
        worst
    }

    fn time(&self, f: &mut fmt::Formatter<'_>, bottom: f64) -> fmt::Result {
        let seconds = self.duration.as_secs_f64();
        let steps = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0];
        let step = steps.into_iter().find(|step| seconds / step <= 12.0).unwrap_or(3_600.0);
        let mut tick = 0.0;
        while tick <= seconds {
            let x = self.x(Duration::from_secs_f64(tick));
            writeln!(
                f,
                "<path d=\"M{x:.1} {RATE_TOP}V{bottom}\" stroke=\"{FAINT}\" stroke-width=\"0.7\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{tick} s</text>",
                bottom + 18.0
            )?;
            tick += step;
        }
        Ok(())
    }
}

fn since_start(at: onair_types::Now) -> Duration {
    at.since(onair_types::Now::ZERO)
}

/// The smallest of … 0.1, 0.2, 0.5, 1, 2, 5, 10 … that is not below `least`.
fn nice_step(least: f64) -> f64 {
    let power = 10f64.powi(least.max(1e-3).log10().floor() as i32);
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|step| *step >= least)
        .unwrap_or(10.0 * power)
}

fn label(f: &mut fmt::Formatter<'_>, top: f64, text: &str) -> fmt::Result {
    writeln!(f, "<text x=\"{LEFT}\" y=\"{:.1}\" fill=\"#616e7c\">{text}</text>", top - 6.0)
}

fn rule(f: &mut fmt::Formatter<'_>, y: f64, text: &str) -> fmt::Result {
    writeln!(
        f,
        "<path d=\"M{LEFT} {y:.1}H{RIGHT}\" stroke=\"{FAINT}\"/>\
         <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" font-size=\"11\">{text}</text>",
        LEFT - 8.0,
        y + 4.0
    )
}

/// Opens a line in the colour of run `index`.
fn line(f: &mut fmt::Formatter<'_>, index: usize, width: f64) -> fmt::Result {
    let colour = COLOURS[index % COLOURS.len()];
    write!(
        f,
        "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" \
         stroke-linejoin=\"round\" d=\""
    )
}

/// Text between tags.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                // XML has no way to write the others.
                c if c.is_control() => f.write_str(" ")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::file;
    use crate::world;

    #[test]
    fn a_plot_is_one_well_formed_document_whatever_the_trace_is_called() {
        let trace = file::parse("<&\u{1}\">", "3\n1\n0\n2\n").expect("a trace");
        let mut scenario = Scenario::new(trace, 1);
        scenario.duration = Duration::from_secs(12);
        let runs: Vec<(Controller, Outcome)> = [Controller::OnAir, Controller::LfLiveKit]
            .into_iter()
            .map(|who| (who, world::run(&scenario, &mut *who.broadcaster(&scenario))))
            .collect();
        let svg = Plot { scenario: &scenario, runs: &runs }.to_string();
        assert!(svg.contains("<title>&lt;&amp; \"&gt;: onair against lflivekit</title>"), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        for colour in &COLOURS[..2] {
            assert!(svg.contains(colour), "{svg}");
        }
        let opened = svg.matches('<').count() - svg.matches("</").count();
        let closed = svg.matches("/>").count() + svg.matches("</").count();
        assert_eq!(opened, closed, "{svg}");
    }
}
