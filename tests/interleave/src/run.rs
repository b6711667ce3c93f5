//! The session's gate and bell.

#[path = "../../../core/session/src/run/ending.rs"]
mod ending;
#[expect(dead_code, reason = "the models use a part of it")]
#[path = "../../../core/session/src/run/gate.rs"]
mod gate;

pub(crate) use ending::Ending;
pub(crate) use gate::Gate;
