//! Forms of strangers: every one is answered, and none with a bug of ours.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::support::{Server, client, photo};

const FORM: [(&str, &str); 1] = [("content-type", "multipart/form-data; boundary=x")];
const FORMS: usize = 300;

fn sound() -> Vec<u8> {
    let head = "--x\r\nContent-Disposition: form-data; name=\"wm_text\"\r\n\r\nsea\r\n\
        --x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n";
    [head.as_bytes(), &photo(1), b"\r\n--x--\r\n"].concat()
}

/// Words that a parser looks for, where it does not expect them.
const WORDS: [&[u8]; 8] = [
    b"\r\n--x\r\n",
    b"--x--",
    b"\r\n\r\n",
    b"\"",
    b";",
    b"\0",
    b"name=\"image\"",
    b"Content-Disposition: form-data",
];

fn damaged(lot: &mut StdRng) -> Vec<u8> {
    let mut form = sound();
    for _ in 0..lot.random_range(1..6) {
        let at = lot.random_range(0..form.len());
        match lot.random_range(0..4) {
            0 => form[at] = lot.random(),
            1 => form.truncate(at.max(1)),
            2 => {
                let end = (at + lot.random_range(1..40)).min(form.len());
                form.drain(at..end);
            }
            _ => {
                let word = WORDS[lot.random_range(0..WORDS.len())];
                form.splice(at..at, word.iter().copied());
            }
        }
        if form.is_empty() {
            form.push(b'-');
        }
    }
    form
}

#[tokio::test]
async fn a_damaged_form_is_answered() {
    let server = Server::start().await;
    server.opened().await;
    let whole = client::send(server.address, "POST", "/upload", &FORM, sound().into()).await;
    assert_eq!(whole.status, 202);
    let mut lot = StdRng::seed_from_u64(6);
    for number in 0..FORMS {
        let form = damaged(&mut lot);
        let answer = client::send(server.address, "POST", "/upload", &FORM, form.into()).await;
        assert!(
            matches!(answer.status, 200 | 202 | 400 | 413 | 415 | 422),
            "form {number} is answered with {}",
            answer.status
        );
    }
}
