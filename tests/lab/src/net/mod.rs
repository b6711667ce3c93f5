//! The network between a broadcaster and its server: one TCP connection as the kernel runs it, a
//! bottleneck link with a droptail queue in front, and a delay each way.

pub mod cubic;
pub mod link;
pub mod path;
pub mod receiver;
pub mod tcp;

pub use link::{Link, LinkConfig};
pub use path::Path;
pub use tcp::Socket;
