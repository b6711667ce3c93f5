//! What the link must know of IP and TCP: where a connection begins, and where a payload can be damaged so that no
//! checksum tells.

/// The source port of a TCP packet that asks for a connection (SYN without ACK).
pub(crate) fn syn_port(packet: &[u8]) -> Option<u16> {
    let tcp = tcp(packet)?;
    let header = packet.get(tcp..tcp + 20)?;
    let is_syn = header[13] & 0x12 == 0x02;
    is_syn.then(|| u16::from_be_bytes([header[0], header[1]]))
}

/// Whether it is IPv6.
pub(crate) fn is_v6(packet: &[u8]) -> bool {
    packet.first().is_some_and(|first| first >> 4 == 6)
}

/// Flips one bit of the TCP payload that `chance` picks and mends the checksum, as a broken box on the way would.
/// False when there is no payload.
pub(crate) fn damage(packet: &mut [u8], chance: u64) -> bool {
    let Some(tcp) = tcp(packet) else { return false };
    let Some(data) = packet.get(tcp + 12).map(|at| tcp + usize::from(at >> 4) * 4) else {
        return false;
    };
    let payload = packet.len().saturating_sub(data);
    if payload == 0 {
        return false;
    }
    let at = data + (chance >> 3) as usize % payload;
    // The checksum is over 16-bit words counted from the TCP header.
    let word = at - (at - tcp) % 2;
    let read = |packet: &[u8]| {
        u16::from_be_bytes([packet[word], packet.get(word + 1).copied().unwrap_or(0)])
    };
    let before = read(packet);
    packet[at] ^= 1 << (chance & 7);
    let after = read(packet);
    // RFC 1624: HC' = ~(~HC + ~m + m').
    let sum = u16::from_be_bytes([packet[tcp + 16], packet[tcp + 17]]);
    let mut mended = u32::from(!sum) + u32::from(!before) + u32::from(after);
    while mended > 0xFFFF {
        mended = (mended & 0xFFFF) + (mended >> 16);
    }
    let mended = !(mended as u16);
    packet[tcp + 16..tcp + 18].copy_from_slice(&mended.to_be_bytes());
    true
}

/// Where the TCP header begins; none for other protocols and cut packets.
fn tcp(packet: &[u8]) -> Option<usize> {
    const TCP: u8 = 6;
    let (protocol, begin) = match packet.first()? >> 4 {
        4 => (*packet.get(9)?, usize::from(packet[0] & 15) * 4),
        6 => (*packet.get(6)?, 40),
        _ => return None,
    };
    (protocol == TCP && packet.len() >= begin + 20).then_some(begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IPv4 and TCP headers of 20 bytes each, with a right TCP checksum but for the pseudo header.
    fn segment(flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; 40];
        packet[0] = 0x45;
        packet[9] = 6;
        packet[20..22].copy_from_slice(&4_321_u16.to_be_bytes());
        packet[32] = 5 << 4;
        packet[33] = flags;
        packet.extend_from_slice(payload);
        let sum = !fold(&packet[20..]);
        packet[36..38].copy_from_slice(&sum.to_be_bytes());
        packet
    }

    fn fold(bytes: &[u8]) -> u16 {
        let words = bytes
            .chunks(2)
            .map(|w| u32::from(u16::from_be_bytes([w[0], w.get(1).copied().unwrap_or(0)])));
        let sum: u32 = words.sum();
        let sum = (sum & 0xFFFF) + (sum >> 16);
        ((sum & 0xFFFF) + (sum >> 16)) as u16
    }

    #[test]
    fn finds_where_a_connection_begins() {
        assert_eq!(syn_port(&segment(0x02, &[])), Some(4_321));
        assert_eq!(syn_port(&segment(0x12, &[])), None, "an answer");
        assert_eq!(syn_port(&segment(0x10, b"data")), None);
        assert_eq!(syn_port(&[0x45; 10]), None);
        assert_eq!(syn_port(&[]), None);
    }

    #[test]
    fn damage_passes_the_checksum() {
        for (chance, payload) in (0..200).zip([&b"payload"[..], b"x"].into_iter().cycle()) {
            let intact = segment(0x10, payload);
            let mut packet = intact.clone();
            assert!(damage(&mut packet, chance * 77));
            assert_eq!(fold(&packet[20..]), 0xFFFF);
            let flipped: u32 =
                packet[40..].iter().zip(&intact[40..]).map(|(a, b)| (a ^ b).count_ones()).sum();
            assert_eq!(flipped, 1);
        }
        assert!(!damage(&mut segment(0x10, &[]), 5));
    }
}
