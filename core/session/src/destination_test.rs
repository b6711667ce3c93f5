use super::*;

fn url(host: &str, key: &str) -> String {
    format!("rtmp://{host}/live/{key}")
}

fn check(destinations: impl Into<Destinations>) -> Result<Places, Error> {
    destinations.into().check(false, true)
}

fn refusal(destinations: Destinations) -> DestinationsError {
    match check(destinations).map(|places| places.all.len()) {
        Err(Error::Destinations(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_address_is_enough() {
    let places = check(url("a.example", "key")).expect("one place");
    assert_eq!(places.all.len(), 1);
    assert_eq!((places.all[0].id.index(), places.all[0].id.name()), (0, "a.example"));
    assert_eq!(places.policy, BitratePolicy::First);
    assert!(check(StreamUrl::parse(&url("a", "k")).expect("an address")).is_ok());
}

#[test]
fn a_key_may_be_given_apart_as_the_service_shows_it() {
    let apart = Destination::with_key("rtmps://a.example", Some("live/inst"), "my key/1?x=y");
    let backup = Destination::with_key("rtmps://b.example/live", None, "my key/1?x=y");
    let places = check(apart.backup(backup)).expect("one place");
    let url = &places.all[0].url;
    assert_eq!((url.app(), url.key().expose()), ("live/inst", "my key/1?x=y"));
    let backup = places.all[0].backup.as_ref().expect("a backup");
    assert_eq!((backup.app(), backup.key()), ("live", url.key()));
    let Err(error) = check(Destination::with_key("rtmps://a.example", None, "canary")) else {
        panic!("an app is missing")
    };
    assert!(error.code() == 202 && !error.to_string().contains("canary"), "{error}");
}

#[test]
fn a_place_s_own_time_until_its_backup_goes_before_that_of_all() {
    let (usual, own) = (Duration::from_secs(9), Duration::from_millis(700));
    let all = [Destination::from(url("a", "k")).backup_after(own), url("b", "k").into()];
    let places = check(Destinations::new(all).backup_after(usual)).expect("two places");
    let times: Vec<_> = places.all.iter().map(|place| place.backup_after).collect();
    assert_eq!(times, [own, usual]);
    assert_eq!(check(url("a", "k")).expect("one").all[0].backup_after, BACKUP_AFTER);
}

#[test]
fn each_place_has_a_name_of_its_own() {
    let hosts = ["a.example", "b.example", "a.example"];
    let urls = hosts.iter().enumerate().map(|(number, host)| url(host, &format!("k{number}")));
    let places = check(Destinations::new(urls)).expect("three places");
    let names: Vec<_> = places.all.iter().map(|place| place.id.to_string()).collect();
    assert_eq!(names, ["a.example", "b.example", "a.example (3)"]);
    let named = |key: &str| Destination::from(url("a", key)).named("main");
    let error = refusal(Destinations::new([named("k1"), named("k2")]));
    assert_eq!(error, DestinationsError::SameName("main".to_owned()));
}

#[test]
fn none_and_too_many_are_refused() {
    assert_eq!(refusal(Destinations::new([""; 0])), DestinationsError::None);
    let many = |count: usize| Destinations::new((0..count).map(|n| url("a", &format!("k{n}"))));
    assert_eq!(check(many(8)).expect("as many as may be").all.len(), 8);
    assert_eq!(refusal(many(9)), DestinationsError::TooMany { count: 9, most: 8 });
    assert_eq!(Error::from(DestinationsError::None).code(), 215);
}

#[test]
fn the_same_address_twice_is_refused_wherever_it_stands() {
    let at = |first, second| DestinationsError::SameAddress { first, second };
    let (a, b, c) = (url("a", "k"), url("b", "k"), url("c", "k"));
    assert_eq!(refusal(Destinations::new([&a, &b, &a])), at(1, 3));
    let also = "rtmp://user:word@A:1935/live/k".to_owned();
    assert_eq!(refusal(Destinations::new([&a, &also])), at(1, 2));
    let own = Destination::from(&a).backup(&a);
    assert_eq!(refusal(Destinations::new([own])), at(1, 1));
    let of_another = [Destination::from(&a).backup(&c), Destination::from(&b).backup(&c)];
    assert_eq!(refusal(Destinations::new(of_another)), at(1, 2));
    let other_key = url("a", "k2");
    assert!(check(Destinations::new([&a, &other_key])).is_ok());
}

#[test]
fn s01_a_wrong_address_is_named_by_its_number_and_not_repeated() {
    let broken = "http://host/live/canary";
    let Err(error) = check(Destinations::new([url("a", "k").as_str(), broken])) else {
        panic!("an error")
    };
    assert_eq!(error.code(), 202);
    assert!(error.to_string().contains("destination 2"), "{error}");
    let backup = Destination::from(url("a", "k")).backup(broken);
    let Err(error) = check(backup) else { panic!("an error") };
    assert!(!error.to_string().contains("canary"), "{error}");
}

#[test]
fn what_is_sent_complete_goes_to_one_place() {
    let two = || Destinations::new([url("a", "k"), url("b", "k")]);
    let backed = || Destinations::from(Destination::from(url("a", "k")).backup(url("b", "k")));
    for destinations in [two(), backed()] {
        let Err(error) = destinations.check(true, true) else { panic!("an error") };
        assert_eq!(error, Error::Destinations(DestinationsError::Complete));
    }
    assert!(Destinations::from(url("a", "k")).check(true, true).is_ok());
}

#[test]
fn plain_text_beyond_private_networks_is_refused_unless_the_app_allows_it() {
    let plain = |destinations: Destinations| match destinations.check(false, false) {
        Ok(_) => None,
        Err(error @ Error::Plaintext(_)) => Some((error.code(), error.to_string())),
        Err(other) => panic!("{other:?}"),
    };
    for near in ["127.0.0.1", "[::1]", "192.168.1.7:1936", "10.0.0.1", "localhost", "studio.local"]
    {
        assert_eq!(plain(url(near, "canary").into()), None, "{near}");
    }
    for far in ["a.example", "203.0.113.1", "[2001:db8::1]", "localhost.example.com"] {
        let (code, text) = plain(url(far, "canary").into()).expect("it is refused");
        assert!(code == 202 && text.contains(far.trim_matches(['[', ']'])), "{text}");
        assert!(!text.contains("canary"), "{text}");
        let secure = url(far, "k").replace("rtmp:", "rtmps:");
        assert_eq!(plain(secure.as_str().into()), None, "{far}");
        assert!(check(url(far, "k")).is_ok(), "{far}, allowed");
    }
    // One of several is named, and so is a backup.
    let secure = "rtmps://a.example/live/k";
    let (_, text) = plain(Destinations::new([secure, &url("b.example", "k")])).expect("refused");
    assert!(text.contains("destination 2: b.example"), "{text}");
    let backed = Destination::from(secure).backup(url("b.example", "k"));
    assert!(plain(backed.into()).is_some_and(|(_, text)| text.contains("b.example")));
}
