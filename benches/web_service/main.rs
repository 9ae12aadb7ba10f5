//! A local web service that answers every request with a fixed text: what Kannel's `get-url` asks in the comparison.
//!
//! A thread for each connection, which lives as long as its peer wants: less work than that no service has.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Parser;

/// Connections at once. Kannel's smsbox asks 512 questions at a time (`max-pending-requests`).
const CONNECTIONS_MAX: usize = 1_024;
/// The longest head of a request; a query with a text in it has some 300 octets.
const HEAD_MAX: usize = 16 << 10;
/// Small: a connection's stack holds its buffer and little else.
const STACK_OCTETS: usize = 128 << 10;

/// Answers every GET with a fixed text.
#[derive(Debug, Parser)]
#[command(name = "web-service", max_term_width = 100)]
struct Arguments {
    /// Where it listens.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The text.
    #[arg(long)]
    text: String,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let answer: Arc<[u8]> = answer(&arguments.text).into();
    let open = Arc::new(AtomicUsize::new(0));
    for stream in TcpListener::bind(arguments.listen)?.incoming() {
        let stream = stream?;
        if open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS_MAX {
            open.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let (answer, open) = (answer.clone(), open.clone());
        std::thread::Builder::new().stack_size(STACK_OCTETS).spawn(move || {
            // Whoever went away wants no answer.
            let _ = serve(stream, &answer);
            open.fetch_sub(1, Ordering::Relaxed);
        })?;
    }
    Ok(())
}

/// A whole answer of HTTP/1.1, after which the connection stays.
fn answer(text: &str) -> Vec<u8> {
    let length = text.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{text}")
        .into_bytes()
}

fn serve(mut stream: TcpStream, answer: &[u8]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; HEAD_MAX];
    let mut filled = 0;
    loop {
        match stream.read(&mut buffer[filled..])? {
            // The peer has closed, or its head does not end.
            0 => return Ok(()),
            read => filled += read,
        }
        let (requests, taken) = requests(&buffer[..filled]);
        for _ in 0..requests {
            stream.write_all(answer)?;
        }
        buffer.copy_within(taken..filled, 0);
        filled -= taken;
    }
}

/// Heads that `octets` begins with, and their octets. A GET has no body.
fn requests(octets: &[u8]) -> (usize, usize) {
    const END: &[u8] = b"\r\n\r\n";
    let (mut found, mut taken) = (0, 0);
    while let Some(end) = octets[taken..].windows(END.len()).position(|window| window == END) {
        found += 1;
        taken += end + END.len();
    }
    (found, taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_heads_are_counted_and_the_rest_is_kept() {
        assert_eq!(requests(b""), (0, 0));
        assert_eq!(requests(b"GET / HTTP/1.1\r\nHost: a\r\n"), (0, 0));
        assert_eq!(requests(b"GET / HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET"), (2, 37));
    }

    #[test]
    fn the_answer_tells_its_length() {
        assert!(answer("Xin chao").ends_with(b"Content-Length: 8\r\n\r\nXin chao"));
    }
}
