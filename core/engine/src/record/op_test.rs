//! Every operation comes back as it was written, whatever was written before it.

use proptest::prelude::*;

use super::*;
use crate::rate::Evidence;

fn now() -> impl Strategy<Value = Now> {
    (0i64..1 << 45).prop_map(Now::from_micros)
}

fn dropped() -> impl Strategy<Value = Dropped> {
    (0u64..1_000, 0u64..1_000).prop_map(|(video, audio)| Dropped { video, audio })
}

fn backlog() -> impl Strategy<Value = Backlog> {
    (0u64..1 << 40, prop::option::of(now())).prop_map(|(bytes, oldest)| Backlog { bytes, oldest })
}

fn decision() -> impl Strategy<Value = Option<Decision>> {
    prop::option::of((any::<u32>(), any::<u32>(), 0u64..1 << 40).prop_map(|(from, to, bytes)| {
        let evidence = Evidence { queued_bytes: bytes, produced_bps: to, ..Evidence::default() };
        Decision { from_bps: from, to_bps: to, reason: Reason::Probe, evidence }
    }))
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let kinds =
        [None, Some(FrameKind::Idr), Some(FrameKind::Reference), Some(FrameKind::Disposable)];
    (prop::sample::select(kinds.to_vec()), -(1i64 << 40)..1 << 40, any::<u32>()).prop_map(
        |(picture, dts, size_bytes)| Sketch {
            picture,
            dts: MediaTime::from_micros(dts),
            size_bytes,
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        Just(Op::Entered(publish::State::Live)),
        decision().prop_map(|decision| Op::Connected { decision }),
        any::<u32>().prop_map(|size| Op::Picture { size_bytes: size.into() }),
        (0u64..1 << 50, now()).prop_map(|(end, queued_at)| Op::Unit { end, queued_at }),
        (0u64..1 << 50).prop_map(Op::Written),
        (0u64..1 << 40, 0u64..1 << 40, 0u64..1 << 40).prop_map(
            |(unacked_bytes, unsent_bytes, ns)| {
                Op::Transport(Transport {
                    unacked_bytes,
                    unsent_bytes,
                    rtt: Duration::from_nanos(ns),
                })
            }
        ),
        Just(Op::TransportLost),
        any::<u32>().prop_map(Op::Acknowledgement),
        Just(Op::SkipReport),
        (backlog(), decision()).prop_map(|(backlog, decision)| Op::Tick {
            backlog,
            decision,
            pace: VideoPace::Half
        }),
        (any::<u32>(), backlog(), decision()).prop_map(|(wanted_bps, backlog, decision)| {
            Op::Follow { wanted_bps, reason: Reason::QueueGrows, backlog, decision }
        }),
        any::<[u32; 3]>().prop_map(|[a, b, c]| Op::Range(Range::new(a, b, c))),
        (sketch(), now(), dropped()).prop_map(|(unit, pushed_at, dropped)| Op::Push {
            unit,
            pushed_at,
            dropped
        }),
        any::<bool>().prop_map(|sound_first| Op::Pop { sound_first }),
        dropped().prop_map(Op::Shed),
        dropped().prop_map(Op::Hold),
        dropped().prop_map(Op::RestartAtIdr),
        dropped().prop_map(Op::SkipGop),
        (0u64..1_000).prop_map(Op::DropAudio),
        dropped().prop_map(Op::Clear),
        Just(Op::CountDropped(Track::Audio)),
        (prop::option::of(now()), any::<bool>()).prop_map(|(head, asks)| Op::AskIdr { head, asks }),
        Just(Op::ForgetIdr),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        ops in prop::collection::vec((0i64..1_000_000, 0usize..100_000, op()), 0..60),
    ) {
        let mut out = Vec::new();
        let mut context = Context::at(Now::from_millis(7));
        for (micros, unit_size, op) in &ops {
            context.write_time(context.now.offset_micros(*micros), &mut out);
            context.expect_unit(*unit_size);
            context.write(op, &mut out);
        }
        let mut from = Reader::new(&out);
        let mut context = Context::at(Now::from_millis(7));
        for (_, unit_size, op) in &ops {
            context.expect_unit(*unit_size);
            prop_assert_eq!(context.read(&mut from), Ok(Some(*op)));
        }
        prop_assert_eq!(context.read(&mut from), Ok(None));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut from = Reader::new(&bytes);
        let mut context = Context::at(Now::ZERO);
        while let Ok(Some(_)) = context.read(&mut from) {}
    }
}

#[test]
fn a_usual_wake_up_costs_a_few_bytes() {
    let mut out = Vec::new();
    let mut context = Context::at(Now::ZERO);
    let size = 20_000;
    for picture in 1..=100 {
        let now = Now::from_micros(picture * 16_667);
        let unit = Sketch {
            picture: Some(FrameKind::Reference),
            dts: MediaTime::from_micros(picture * 16_667),
            size_bytes: size,
        };
        let end = picture as u64 * (u64::from(size) + 20);
        context.write_time(now, &mut out);
        context.write(&Op::Push { unit, pushed_at: now, dropped: Dropped::default() }, &mut out);
        context.write(&Op::Pop { sound_first: false }, &mut out);
        context.expect_unit(size as usize);
        context.write(&Op::Unit { end, queued_at: now }, &mut out);
        context.write(&Op::Written(end), &mut out);
    }
    assert!(out.len() <= 100 * 20, "{} bytes", out.len());
}
