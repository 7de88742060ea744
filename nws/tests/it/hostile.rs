//! Files that mean harm, through the front door of a fleet. `load hostile` takes more of them, and writes down what they did.

use load::hostile::{self, Options};

use crate::support::{client::install_tls, process::binary};

/// The same every time.
const SEED: u64 = 6;
const DAMAGED: usize = 20;
/// Of those that were made to do harm, every fourth: some of each format.
const EVERY: usize = 4;

#[tokio::test]
async fn bad_inputs_harm_neither_worker_nor_neighbour() {
    install_tls();
    let options = Options {
        binary: binary().to_owned(),
        seed: SEED,
        damaged: DAMAGED,
        every: EVERY,
        pictures: None,
    };
    let report = hostile::run(&options).await.unwrap();
    assert_eq!(report.findings(), Vec::<String>::new(), "{report}");
    assert!(report.inputs() >= 40, "{} inputs", report.inputs());
}
