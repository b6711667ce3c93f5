//! fan ADDR NAME N SECONDS
use onair_engine::{
    amf0::Value,
    rtmp::{chunk_writer::Outgoing, command::CommandWriter, handshake},
};
use std::io::IoSlice;
use std::io::{Read, Write};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let n: usize = a[3].parse().unwrap();
    let secs: u64 = a[4].parse().unwrap();
    let mut socks = Vec::new();
    for _ in 0..n {
        let mut s = std::net::TcpStream::connect(&a[1]).unwrap();
        s.set_nodelay(true).unwrap();
        let mut b = Vec::new();
        let mut h = handshake::Client::start(1, &mut b);
        s.write_all(&b).unwrap();
        let mut ans = vec![0; 3073];
        s.read_exact(&mut ans).unwrap();
        b.clear();
        h.handle(&ans, &mut b).unwrap();
        s.write_all(&b).unwrap();
        let mut w = CommandWriter::new();
        let mut out = Outgoing::new();
        w.command(
            0,
            "connect",
            1.0,
            &[Value::Object(vec![
                ("app".into(), Value::String("live".into())),
                ("tcUrl".into(), Value::String("rtmp://x/live".into())),
            ])],
            &mut out,
        );
        w.command(0, "createStream", 2.0, &[Value::Null], &mut out);
        w.command(1, "play", 3.0, &[Value::Null, Value::String(a[2].clone())], &mut out);
        while !out.is_empty() {
            let mut sl = [IoSlice::new(&[]); 8];
            let k = out.io_slices(&mut sl);
            let c = s.write_vectored(&sl[..k]).unwrap();
            out.advance(c);
        }
        socks.push(s);
    }
    let hs: Vec<_> = socks
        .into_iter()
        .map(|mut s| {
            std::thread::spawn(move || {
                let t = std::time::Instant::now();
                let mut total = 0u64;
                let mut buf = vec![0; 65536];
                s.set_read_timeout(Some(std::time::Duration::from_secs(3))).unwrap();
                while t.elapsed().as_secs() < secs {
                    match s.read(&mut buf) {
                        Ok(0) | Err(_) => break,
                        Ok(c) => total += c as u64,
                    }
                }
                total
            })
        })
        .collect();
    let tot: u64 = hs.into_iter().map(|h| h.join().unwrap()).sum();
    println!("{} bytes per player {}", tot, tot / n as u64);
}
