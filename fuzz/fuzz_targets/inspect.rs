//! Headers, as the ingress reads them: what passes is within the limits.
#![no_main]

use std::io::Cursor;

use engine::{Limits, LogoHeader, inspect};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    if let Ok(header) = inspect(Cursor::new(bytes), &limits) {
        let (width, height) = (header.width, header.height);
        assert!(width > 0 && height > 0 && width.max(height) <= limits.side_max);
        assert!(u64::from(width) * u64::from(height) <= limits.pixels_max);
        assert!(header.picture_bytes <= header.decode_bytes);
        assert!(header.decode_bytes <= limits.decoded_bytes_max);
    }
    let _ = LogoHeader::read(Cursor::new(bytes));
});
