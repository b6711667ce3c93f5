//! The system calls: namespaces, TUN devices, and descriptors that a forked child hands to its parent.
//!
//! A namespace is made by a child, since a program with threads cannot enter a user namespace. The child sends what it
//! opened through a socket and ends; the descriptors keep the namespace alive.
#![expect(unsafe_code, reason = "unshare, setns, TUN and SCM_RIGHTS have no safe wrapper in std")]

use std::ffi::CStr;
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;
use std::time::Duration;

/// A network namespace with one TUN device in it.
#[derive(Debug)]
pub(crate) struct Made {
    /// The user namespace that owns it; none when this process may own it itself.
    pub(crate) user: Option<OwnedFd>,
    pub(crate) net: OwnedFd,
    /// IP packets, one a read; not blocking.
    pub(crate) tun: OwnedFd,
}

/// Who will own a new network namespace.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner<'a> {
    /// This process's user namespace; needs root.
    Us,
    /// A new user namespace, in which the caller is root.
    NewUser,
    /// One that was made before.
    User(BorrowedFd<'a>),
}

/// The name of the TUN device inside.
pub(crate) const TUN: &str = "onair0";

/// Makes a network namespace and a TUN device in it. Its loopback is down, the device has no address.
pub(crate) fn make(owner: Owner<'_>) -> io::Result<Made> {
    let user = match owner {
        Owner::User(fd) => Some(fd.as_raw_fd()),
        Owner::Us | Owner::NewUser => None,
    };
    let is_new_user = matches!(owner, Owner::NewUser);
    // Written by the child, where nothing may be allocated.
    let (uid_map, gid_map) = (format!("0 {} 1", uid()), format!("0 {} 1", gid()));
    let [tun, net, user] = from_child(move || {
        if let Some(user) = user {
            enter(user, libc::CLONE_NEWUSER)?;
        }
        if is_new_user {
            unshare(libc::CLONE_NEWUSER)?;
            write(c"/proc/self/setgroups", b"deny")?;
            write(c"/proc/self/gid_map", gid_map.as_bytes())?;
            write(c"/proc/self/uid_map", uid_map.as_bytes())?;
        }
        unshare(libc::CLONE_NEWNET)?;
        let net = open(c"/proc/self/ns/net", libc::O_RDONLY)?;
        let user = open(c"/proc/self/ns/user", libc::O_RDONLY)?;
        Ok([open_tun()?, net, user])
    })?;
    let user = (!matches!(owner, Owner::Us)).then_some(user);
    Ok(Made { user, net, tun })
}

/// Moves the calling process, which must have one thread, into the namespaces. For use between fork and exec.
pub(crate) fn enter_both(user: Option<RawFd>, net: RawFd) -> io::Result<()> {
    if let Some(user) = user {
        enter(user, libc::CLONE_NEWUSER)?;
    }
    enter(net, libc::CLONE_NEWNET)
}

/// Has the command run `prepare` between fork and exec, where nothing may be allocated.
pub(crate) fn before_exec(
    command: &mut Command,
    prepare: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) {
    // SAFETY: all callers are in this crate and make only system calls in `prepare`.
    unsafe { command.pre_exec(prepare) };
}

/// Lays `file` over `place` for the calling process alone. For use between fork and exec.
pub(crate) fn overlay(file: &CStr, place: &CStr) -> io::Result<()> {
    unshare(libc::CLONE_NEWNS)?;
    let private = libc::MS_REC | libc::MS_PRIVATE;
    let none = ptr::null();
    // SAFETY: the strings end in zero, and these flags take neither source, type nor data.
    check(unsafe { libc::mount(none, c"/".as_ptr(), none, private, ptr::null()) })?;
    let (file, place) = (file.as_ptr(), place.as_ptr());
    // SAFETY: as above; a bind takes neither type nor data.
    check(unsafe { libc::mount(file, place, none, libc::MS_BIND, ptr::null()) })?;
    Ok(())
}

/// Reads one packet; none when there is none now.
pub(crate) fn read_packet(tun: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    // SAFETY: the buffer is writable for its length.
    let read = unsafe { libc::read(tun.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) };
    match usize::try_from(read) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(_) => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            error => Err(error),
        },
    }
}

/// Writes one packet; a device that is down or full loses it, as a wire would.
pub(crate) fn write_packet(tun: BorrowedFd<'_>, packet: &[u8]) {
    // SAFETY: the packet is readable for its length.
    unsafe { libc::write(tun.as_raw_fd(), packet.as_ptr().cast(), packet.len()) };
}

/// Waits until one of the descriptors can be read, or for `limit`.
pub(crate) fn wait_readable(fds: [BorrowedFd<'_>; 3], limit: Option<Duration>) -> io::Result<()> {
    let mut polled =
        fds.map(|fd| libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 });
    let limit = limit.map(|limit| libc::timespec {
        tv_sec: limit.as_secs() as libc::time_t,
        tv_nsec: libc::c_long::from(limit.subsec_nanos()),
    });
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: both arrays live through the call and have the lengths given.
    let ready = unsafe { libc::ppoll(polled.as_mut_ptr(), 3, limit, ptr::null()) };
    match check(ready) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        result => result.map(drop),
    }
}

