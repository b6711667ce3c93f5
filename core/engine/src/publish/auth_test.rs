use super::*;

const ADOBE: &str = "[ AccessManager.Reject ] : [ authmod=adobe ] : \
                     ?reason=needauth&user=jon&salt=VlE2QQ==&challenge=rZ0AAA==";
const LIMELIGHT: &str = "[ AccessManager.Reject ] : [ authmod=llnw ] : \
                         ?reason=needauth&user=jon&nonce=cnBkZDE0NDE=";

fn demand(words: &str) -> Demand {
    Demand::read(words).expect("a demand")
}

fn url(address: &str) -> StreamUrl {
    StreamUrl::parse(address).expect("a good address")
}

/// What stands behind the app after `words`.
fn answer(words: &str, address: &str, seed: u64) -> Result<String, AuthError> {
    let url = Auth::default().handle_demand(&demand(words), &url(address), seed)?;
    let app = url.connect_app();
    Ok(app.split_once('?').expect("an answer").1.to_owned())
}

/// The answers are ffmpeg's, which had a server say these words to it.
#[test]
fn r21_the_answers_are_those_of_another_publisher() {
    let address = "rtmp://jon:s3cret@h/live/stream1";
    for (words, seed, expected) in [
        (
            ADOBE.to_owned(),
            0xF9A5_07F0,
            "authmod=adobe&user=jon&challenge=f9a507f0&response=OJs4saXlwlMrXE98gOC/oQ==",
        ),
        (
            format!("{ADOBE}&opaque=qh0AAA=="),
            0x69A7_A49D,
            "authmod=adobe&user=jon&challenge=69a7a49d&response=Gk2mzRF9y0tCpRmRwCrhtA==\
             &opaque=qh0AAA==",
        ),
        (
            LIMELIGHT.to_owned(),
            0xA50C_7C16,
            "authmod=llnw&user=jon&nonce=cnBkZDE0NDE=&cnonce=a50c7c16&nc=00000001\
             &response=a1e0e352a36f933c09e8e897082387b4",
        ),
    ] {
        assert_eq!(answer(&words, address, seed).as_deref(), Ok(expected), "{words}");
    }
    let with_instance = answer(LIMELIGHT, "rtmp://jon:s3cret@h/live/inst/stream1", 0x9F50_A435);
    assert_eq!(
        with_instance.as_deref(),
        Ok("authmod=llnw&user=jon&nonce=cnBkZDE0NDE=&cnonce=9f50a435&nc=00000001\
            &response=364176d68c5af57c4f9e2c73b06c1011")
    );
}

#[test]
fn a_server_that_names_the_method_first_hears_the_user_first() {
    let url = url("rtmp://jon:s3cret@h/live/stream1");
    let mut auth = Auth::default();
    let named = demand("[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ");
    let second = auth.handle_demand(&named, &url, 1).expect("goes on");
    assert_eq!(second.connect_app(), "live?authmod=adobe&user=jon");
    assert_eq!(second.tc_url(), "rtmp://h/live?authmod=adobe&user=jon");
    let third = auth.handle_demand(&demand(ADOBE), &second, 0xF9A5_07F0).expect("goes on");
    assert!(third.connect_app().ends_with("&response=OJs4saXlwlMrXE98gOC/oQ=="));
    assert_eq!(third.app(), "live", "the app stays what it was");

    let again = auth.begin(&url);
    assert_eq!(again.connect_app(), "live?authmod=adobe&user=jon", "one round less");
    auth.forget();
    assert_eq!(auth.begin(&url), url);
}

#[test]
fn r21_what_cannot_be_answered_is_named() {
    let with = "rtmp://jon:s3cret@h/live/stream1";
    for (words, address, error) in [
        (ADOBE, "rtmp://h/live/stream1", AuthError::NoCredentials),
        ("authmod=kerberos : ?reason=needauth", with, AuthError::Method("kerberos".to_owned())),
        ("authmod=adobe : ?reason=needauth&salt=a", with, AuthError::Challenge),
        ("authmod=adobe : ?reason=needauth&challenge=a", with, AuthError::Challenge),
        ("authmod=adobe : ?reason=needauth&salt=&challenge=", with, AuthError::Challenge),
        ("authmod=llnw : ?reason=needauth&salt=a", with, AuthError::Challenge),
        ("authmod=adobe : ?reason=authfailed", with, AuthError::Refused),
        ("authmod=llnw : ?reason=nosuchuser", with, AuthError::UnknownUser),
    ] {
        assert_eq!(answer(words, address, 1), Err(error), "{words}");
    }
}

#[test]
fn r21_a_second_challenge_is_a_refusal_and_not_a_loop() {
    let url = url("rtmp://jon:s3cret@h/live/stream1");
    let mut auth = Auth::default();
    let answering = auth.handle_demand(&demand(ADOBE), &url, 1).expect("answers");
    assert_eq!(auth.handle_demand(&demand(ADOBE), &answering, 2), Err(AuthError::Refused));

    let mut auth = Auth::default();
    let named = demand("[ code=403 need auth; authmod=llnw ]");
    let second = auth.handle_demand(&named, &url, 1).expect("goes on");
    assert_eq!(auth.handle_demand(&named, &second, 2), Err(AuthError::Challenge));
}

#[test]
fn what_is_no_demand_is_none() {
    let long = format!("authmod=adobe ] : ?reason=needauth&salt={}", "a".repeat(2_000));
    for words in ["", "no such app", "authmod", "authmod=adobe\r\n?reason=needauth", &long] {
        assert_eq!(Demand::read(words), None, "{words:.40}");
    }
    assert_eq!(demand(&format!("authmod={}", "x".repeat(500))).method.len(), MAX_METHOD_BYTES);
}

#[test]
fn s01_neither_password_nor_answer_shows() {
    let url = url("rtmp://jo%20n&x:s3cret@h/live?token=tok/stream1");
    let answering = Auth::default().handle_demand(&demand(LIMELIGHT), &url, 1).expect("answers");
    assert!(answering.connect_app().starts_with("live?token=tok&authmod=llnw&user=jo%20n%26x&"));
    for text in
        [format!("{answering} {answering:?}"), answering.redact(answering.connect_app().as_ref())]
    {
        assert!(!text.contains("s3cret") && !text.contains("response"), "{text}");
    }
}
