use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unit {
    kind: Kind,
    time: i64,
    name: u32,
}

impl Frame for Unit {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn time_micros(&self) -> i64 {
        self.time
    }

    fn size_bytes(&self) -> usize {
        1_000
    }
}

fn unit(kind: Kind, time: i64) -> Unit {
    Unit { kind, time, name: u32::try_from(time).expect("small") }
}

/// A queue and what it dropped.
struct Rig {
    queue: Queue<Unit>,
    dropped: Vec<Unit>,
    now: Now,
}

impl Rig {
    fn new(fidelity: Fidelity, cap: usize) -> Self {
        Self { queue: Queue::new(fidelity, cap), dropped: Vec::new(), now: Now::ZERO }
    }

    fn push(&mut self, unit: Unit) {
        let Self { queue, dropped, now } = self;
        queue.push(unit, *now, |unit| dropped.push(unit));
    }

    fn flush(&mut self) {
        let Self { queue, dropped, .. } = self;
        queue.flush(|unit| dropped.push(unit));
    }

    fn pop_all(&mut self) -> Vec<Unit> {
        std::iter::from_fn(|| self.queue.pop()).collect()
    }

    /// What is sendable, as the specification writes it: `I1,A2`.
    fn list(&self) -> String {
        let letter = |kind| match kind {
            Kind::Key => 'I',
            Kind::Inter => 'P',
            Kind::Audio => 'A',
        };
        let names = self.queue.list.iter().map(|u| format!("{}{}", letter(u.kind), u.name));
        names.collect::<Vec<_>>().join(",")
    }
}

#[test]
fn lf14_five_frames_are_held_back_and_the_sixth_makes_the_earliest_sendable() {
    let mut rig = Rig::new(Fidelity::Improved, LIST_CAP);
    for time in [50, 40, 30, 20, 10] {
        rig.push(unit(Kind::Audio, time));
        assert_eq!(rig.queue.len(), 0);
    }
    rig.push(unit(Kind::Audio, 60));
    assert_eq!(rig.list(), "A10");
}

#[test]
fn lf15_the_first_out_of_six_in_any_order_is_the_earliest() {
    let mut rig = Rig::new(Fidelity::Improved, LIST_CAP);
    for time in [30, 10, 20, 50, 40, 60] {
        rig.push(unit(Kind::Audio, time));
    }
    assert_eq!(rig.queue.pop().map(|unit| unit.time), Some(10));
}

