//! A server on `oxideav-rtmp`, which shares no line with OnAir's own: takes publishers of the app
//! `live` whose key does not begin with `wrong`, and writes each into FOLDER/KEY.flv with that crate's
//! own FLV writer.
//!
//!   stranger 127.0.0.1:1935 FOLDER

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use oxideav_rtmp::flv_file::{FlvHeaderFlags, FlvWriter};
use oxideav_rtmp::{RtmpServer, RtmpSession, StreamPacket};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("stranger ADDRESS FOLDER".into());
    };
    let folder = PathBuf::from(folder);
    let server = RtmpServer::bind(address)?;
    println!("listening on {}", server.local_addr()?);
    server.serve(move |request| {
        let name = request.stream_name.clone();
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if request.app != "live" || name.starts_with("wrong") || !is_plain {
            // The peer may be gone already.
            let _ = request.reject("this key may not publish here");
            return;
        }
        let result = request
            .accept()
            .map_err(|error| Box::<dyn Error>::from(error.to_string()))
            .and_then(|session| record(session, &folder.join(format!("{name}.flv"))));
        match result {
            Ok(()) => println!("{name} has ended"),
            Err(error) => eprintln!("{name}: {error}"),
        }
    })?;
    Ok(())
}

fn record(mut session: RtmpSession, path: &Path) -> Result<(), Box<dyn Error>> {
    let flags = FlvHeaderFlags { audio: true, video: true };
    let mut file = FlvWriter::new(BufWriter::new(File::create(path)?), flags)?;
    while let Some(packet) = session.next_packet()? {
        match packet {
            StreamPacket::Video { timestamp, tag } => file.write_video_tag(timestamp, &tag)?,
            StreamPacket::Audio { timestamp, tag } => file.write_audio_tag(timestamp, &tag)?,
            _ => {}
        }
    }
    file.finish()?.into_inner()?;
    Ok(())
}