/// Asks that the calling thread run before others: a wire does not wait for a busy machine. Not granted to everybody.
pub(crate) fn hurry() {
    const NICE: libc::c_int = -15;
    // SAFETY: takes numbers only; zero is the calling thread.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
}

/// Whether this process is root.
pub(crate) fn is_root() -> bool {
    uid() == 0
}

fn uid() -> libc::uid_t {
    // SAFETY: cannot fail.
    unsafe { libc::geteuid() }
}

fn gid() -> libc::gid_t {
    // SAFETY: cannot fail.
    unsafe { libc::getegid() }
}

fn open_tun() -> io::Result<RawFd> {
    let tun = open(c"/dev/net/tun", libc::O_RDWR | libc::O_NONBLOCK)?;
    // SAFETY: an ifreq of zeroes is a valid one.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(TUN.bytes()) {
        *to = from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short;
    // SAFETY: TUNSETIFF reads and writes one ifreq.
    check(unsafe { libc::ioctl(tun, libc::TUNSETIFF, &raw mut request) })?;
    Ok(tun)
}

fn enter(namespace: RawFd, kind: libc::c_int) -> io::Result<()> {
    // SAFETY: takes numbers only.
    check(unsafe { libc::setns(namespace, kind) }).map(drop)
}

fn unshare(what: libc::c_int) -> io::Result<()> {
    // SAFETY: takes a number only.
    check(unsafe { libc::unshare(what) }).map(drop)
}

fn open(path: &CStr, flags: libc::c_int) -> io::Result<RawFd> {
    // SAFETY: the path ends in zero.
    check(unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC) })
}

fn write(path: &CStr, bytes: &[u8]) -> io::Result<()> {
    let file = open(path, libc::O_WRONLY)?;
    // SAFETY: the bytes are readable for their length. The child ends soon, and with it the descriptor.
    let written = unsafe { libc::write(file, bytes.as_ptr().cast(), bytes.len()) };
    if written < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

// --- descriptors from a child ---

const SENT: usize = 3;
/// Room for a header and three descriptors, aligned as control messages are.
type Control = [u64; 8];

/// Has a forked child open descriptors, and takes them over.
fn from_child(
    mut make: impl FnMut() -> io::Result<[RawFd; SENT]> + Send + Sync + 'static,
) -> io::Result<[OwnedFd; SENT]> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_read_timeout(Some(Duration::from_secs(5)))?;
    let socket = theirs.as_raw_fd();
    let mut child = Command::new("true");
    before_exec(&mut child, move || send(socket, &make()?));
    child.status()?;
    drop(theirs);
    receive(&ours)
}

fn message(control: &mut Control, data: &mut libc::iovec) -> libc::msghdr {
    // SAFETY: a msghdr of zeroes is a valid, empty one.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = data;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = mem::size_of::<Control>();
    message
}

fn send(socket: RawFd, fds: &[RawFd; SENT]) -> io::Result<()> {
    let (mut control, mut byte) = (Control::default(), 0_u8);
    let mut data = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    let mut message = message(&mut control, &mut data);
    let size = mem::size_of_val(fds) as u32;
    // SAFETY: the control buffer is larger than CMSG_SPACE(size), so the first header and its data lie in it.
    unsafe {
        message.msg_controllen = libc::CMSG_SPACE(size) as usize;
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(size) as usize;
        ptr::copy_nonoverlapping(fds.as_ptr(), libc::CMSG_DATA(header).cast(), SENT);
        check(libc::sendmsg(socket, &raw const message, libc::MSG_NOSIGNAL) as libc::c_int)?;
    }
    Ok(())
}

fn receive(socket: &UnixStream) -> io::Result<[OwnedFd; SENT]> {
    let (mut control, mut byte) = (Control::default(), 0_u8);
    let mut data = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    let mut message = message(&mut control, &mut data);
    let wanted = mem::size_of::<[RawFd; SENT]>() as u32;
    // SAFETY: the message describes buffers that live through the call; the header is looked at before its data, and
    // descriptors of a whole message are ours to own.
    unsafe {
        let flags = libc::MSG_CMSG_CLOEXEC;
        check(libc::recvmsg(socket.as_raw_fd(), &raw mut message, flags) as libc::c_int)?;
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        if header.is_null() || (*header).cmsg_len != libc::CMSG_LEN(wanted) as usize {
            return Err(io::Error::other("the child sent no descriptors"));
        }
        let mut fds = [-1; SENT];
        ptr::copy_nonoverlapping(libc::CMSG_DATA(header).cast(), fds.as_mut_ptr(), SENT);
        Ok(fds.map(|fd| OwnedFd::from_raw_fd(fd)))
    }
}