#[test]
fn lf16_frames_of_one_time_stay_in_their_order() {
    let mut rig = Rig::new(Fidelity::Improved, LIST_CAP);
    for name in 0..8 {
        rig.push(Unit { kind: Kind::Inter, time: 7, name });
    }
    rig.flush();
    let names: Vec<u32> = rig.pop_all().iter().map(|unit| unit.name).collect();
    assert_eq!(names, [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn lf17_what_is_held_back_leaves_after_200_ms_of_quiet() {
    let mut rig = Rig::new(Fidelity::Improved, LIST_CAP);
    assert_eq!(rig.queue.quiet_at(), None);
    for time in 1..=3 {
        rig.now = Now::from_millis(10 * time);
        rig.push(unit(Kind::Key, time));
    }
    assert_eq!(rig.queue.quiet_at(), Some(Now::from_millis(230)));
    rig.flush();
    assert_eq!((rig.list().as_str(), rig.queue.quiet_at()), ("I1,I2,I3", None));
    rig.pop_all();
    assert_eq!((rig.queue.size_bytes(), rig.dropped.len()), (0, 0));
}

/// `I P P P … I` with nothing between.
fn push_gops(rig: &mut Rig, gop: usize, count: usize) {
    for index in 0..count {
        let kind = if index % gop == 0 { Kind::Key } else { Kind::Inter };
        rig.push(unit(kind, index as i64));
    }
}

#[test]
fn lf18_at_600_the_first_run_of_inter_frames_goes() {
    let mut rig = Rig::new(Fidelity::Improved, LIST_CAP);
    push_gops(&mut rig, 60, 605);
    assert_eq!((rig.queue.len(), rig.dropped.len()), (600, 0));
    rig.push(unit(Kind::Inter, 605));
    let times: Vec<i64> = rig.dropped.iter().map(|unit| unit.time).collect();
    assert_eq!(times, (1..60).collect::<Vec<i64>>());
    assert_eq!(rig.queue.len(), 600 - 59 + 1);
}

/// The alternating input of `spec lflivekit-and-friends` 2.1, whose GOP is I P P.
fn golden(name: i64) -> Unit {
    let kind = match name % 6 {
        1 => Kind::Key,
        3 | 5 => Kind::Inter,
        _ => Kind::Audio,
    };
    unit(kind, name)
}

#[test]
fn lf19_the_golden_input_with_a_cap_of_10() {
    let mut rig = Rig::new(Fidelity::Original, 10);
    let mut push = |name| {
        rig.push(golden(name));
        (rig.list(), rig.dropped.len())
    };
    for name in 1..=14 {
        push(name);
    }
    let expected = [
        (15, "I1,A2,P3,A4,P5,A6,I7,A8,P9,A10", 0),
        (16, "I1,A2,A4,A6,I7,A8,P9,A10,P11", 2),
        (17, "I1,A2,A4,A6,I7,A8,P9,A10,P11,A12", 2),
        (18, "I1,A2,A4,A6,I7,A8,A10,A12,I13", 4),
        (19, "I1,A2,A4,A6,I7,A8,A10,A12,I13,A14", 4),
        (20, "A2,A4,A6,I7,A8,A10,A12,I13,A14,P15", 5),
        (21, "A2,A4,A6,I7,A8,A10,A12,I13,A14,A16", 6),
        (22, "A2,A4,A6,A8,A10,A12,I13,A14,A16,P17", 7),
    ];
    for (name, list, total) in expected {
        assert_eq!(push(name), (list.to_owned(), total), "after #{name}");
    }
}

#[test]
fn lf19_lf23_the_golden_input_without_its_undecodable_picture() {
    let mut rig = Rig::new(Fidelity::Improved, 10);
    for name in 1..=22 {
        rig.push(golden(name));
    }
    // P17 needs P15, which was dropped for A16; it makes nobody else go.
    assert_eq!(rig.list(), "A2,A4,A6,I7,A8,A10,A12,I13,A14,A16");
    assert_eq!(rig.dropped.len(), 7);
}

#[test]
fn lf20_a_stalled_link_first_drops_59_frames_at_8268_ms() {
    for fidelity in [Fidelity::Original, Fidelity::Improved] {
        let mut rig = Rig::new(fidelity, LIST_CAP);
        let (mut pictures, mut sounds) = (0i64, 0i64);
        let mut drops: Vec<(i64, usize)> = Vec::new();
        while drops.len() < 3 {
            let picture = pictures * 1_000_000 / 30;
            // The first AAC frame is there 1.8 ms after the first picture.
            let sound = 1_800 + sounds * 1_024_000_000 / 44_100;
            let before = rig.dropped.len();
            let time = picture.min(sound);
            let kind = match pictures % 60 {
                _ if sound < picture => Kind::Audio,
                0 => Kind::Key,
                _ => Kind::Inter,
            };
            (pictures, sounds) = match kind {
                Kind::Audio => (pictures, sounds + 1),
                _ => (pictures + 1, sounds),
            };
            rig.push(Unit { kind, time, name: 0 });
            if rig.dropped.len() > before {
                drops.push((time / 1_000, rig.dropped.len() - before));
                assert_eq!(rig.queue.len(), 542);
            }
        }
        assert_eq!(drops, [(8_268, 59), (9_080, 59), (9_893, 59)], "{fidelity:?}");
    }
}

#[test]
fn lf21_with_key_frames_and_sound_alone_one_group_of_key_frames_goes() {
    let mut rig = Rig::new(Fidelity::Improved, 6);
    let units = [(Kind::Key, 1), (Kind::Key, 1), (Kind::Audio, 2), (Kind::Key, 3)];
    for (kind, time) in units.into_iter().chain((4..=11).map(|time| (Kind::Audio, time))) {
        rig.push(unit(kind, time));
    }
    assert_eq!(rig.list(), "A2,I3,A4,A5,A6");
    assert_eq!(rig.dropped, [unit(Kind::Key, 1); 2]);
}

#[test]
fn lf22_of_sound_alone_the_oldest_goes_and_is_counted() {
    let mut rig = Rig::new(Fidelity::Improved, 10);
    for time in 0..18 {
        rig.push(unit(Kind::Audio, time));
    }
    assert_eq!((rig.queue.len(), rig.dropped.len()), (10, 3));
    assert_eq!(rig.queue.pop().map(|unit| unit.time), Some(3));

    let mut original = Rig::new(Fidelity::Original, 10);
    for time in 0..16 {
        original.push(unit(Kind::Audio, time));
    }
    assert_eq!(original.list(), "A10", "the original forgets all of it");
}

#[test]
fn lf23_nothing_is_sent_that_refers_to_a_dropped_picture() {
    let mut rig = Rig::new(Fidelity::Improved, 30);
    // GOPs longer than the queue: each run that goes reaches the queue's end.
    push_gops(&mut rig, 50, 400);
    rig.flush();
    let sent = rig.pop_all();
    let mut previous: Option<i64> = None;
    for unit in &sent {
        let follows = previous.is_some_and(|time| time + 1 == unit.time);
        assert!(unit.kind == Kind::Key || follows, "{unit:?} after {previous:?}");
        previous = Some(unit.time);
    }
    assert_eq!(sent.len() + rig.dropped.len(), 400, "each is sent or counted");
    assert_eq!(rig.queue.size_bytes(), 0);
}

#[test]
fn no_more_than_8_mib_wait() {
    struct Large(i64);
    impl Frame for Large {
        fn kind(&self) -> Kind {
            if self.0 % 10 == 0 { Kind::Key } else { Kind::Inter }
        }
        fn time_micros(&self) -> i64 {
            self.0
        }
        fn size_bytes(&self) -> usize {
            1 << 20
        }
    }
    let mut queue = Queue::new(Fidelity::Improved, LIST_CAP);
    let mut dropped = 0;
    for time in 0..200 {
        queue.push(Large(time), Now::ZERO, |_| dropped += 1);
        assert!(queue.size_bytes() <= 8 << 20, "{} at {time}", queue.size_bytes());
    }
    assert!(dropped > 150);
}
