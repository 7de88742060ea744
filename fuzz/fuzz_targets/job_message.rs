//! Messages as anyone may publish them: what is taken is written as it was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schemas::Job;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(job) = Job::parse(bytes, None) {
        let again = Job::parse(&job.to_json(), Some(&job.id().to_string()));
        assert_eq!(again.expect("what was taken is taken again"), job);
    }
    let _ = Job::parse(bytes, Some("x"));
});
