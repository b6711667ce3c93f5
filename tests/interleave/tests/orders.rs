//! M07: no order in which the threads of a broadcast can meet loses anything, or lets anybody wait
//! for ever. With `ONAIR_NIGHTLY` the threads may interrupt each other once more often.

use onair_interleave as models;

/// How often one thread may cut in on another where it need not wait.
fn preemptions() -> usize {
    if std::env::var_os("ONAIR_NIGHTLY").is_some() { 4 } else { 3 }
}

#[track_caller]
fn judge(what: &str, orders: usize) {
    println!("{{\"id\":\"M07\",\"what\":\"{what}, orders\",\"value\":{orders},\"pass\":true}}");
    assert!(orders > 10, "{what}: {orders} orders are no test");
}

#[test]
fn m07_every_picture_is_taken_or_counted() {
    judge("pictures", models::every_picture_is_taken_or_counted(preemptions(), 3));
}

#[test]
fn m07_a_file_loses_nothing() {
    judge("a file", models::a_file_loses_nothing(preemptions(), 3));
}

#[test]
fn m07_a_stop_ends_every_wait() {
    judge("a stop", models::a_stop_ends_every_wait(preemptions(), 3));
}

#[test]
fn m07_every_sample_is_taken_or_counted() {
    judge("samples", models::every_sample_is_taken_or_counted(preemptions(), 3));
}

#[test]
fn m07_whoever_rings_is_heard() {
    judge("the bell", models::whoever_rings_is_heard(preemptions(), 3));
}

#[test]
fn m07_a_model_that_is_wrong_is_found() {
    assert!(models::the_other_way_round_loses_a_picture(preemptions()));
}
