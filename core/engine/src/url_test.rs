use proptest::prelude::*;

use super::*;

/// Addresses that parse: address, then host, port, app and key; a user where one is given.
const GOOD: &str = "
# the common forms
rtmp://h/live/key                          h 1935 live key
rtmp://example.com/app/key                 example.com 1935 app key
rtmp://example.com:1936/app/key            example.com 1936 app key
rtmp://example.com:1/app/key               example.com 1 app key
rtmp://example.com:65535/app/key           example.com 65535 app key
rtmp://example.com:01935/app/key           example.com 1935 app key
rtmps://example.com/app/key                example.com 443 app key
rtmps://example.com:443/app/key            example.com 443 app key
rtmps://example.com:8443/app/key           example.com 8443 app key
RTMP://Example.COM/App/Key                 Example.COM 1935 App Key
RtmpS://h/a/k                              h 443 a k
rtmp://127.0.0.1/live/a                    127.0.0.1 1935 live a
rtmp://192.168.1.20:1935/live/a            192.168.1.20 1935 live a
rtmp://localhost/live/a                    localhost 1935 live a
rtmp://my-host_1.local/live/a              my-host_1.local 1935 live a
rtmp://host./live/a                        host. 1935 live a
rtmp://xn--bcher-kva.example/live/a        xn--bcher-kva.example 1935 live a
# of services
rtmp://a.rtmp.youtube.com/live2/abcd-efgh-ijkl-mnop     a.rtmp.youtube.com 1935 live2 abcd-efgh-ijkl-mnop
rtmps://a.rtmps.youtube.com/live2/abcd-efgh             a.rtmps.youtube.com 443 live2 abcd-efgh
rtmp://live.twitch.tv/app/live_123_abc?bandwidthtest=true  live.twitch.tv 1935 app live_123_abc?bandwidthtest=true
rtmps://live-api-s.facebook.com:443/rtmp/FB-1-0-Abc     live-api-s.facebook.com 443 rtmp FB-1-0-Abc
rtmps://x.global-contribute.live-video.net:443/app/sk_us-west-2_a  x.global-contribute.live-video.net 443 app sk_us-west-2_a
rtmp://push.example.com/live/room?auth_key=1700000000-0-0-abcdef   push.example.com 1935 live room?auth_key=1700000000-0-0-abcdef
rtmp://live-push.bilivideo.com/live-bvc/?streamname=live_1&key=2   live-push.bilivideo.com 1935 live-bvc ?streamname=live_1&key=2
rtmp://h/live/a?txSecret=5aef&txTime=5F00  h 1935 live a?txSecret=5aef&txTime=5F00
rtmp://h/live/room?vhost=demo.example      h 1935 live room?vhost=demo.example
rtmp://h/live?vhost=demo.example/room      h 1935 live?vhost=demo.example room
rtmp://h/live...vhost...demo/room          h 1935 live...vhost...demo room
# LFLiveKit's table
rtmp://h:1936/app/inst/key?a=b             h 1936 app/inst key?a=b
rtmp://h/app/inst/more/key                 h 1935 app/inst/more key
rtmp://h/live?token=ab/key                 h 1935 live?token=ab key
rtmp://u:p@h/live/key                      h 1935 live key u
rtmp://[::1]:1935/live/k                   ::1 1935 live k
rtmp://h/live/a.mp4                        h 1935 live a.mp4
rtmp://h/live/c.flv                        h 1935 live c.flv
rtmp://h/live/x.mp3                        h 1935 live x.mp3
rtmp://h/live/mp4:a                        h 1935 live mp4:a
rtmp://h/live/k%20ey                       h 1935 live k%20ey
rtmp://h/live/key?domain=ex.com&t=1        h 1935 live key?domain=ex.com&t=1
# IPv6
rtmp://[::1]/live/k                        ::1 1935 live k
rtmps://[::1]/live/k                       ::1 443 live k
rtmp://[2001:db8::7]:1936/live/k           2001:db8::7 1936 live k
rtmp://[2001:DB8:0:0:0:0:0:7]/live/k       2001:DB8:0:0:0:0:0:7 1935 live k
rtmp://[::ffff:192.0.2.1]/live/k           ::ffff:192.0.2.1 1935 live k
rtmp://[fe80::1%25eth0]/live/k             fe80::1%eth0 1935 live k
rtmp://[fe80::1%en0]:1936/live/k           fe80::1%en0 1936 live k
rtmp://u:p@[::1]:1936/live/k               ::1 1936 live k u
rtmp://u:p:q@[::1]/live/k                  ::1 1935 live k u
# user and password
rtmp://u@h/live/key                        h 1935 live key u
rtmp://u:@h/live/key                       h 1935 live key u
rtmp://:p@h/live/key                       h 1935 live key (empty)
rtmp://u:p@h:1936/live/key                 h 1936 live key u
rtmp://u:p@ss@h/live/key                   h 1935 live key u
rtmp://me@example.com:p@h/live/key         h 1935 live key me@example.com
rtmp://u:p%40ss@h/live/key                 h 1935 live key u
rtmp://u:p%2Fss@h/live/key                 h 1935 live key u
rtmp://u%20x:p@h/live/key                  h 1935 live key u(space)x
rtmp://u:p/ss@h/live/key                   h 1935 live key u
rtmp://u:p/s/s@h/live/key                  h 1935 live key u
rtmp://u:p/s@s@h/live/key                  h 1935 live key u
rtmp://u:p@s/s:x@h/live/key                s 1935 s:x@h/live key u
rtmp://u:p@s:w/s@h/live/key                h 1935 live key u
rtmp://u:/@h/live/key                      h 1935 live key u
rtmp://u:p/ss@[::1]:1936/live/key?x=a@b    ::1 1936 live key?x=a@b u
rtmp://u:p/ss@h/app/inst/key               h 1935 app/inst key u
rtmp://u:p?ss@h/live/key                   h 1935 live key u
rtmp://u:p#ss@h/live/key                   h 1935 live key u
# an @ that is no user's
rtmp://h/live/key@1                        h 1935 live key@1
rtmp://h/live/a@b/key                      h 1935 live/a@b key
rtmp://h:1936/live/key@1                   h 1936 live key@1
rtmp://h/live/key?mail=a@b.example         h 1935 live key?mail=a@b.example
rtmp://h/live/key?u=a@b/c/d                h 1935 live key?u=a@b/c/d
rtmp://h/live@x/key                        h 1935 live@x key
rtmp://u:p@h/live/k@y                      h 1935 live k@y u
# queries
rtmp://h/live/key?                         h 1935 live key?
rtmp://h/live/key?a                        h 1935 live key?a
rtmp://h/live/key?a=b&c=d                  h 1935 live key?a=b&c=d
rtmp://h/live/key?a=b?c=d                  h 1935 live key?a=b?c=d
rtmp://h/live/key?sig=ab/cd+e==            h 1935 live key?sig=ab/cd+e==
rtmp://h/live/key?url=rtmp://x/y/z         h 1935 live key?url=rtmp://x/y/z
rtmp://h/app/inst/key?t=1/2                h 1935 app/inst key?t=1/2
rtmp://h/live?a=1/2/key                    h 1935 live?a=1/2 key
rtmp://h/live?a=1&b=2/key?c=3              h 1935 live?a=1&b=2 key?c=3
rtmp://h/live?a/key                        h 1935 live?a key
rtmp://h/live/?x=1/2                       h 1935 live ?x=1/2
# bytes that are kept
rtmp://h/live/k%2Fey                       h 1935 live k%2Fey
rtmp://h/live/k%2fey                       h 1935 live k%2fey
rtmp://h/live/k%                           h 1935 live k%
rtmp://h/live/k%zz                         h 1935 live k%zz
rtmp://h/li%20ve/key                       h 1935 li%20ve key
rtmp://h/live/ключ                         h 1935 live ключ
rtmp://h/直播/键                           h 1935 直播 键
rtmp://h/live/a+b                          h 1935 live a+b
rtmp://h/live/a=b&c                        h 1935 live a=b&c
rtmp://h/live/a:b                          h 1935 live a:b
rtmp://h/live/a;b,c!d'e(f)*                h 1935 live a;b,c!d'e(f)*
rtmp://h/live/~a_b-c.d                     h 1935 live ~a_b-c.d
rtmp://h/live/key#part                     h 1935 live key#part
rtmp://h/live/\"key\"                      h 1935 live \"key\"
rtmp://h/live/<key>                        h 1935 live <key>
rtmp://h/live/a\\b                         h 1935 live a\\b
rtmp://h/live/..                           h 1935 live ..
rtmp://h/_definst_/key                     h 1935 _definst_ key
rtmp://h/live/_definst_/key                h 1935 live/_definst_ key
rtmp://h/0/0                               h 1935 0 0
# slashes too many
rtmp://h//live/key                         h 1935 live key
rtmp://h/live//key                         h 1935 live key
rtmp://h///live///key                      h 1935 live key
rtmp://h/app//inst/key                     h 1935 app//inst key
";

