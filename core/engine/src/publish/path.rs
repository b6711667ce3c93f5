//! What the system says about the device's way to the network.

/// A change of the way to the network, as `ConnectivityManager` or `NWPathMonitor` tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// There is a way again.
    Up,
    /// There is none.
    Down,
    /// There is another one: Wi-Fi to mobile, another address.
    Changed,
}
