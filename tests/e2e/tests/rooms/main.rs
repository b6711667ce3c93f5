//! Rooms on real sockets: whole shows with other people's clients and servers, crowds, servers that stop, several servers,
//! and who means harm.

mod crowd;
mod hostile;
mod production;
mod servers;
mod show;