/// Addresses that do not, and why.
const BAD: &str = "
# scheme
http://h/live/key                          !scheme
https://h/live/key                         !scheme
rtmpt://h/live/key                         !scheme
rtmpe://h/live/key                         !scheme
srt://h/live/key                           !scheme
://h/live/key                              !scheme
h/live/key                                 !scheme
rtmp:/h/live/key                           !scheme
rtmp:h/live/key                            !scheme
rtmp                                       !scheme
rtmp:///live/key:x://y                     !host
# host
rtmp://                                    !host
rtmp:///live/key                           !host
rtmp://:1935/live/key                      !host
rtmp://@/live/key                          !host
rtmp://u:p@/live/key                       !host
rtmp://u:p@:1935/live/key                  !host
rtmp://[/live/key                          !host
rtmp://[]/live/key                         !host
rtmp://[::1/live/key                       !host
rtmp://[::1]x/live/key                     !host
rtmp://[::g]/live/key                      !host
rtmp://[1.2.3.4]/live/key                  !host
rtmp://[::1%]/live/key                     !host
rtmp://[::1%25]/live/key                   !host
rtmp://[::1%a/b]/live/key                  !host
rtmp://ho%20st/live/key                    !host
rtmp://h?x/live/key                        !host
rtmp://h\"/live/key                        !host
rtmp://бук/live/key                        !host
rtmp://h,i/live/key                        !host
# port
rtmp://h:/live/key                         !port
rtmp://h:0/live/key                        !port
rtmp://h:65536/live/key                    !port
rtmp://h:99999999999999999999/live/key     !port
rtmp://h:+80/live/key                      !port
rtmp://h:-1/live/key                       !port
rtmp://h:80a/live/key                      !port
rtmp://h:1:2/live/key                      !port
rtmp://::1/live/key                        !host
rtmp://[::1]:/live/key                     !port
rtmp://[::1]:x/live/key                    !port
rtmp://u:p/ss@h:x/live/key                 !port
# app and key
rtmp://h                                   !path
rtmp://h/                                  !path
rtmp://h//                                 !path
rtmp://h/live                              !path
rtmp://h/live/                             !path
rtmp://h/live?x=1                          !path
rtmp://h/live/?                            !path
rtmp://h//?x                               !path
rtmp://h//key                              !path
rtmp://h/?x/key                            !path
rtmp://h/live?token=ab/                    !path
rtmp://h/app/inst/                         !path
rtmp://h/live/key/                         !path
rtmp://u:p@h/live                          !path
";

