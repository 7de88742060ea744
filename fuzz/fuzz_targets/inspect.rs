//! Headers, as the ingress reads them: what passes is within the limits.
#![no_main]

use std::io::Cursor;

use engine::{Format, Limits, LogoHeader, inspect};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    if let Ok(header) = inspect(Cursor::new(bytes), &limits) {
        let (width, height) = (header.width, header.height);
        assert!(width > 0 && height > 0 && width.max(height) <= limits.side_max);
        assert!(u64::from(width) * u64::from(height) <= limits.pixels_max);
        assert!(header.picture_bytes <= header.decode_bytes);
        // What a JPEG's result needs is known with its recipe: it is scaled while it is decoded, to an eighth at least.
        let scaled = match header.format {
            Format::Jpeg => header.picture_bytes - header.picture_bytes / 64,
            _ => 0,
        };
        assert!(header.decode_bytes - scaled <= limits.decoded_bytes_max);
    }
    let _ = LogoHeader::read(Cursor::new(bytes));
});
