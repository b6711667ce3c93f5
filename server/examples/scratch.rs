//! scratch
fn main() {
    let mut c = onair_server::Config::default();
    c.rtmp.set_port(19350);
    c.http.set_port(18080);
    c.record_dir = std::env::args().nth(1).map(Into::into);
    let s = onair_server::Server::start(c).unwrap();
    println!("{} {}", s.rtmp_addr(), s.http_addr());
    let mut l = String::new();
    std::io::stdin().read_line(&mut l).unwrap();
    s.stop();
}