/// Address and expectation of each line that is not empty or a comment.
fn rows(table: &str) -> Vec<(&str, Vec<&str>)> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            (words.next().unwrap(), words.collect())
        })
        .collect()
}

fn name(error: &UrlError) -> &'static str {
    match error {
        UrlError::Scheme => "!scheme",
        UrlError::Host => "!host",
        UrlError::Port => "!port",
        UrlError::Path => "!path",
        UrlError::Character { .. } => "!character",
        UrlError::Options => "!options",
    }
}

#[test]
fn lf59_s02_the_table_of_addresses() {
    let rows = [rows(GOOD), rows(BAD)].concat();
    assert!(rows.len() >= 160, "{}", rows.len());
    for (address, expected) in rows {
        match (StreamUrl::parse(address), &expected[..]) {
            (Err(error), [why]) => assert_eq!(name(&error), *why, "{address}"),
            (Ok(url), [host, port, app, key, user @ ..]) => {
                let port: u16 = port.parse().unwrap();
                assert_eq!((url.host(), url.port()), (*host, port), "{address}");
                assert_eq!((url.app(), url.key().expose()), (*app, *key), "{address}");
                assert_eq!(url.is_tls(), address.to_lowercase().starts_with("rtmps"));
                let given = url.credentials().map(|(user, _)| user.to_owned());
                let user =
                    user.first().map(|user| user.replace("(space)", " ").replace("(empty)", ""));
                assert_eq!(given, user, "{address}");
            }
            (result, _) => panic!("{address}: {result:?}, not {expected:?}"),
        }
    }
}

