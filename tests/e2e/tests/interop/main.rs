//! The same few things against every server there is: publish, decode what it kept, stop in the middle, publish again
//! under the same name, and be refused by name. Each thing is a cell of a table: one JSON line. `scripts/interop` installs
//! what is missing, runs all of it and makes the table of docs/interop.md.

mod cells;
mod enhanced;
mod places;

use cells::Row;
use onair_e2e::tools::{Tool, are_missing};
use places::{FfmpegListens, NginxRtmp, NodeMediaServer, Ours, Place, Secured, Stranger, cached};

/// Every cell of a server's row.
fn row(place: &mut dyn Place) {
    let mut row = Row::of(place);
    row.publish();
    row.publish_again();
    row.stop_in_the_middle();
    row.wrong();
    row.conclude();
}

#[test]
fn interop_nginx_rtmp() {
    if !are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        row(&mut NginxRtmp::start());
    }
}

#[test]
fn interop_stunnel_before_nginx_rtmp() {
    if !are_missing(&[Tool::NginxRtmp, Tool::Stunnel, Tool::Ffmpeg]) {
        row(&mut Secured::start());
    }
}

#[test]
fn interop_ffmpeg_that_listens() {
    if !are_missing(&[Tool::Ffmpeg]) {
        row(&mut FfmpegListens::new());
    }
}

#[test]
fn interop_our_own() {
    if !are_missing(&[Tool::Ffmpeg]) {
        row(&mut Ours::start());
    }
}

#[test]
fn interop_node_media_server() {
    if let Some(program) = cached("node/node_modules/node-media-server/bin/app.js")
        && !are_missing(&[Tool::Ffmpeg])
    {
        row(&mut NodeMediaServer::start(&program));
    }
}

#[test]
fn interop_a_stranger_s_rust() {
    if let Some(program) = cached("stranger/release/stranger")
        && !are_missing(&[Tool::Ffmpeg])
    {
        row(&mut Stranger::start(&program));
    }
}