/// What a server is told leads back to the same stream, and what is shown tells none of it.
#[test]
fn s02_the_table_makes_the_round_trip_and_shows_no_secret() {
    for (address, _) in rows(GOOD) {
        let url = StreamUrl::parse(address).unwrap();
        let key = url.key().expose();
        let again = StreamUrl::with_key(&url.tc_url(), None, key).unwrap();
        let host = |url: &StreamUrl| url.host().split('%').next().map(str::to_owned);
        assert_eq!((host(&again), again.port()), (host(&url), url.port()), "{address}");
        assert_eq!((again.app(), again.key()), (url.app(), url.key()), "{address}");
        assert_eq!((again.is_tls(), again.credentials()), (url.is_tls(), None), "{address}");
        assert_eq!(StreamUrl::with_key(&again.tc_url(), None, key).unwrap(), again, "{address}");

        let host = url.bracketed_host();
        let app = url.app().split('?').next().unwrap();
        let query = if url.app().contains('?') { "?•••" } else { "" };
        let scheme = if url.is_tls() { "rtmps" } else { "rtmp" };
        let shown = format!("{scheme}://{host}:{}/{app}{query}/•••", url.port());
        assert_eq!((url.to_string(), format!("{url:?}")), (shown.clone(), shown), "{address}");

        let password = url.credentials().map(|(_, password)| password.expose());
        for secret in [Some(key), password].into_iter().flatten().filter(|text| text.len() >= 4) {
            for said in [&format!("stream {secret} is busy"), address] {
                assert!(!url.redact(said).contains(secret), "{address}: {}", url.redact(said));
            }
        }
    }
}

#[test]
fn s02_passwords_are_everything_between_the_colon_and_the_last_at() {
    for (address, password) in [
        ("rtmp://u:p@h/live/key", "p"),
        ("rtmp://u@h/live/key", ""),
        ("rtmp://u:p@ss@h/live/key", "p@ss"),
        ("rtmp://u:p:ss@h/live/key", "p:ss"),
        ("rtmp://u:p/s@s@h/live/key", "p/s@s"),
        ("rtmp://u:p%40%2Fss@h/live/key", "p@/ss"),
        ("rtmp://u:100%@h/live/key", "100%"),
        ("rtmp://u:%FF@h/live/key", "%FF"),
    ] {
        let url = StreamUrl::parse(address).unwrap();
        assert_eq!(url.credentials().unwrap().1.expose(), password, "{address}");
    }
}

#[test]
fn s02_control_characters_and_spaces_are_refused_where_they_are() {
    for (address, offset) in [
        ("rtmp://h/live/key\r\n", 17),
        ("rtmp://h/live/key\n", 17),
        ("rtmp://h/live/k\0ey", 15),
        ("rtmp://h/live/k\tey", 15),
        ("rtmp://h/live/k ey", 15),
        ("rtmp://h/li ve/key", 11),
        (" rtmp://h/live/key", 0),
        ("rtmp://h/live/key\u{7F}", 17),
        ("rtmp://h/live/key\u{A0}", 17),
        ("rtmp://h/live/key\u{85}", 17),
        ("rtmp://h/live/key =1", 17),
    ] {
        let error = StreamUrl::parse(address).unwrap_err();
        assert_eq!(error, UrlError::Character { offset }, "{address:?}");
    }
}

#[test]
fn s02_options_in_the_manner_of_librtmp_are_named() {
    for address in ["rtmp://h/live/key live=1", "rtmp://h/live playpath=key swfUrl=http://x"] {
        assert_eq!(StreamUrl::parse(address).unwrap_err(), UrlError::Options);
    }
}

#[test]
fn the_tc_url_holds_neither_key_nor_user() {
    for (address, tc_url) in [
        ("rtmp://u:p@h/live/key?x=1", "rtmp://h/live"),
        ("rtmp://h:1935/live/key", "rtmp://h/live"),
        ("rtmp://h:1936/app/inst/key", "rtmp://h:1936/app/inst"),
        ("rtmp://h:443/live/key", "rtmp://h:443/live"),
        ("rtmps://h/live/key", "rtmps://h/live"),
        ("rtmps://h:1935/live/key", "rtmps://h:1935/live"),
        ("rtmp://[::1]:1936/live/key", "rtmp://[::1]:1936/live"),
        ("rtmp://[fe80::1%25eth0]/live/key", "rtmp://[fe80::1]/live"),
        ("rtmp://h/live?vhost=x/key", "rtmp://h/live?vhost=x"),
    ] {
        assert_eq!(StreamUrl::parse(address).unwrap().tc_url(), tc_url);
    }
}

#[test]
fn s01_nothing_secret_shows() {
    let url = StreamUrl::parse("rtmps://me:pass@h/live?token=tok/key?auth=sig").unwrap();
    assert_eq!(url.to_string(), "rtmps://h:443/live?•••/•••");
    assert_eq!(format!("{url:?}"), url.to_string());
    assert_eq!(format!("{:?} {}", url.key(), url.key()), "••• •••");
    for error in [
        StreamUrl::parse("rtmp://h:canary/app/canary").unwrap_err(),
        StreamUrl::parse("rtmp://h/canary").unwrap_err(),
        StreamUrl::parse("rtmp://h/app/ca nary").unwrap_err(),
        StreamUrl::parse("canary://h/app/key").unwrap_err(),
    ] {
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

#[test]
fn s01_words_of_a_server_lose_key_query_and_password() {
    let url = StreamUrl::parse("rtmp://me:hunter%402@h/live?vtoken=vvvv1/str-eam?sign=ab%2Fcd&t=1")
        .unwrap();
    for (said, kept) in [
        ("Stream str-eam?sign=ab%2Fcd&t=1 is busy", "Stream ••• is busy"),
        ("name 'str-eam' in use", "name '•••' in use"),
        ("bad sign=ab%2Fcd&t=1", "bad •••"),
        ("sign ab/cd expired", "sign ••• expired"),
        ("user me:hunter@2 and hunter%402", "user me:••• and •••"),
        ("app live?vtoken=vvvv1", "app live?•••"),
        ("token vvvv1", "token •••"),
        ("str-eamstr-eam", "••••••"),
        ("nothing to hide", "nothing to hide"),
    ] {
        assert_eq!(url.redact(said), kept);
    }
}

#[test]
fn s01_a_secret_within_another_leaves_nothing_of_it() {
    let url = StreamUrl::parse("rtmp://me:abcdef@h/live?token=abcdefgh/abcd").unwrap();
    assert_eq!(url.redact("abcdefgh, abcdef and abcd"), "•••, ••• and •••");
}

#[test]
fn a_short_key_is_struck_where_it_stands_alone() {
    let url = StreamUrl::parse("rtmp://h/live/a").unwrap();
    assert_eq!(
        url.redact("stream a: already a name (\"a\")"),
        "stream •••: already ••• name (\"•••\")"
    );
    assert_eq!(url.redact("aa a"), "aa •••");
}

#[test]
fn s02_app_and_key_may_be_given_apart() {
    let url = StreamUrl::with_key("rtmp://h/app/inst", None, "k e/y?x").unwrap();
    assert_eq!((url.app(), url.key().expose()), ("app/inst", "k e/y?x"));
    let url = StreamUrl::with_key("rtmps://u:p@h:1936", Some("app"), "ключ").unwrap();
    assert_eq!((url.app(), url.port(), url.is_tls()), ("app", 1_936, true));
    let url = StreamUrl::with_key("rtmp://h/live2/", None, "abcd").unwrap();
    assert_eq!(url.app(), "live2");
    let url = StreamUrl::with_key("rtmp://h/live?vhost=x", None, "abcd").unwrap();
    assert_eq!(url.app(), "live?vhost=x");
    let refused = |base, app, key| StreamUrl::with_key(base, app, key).unwrap_err();
    assert_eq!(refused("rtmp://h", None, "key"), UrlError::Path);
    assert_eq!(refused("rtmp://h/app", None, ""), UrlError::Path);
    assert_eq!(refused("rtmp://h/app", Some("app"), "key"), UrlError::Path);
    assert_eq!(refused("rtmp://h", Some(""), "key"), UrlError::Path);
    assert_eq!(refused("rtmp://h/app", None, "k\ney"), UrlError::Character { offset: 1 });
    assert_eq!(refused("rtmp://h", Some("a\0"), "key"), UrlError::Character { offset: 1 });
    assert_eq!(refused("rtmp://h /app", None, "key"), UrlError::Character { offset: 8 });
}

#[test]
fn near_is_what_is_written_as_this_machine_or_the_local_network() {
    let near = "localhost LOCALHOST localhost. studio.local Studio.Local. 127.0.0.1 127.255.255.254 \
        10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 192.168.255.255 169.254.1.1 \
        [::1] [fe80::1] [fe80::1%25en0] [febf::1] [fc00::1] [fdff::1] [::ffff:192.168.1.20]";
    let far = "example.com local localhost.example.com notlocal h.local.example xlocalhost h \
        9.255.255.255 11.0.0.1 126.0.0.1 128.0.0.1 172.15.255.255 172.32.0.1 192.167.1.1 192.169.1.1 \
        169.253.1.1 203.0.113.1 100.64.0.1 10.0.0.1.example.com \
        [2001:db8::1] [::2] [fec0::1] [fe00::1] [::ffff:203.0.113.1]";
    for (hosts, is_near) in [(near, true), (far, false)] {
        for host in hosts.split_whitespace() {
            let url = StreamUrl::parse(&format!("rtmp://{host}:1936/app/key")).unwrap();
            assert_eq!(url.is_near(), is_near, "{host}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn s02_what_is_put_together_comes_apart(
        tls: bool,
        host in "[a-z0-9][a-z0-9.-]{0,20}",
        port in prop::option::of(1..=u16::MAX),
        user in prop::option::of(("[a-z]{1,5}", "[a-z0-9:@%!]{0,8}")),
        app in "[a-zA-Z0-9_.%-]{1,10}(/[a-zA-Z0-9_%-]{1,10}){0,2}",
        key in "[a-zA-Z0-9_.%:@=-]{1,20}",
        query in prop::option::of("[a-zA-Z0-9_.%/:@=&?-]{0,20}"),
    ) {
        let scheme = if tls { "rtmps" } else { "rtmp" };
        let authority = format!(
            "{}{host}{}",
            user.as_ref().map(|(user, password)| format!("{user}:{password}@")).unwrap_or_default(),
            port.map(|port| format!(":{port}")).unwrap_or_default(),
        );
        let key = format!("{key}{}", query.map(|query| format!("?{query}")).unwrap_or_default());
        let url = StreamUrl::parse(&format!("{scheme}://{authority}/{app}/{key}")).unwrap();
        prop_assert_eq!(url.host(), host);
        prop_assert_eq!(url.port(), port.unwrap_or(if tls { 443 } else { 1_935 }));
        prop_assert_eq!(url.app(), &app);
        prop_assert_eq!(url.key().expose(), &key);
        prop_assert_eq!(url.credentials().map(|c| c.0.to_owned()), user.map(|user| user.0));
        let again = StreamUrl::with_key(&url.tc_url(), None, &key).unwrap();
        prop_assert_eq!((again.host(), again.port()), (url.host(), url.port()));
        prop_assert_eq!((again.app(), again.key()), (url.app(), url.key()));
    }

    #[test]
    fn s02_no_text_panics(text in "\\PC{0,40}", tail in "[a-z@:/?%\\[\\]. \\r]{0,30}") {
        let _ = StreamUrl::parse(&text);
        if let Ok(url) = StreamUrl::parse(&format!("rtmp://{tail}")) {
            let _ = (url.redact(&text), url.tc_url(), url.to_string());
        }
        let _ = StreamUrl::with_key("rtmp://h/app", None, &text);
    }

    #[test]
    fn s02_redaction_is_total(
        key in "[A-Z0-9]{4,12}(\\?[a-z]{1,3}=[A-Z0-9/%]{4,12}){0,1}",
        words in prop::collection::vec("[a-z ]{0,10}", 1..6),
    ) {
        let url = StreamUrl::with_key("rtmp://h/app", None, &key).unwrap();
        let said = words.join(&key);
        let struck = url.redact(&said);
        for part in key.split(['?', '=']).filter(|part| part.len() >= 4) {
            prop_assert!(!struck.contains(part));
        }
    }

    #[test]
    fn s02_redaction_covers_passwords_and_the_apps_query(
        password in "[A-Z0-9@:/%]{3,12}[A-Z0-9]",
        token in "[A-Z0-9]{4,12}",
        words in prop::collection::vec("[a-z ]{0,10}", 1..6),
    ) {
        let address = format!("rtmp://me:{password}@host.example/live?t={token}/stream-name");
        let url = StreamUrl::parse(&address);
        // "1/x" behind a user is a port and a path, "@a/x" a host and a path.
        let given = url.as_ref().ok().and_then(|url| url.credentials());
        if let (Ok(url), Some((_, given))) = (&url, given)
            && url.host() == "host.example"
        {
            let given = Some(given.expose().to_owned()).filter(|given| given.len() >= 4);
            for secret in given.into_iter().chain([token.clone()]) {
                let struck = url.redact(&words.join(&secret));
                prop_assert!(!struck.contains(&secret), "{struck}");
                prop_assert!(!url.to_string().contains(&secret));
            }
        }
    }
}
