//! The loop: wait for sockets and due times, read, send what may be sent, write. One thread and no runtime: a wake-up
//! costs one poll, and a read and a write for each link that has something; timers go to microseconds.

use std::{
    collections::VecDeque,
    io,
    net::TcpListener,
    num::NonZeroU64,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    time::{ClockId, clock_gettime},
};

use super::{
    Extent, Options, TesterError,
    books::{Books, UNDER_WAY_MAX},
    link::{Desk, Link},
    meter::{Meter, Second},
    mix::Mix,
    report::{Course, Report},
};
use crate::{Pace, clock::Clock};

/// Connections at once; what comes beyond is closed.
const CONNECTIONS_MAX: usize = 256;
/// How long a wait may last before the caller's wish to stop is looked at.
const WAIT_MAX: u64 = 100_000_000;
/// What one turn may add to a silence: a machine that was paused heard nothing, and that is not the ESME's.
const SILENCE_OF_A_TURN_MAX: u64 = 2 * WAIT_MAX;
const SECOND: u64 = 1_000_000_000;

/// A load tester that listens.
#[derive(Debug)]
pub struct Tester {
    options: Options,
    listener: TcpListener,
    links: Vec<Link>,
    desk: Desk,
    clock: Clock,
    /// Index of the next message that is no follow-up.
    next_index: u64,
    /// The link whose turn was last.
    last_served: usize,
    ready: Vec<PollFlags>,
    links_lost: u64,
}

/// What is to be sent, and how far that is.
#[derive(Clone, Copy, Debug)]
struct Sending {
    began_at: u64,
    sent: u64,
    pace: Pace,
    extent: Extent,
    /// When a message was due and had no room, unless all that was due has left.
    held_up_at: Option<u64>,
    /// What its end left due and not sent.
    unsent: u64,
    broke_off: bool,
    /// A message was due and had to wait because too many were under way.
    capped: bool,
}

impl Sending {
    fn new(began_at: u64, pace: Pace, extent: Extent) -> Self {
        Self { began_at, sent: 0, pace, extent, held_up_at: None, unsent: 0, broke_off: false, capped: false }
    }

    /// When the next message is due; `None` where there is no more.
    fn due_at(&self, now: u64) -> Option<u64> {
        let due_at = match self.pace {
            Pace::Flat => now,
            Pace::PerSecond(rate) => {
                let after = u128::from(self.sent) * u128::from(SECOND) / u128::from(rate.max(1));
                self.began_at.saturating_add(u64::try_from(after).unwrap_or(u64::MAX))
            }
        };
        let more = match self.extent {
            Extent::Messages(messages) => self.sent < messages,
            Extent::Time(time) => due_at - self.began_at < nanoseconds(time),
        };
        more.then_some(due_at)
    }

    /// Messages of an open loop that have been due and had no room.
    fn overdue(&self) -> u64 {
        let (Pace::PerSecond(rate), Some(now)) = (self.pace, self.held_up_at) else { return 0 };
        let due_by = |elapsed: u64| {
            let due = ((u128::from(elapsed) + 1) * u128::from(rate.max(1))).div_ceil(u128::from(SECOND));
            u64::try_from(due).unwrap_or(u64::MAX)
        };
        let elapsed = now - self.began_at;
        let due = match self.extent {
            Extent::Messages(messages) => due_by(elapsed).min(messages),
            Extent::Time(time) => due_by(elapsed.min(nanoseconds(time).saturating_sub(1))),
        };
        due.saturating_sub(self.sent)
    }

    /// Nothing more is sent, whatever is due.
    fn end(&mut self) {
        self.unsent += self.overdue();
        self.extent = Extent::Messages(0);
        self.held_up_at = None;
    }
}

impl Tester {
    /// Listens for the ESME under test.
    pub fn listen(options: Options, mix: Mix) -> Result<Self, TesterError> {
        let address = options.listen;
        let listen = |source| TesterError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let meter = Meter::new().map_err(|error| TesterError::Histogram(error.to_string()))?;
        let next_index = options.skip;
        let books = Books::new(options.any_reply, nanoseconds(options.patience), meter);
        Ok(Self {
            options,
            listener,
            links: Vec::new(),
            desk: Desk { mix, books, follow_ups: VecDeque::new(), message_id: 0 },
            clock: Clock::start(),
            next_index,
            last_served: 0,
            ready: Vec::new(),
            links_lost: 0,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<std::net::SocketAddr> {
        self.listener.local_addr()
    }

    /// Waits for the binds, sends all and waits for what is missing. `warmed_up` is called when the counting begins,
    /// `progress` once a second from then on; a `stop` that is set ends the sending, and the report is of what was
    /// sent until then.
    pub fn run(
        mut self,
        stop: &AtomicBool,
        warmed_up: impl FnOnce(),
        mut progress: impl FnMut(&Second),
    ) -> Result<Report, TesterError> {
        // Without it a wait for a due time is up to 50 µs late, which would count as the ESME's. It is a wish.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        self.wait_binds(stop)?;
        let warming = self.send(Extent::Messages(self.options.warm_up), stop, &mut |_| {})?;
        let warm_up_missing = self.desk.books.under_way() as u64;
        self.desk.books.counting = true;
        self.desk.books.counts = Default::default();
        self.desk.books.meter.restart();
        self.links_lost = 0;
        warmed_up();
        let cpu = cpu_time();
        let began_at = self.now();
        let sent = self.send(self.options.extent, stop, &mut progress)?;
        let course = Course {
            elapsed: Duration::from_nanos(self.desk.books.heard_at.max(began_at) - began_at),
            load_cpu: cpu_time().saturating_sub(cpu),
            warm_up_missing,
            links_lost: self.links_lost,
            unsent: sent.unsent,
            broke_off: warming.broke_off || sent.broke_off,
            capped: sent.capped,
        };
        Ok(Report::new(&self.options, self.desk.books, course))
    }

    fn now(&self) -> u64 {
        nanoseconds(self.clock.monotonic())
    }

    fn wait_binds(&mut self, stop: &AtomicBool) -> Result<(), TesterError> {
        let give_up_at = self.now() + nanoseconds(self.options.bind_patience);
        loop {
            let bound = self.links.iter().filter(|link| link.receives()).count();
            if bound >= self.options.binds {
                return Ok(());
            }
            if self.now() >= give_up_at || stop.load(Ordering::Relaxed) {
                return Err(TesterError::NoBinds { bound, wanted: self.options.binds });
            }
            self.turn(None, give_up_at)?;
        }
    }

    /// Sends so much and waits until nothing is missing, or nothing has come for the time of our patience.
    fn send(
        &mut self,
        extent: Extent,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(&Second),
    ) -> Result<Sending, TesterError> {
        let began_at = self.now();
        let mut sending = Sending::new(began_at, self.options.pace, extent);
        let (mut second, mut silence, mut looked_at) = (0, 0, began_at);
        self.desk.books.heard_at = began_at;
        let patience = nanoseconds(self.options.patience);
        loop {
            let now = self.now();
            if stop.load(Ordering::Relaxed) {
                sending.end();
            }
            while now >= began_at + (second + 1) * SECOND {
                second += 1;
                progress(&self.desk.books.meter.end_second(second));
            }
            let due_at = sending.due_at(now);
            if due_at.is_none() {
                self.desk.follow_ups.clear();
            }
            // A pause that the pace makes is not the ESME's.
            let idle = self.desk.books.under_way() == 0 && sending.held_up_at.is_none();
            let heard = idle || self.desk.books.heard_at >= looked_at;
            silence = lengthen(silence, now - looked_at, heard);
            looked_at = now;
            let done = due_at.is_none() && self.desk.books.under_way() == 0;
            if done {
                break;
            }
            if silence >= patience {
                sending.broke_off = due_at.is_some();
                sending.end();
                break;
            }
            let tick = began_at + (second + 1) * SECOND;
            self.turn(Some(&mut sending), tick)?;
        }
        // What comes of the last second, which is no whole one.
        self.desk.books.meter.end_second(second + 1);
        Ok(sending)
    }

    /// Waits for sockets, for the next message to be due, or until a moment, and serves what is there.
    fn turn(&mut self, mut sending: Option<&mut Sending>, until: u64) -> Result<(), TesterError> {
        let now = self.now();
        let due_at = sending.as_ref().and_then(|it| it.due_at(now)).filter(|_| self.has_room());
        let wake_at = until.min(due_at.unwrap_or(u64::MAX)).min(now + WAIT_MAX);
        self.wait(wake_at.saturating_sub(now)).map_err(TesterError::Wait)?;
        let now = self.now();
        for (link, ready) in self.links.iter_mut().zip(self.ready.iter().skip(1)) {
            if ready.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                match link.read() {
                    Ok(()) => link.serve(&mut self.desk, now),
                    Err(_) => link.lose(),
                }
            }
        }
        if let Some(sending) = sending.as_mut() {
            self.fill(sending, now);
        }
        self.write_all();
        if self.ready.first().is_some_and(|ready| !ready.is_empty()) {
            self.accept();
        }
        Ok(())
    }

    fn has_room(&self) -> bool {
        self.desk.books.under_way() < UNDER_WAY_MAX && self.links.iter().any(Link::has_room)
    }

    /// Polls the listener and the links.
    fn wait(&mut self, ns: u64) -> io::Result<()> {
        let listener = PollFd::new(&self.listener, PollFlags::IN);
        let links = self.links.iter().map(|link| {
            let mut events = PollFlags::empty();
            events.set(PollFlags::IN, link.reads());
            events.set(PollFlags::OUT, link.has_output());
            PollFd::new(&link.stream, events)
        });
        let mut fds: Vec<_> = std::iter::once(listener).chain(links).collect();
        let seconds = i64::try_from(ns / SECOND).unwrap_or(i64::MAX);
        let timeout = Timespec { tv_sec: seconds, tv_nsec: (ns % SECOND).try_into().unwrap_or_default() };
        self.ready.clear();
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) => self.ready.extend(fds.iter().map(PollFd::revents)),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Hands what is due to the links in turn, one each, as far as their windows have room.
    fn fill(&mut self, sending: &mut Sending, now: u64) {
        let count = self.links.len();
        let mut idle = 0;
        sending.held_up_at = None;
        while let Some(due_at) = sending.due_at(now).filter(|due_at| *due_at <= now) {
            let full = self.desk.books.under_way() >= UNDER_WAY_MAX;
            if idle >= count || full {
                sending.held_up_at = Some(now);
                sending.capped |= full;
                return;
            }
            self.last_served = (self.last_served + 1) % count;
            let Some(link) = self.links.get_mut(self.last_served).filter(|link| link.has_room()) else {
                idle += 1;
                continue;
            };
            idle = 0;
            sending.sent += 1;
            match self.desk.follow_ups.pop_front() {
                Some(it) => link.deliver(it.kind, it.index, Some(&it), due_at, &mut self.desk),
                None => {
                    let kind = self.desk.mix.pick(self.next_index);
                    link.deliver(kind, self.next_index, None, due_at, &mut self.desk);
                    self.next_index += 1;
                }
            }
        }
    }

    /// Writes what there is, and lets go of links that have ended.
    fn write_all(&mut self) {
        for link in &mut self.links {
            if link.has_output() && link.write().is_err() {
                link.lose();
            }
        }
        let before = self.links.len();
        self.links.retain(|link| !link.is_over());
        self.links_lost += (before - self.links.len()) as u64;
    }

    fn accept(&mut self) {
        // An error is the peer's, or concerns the whole process and shows when the binds don't come.
        while let Ok((stream, _)) = self.listener.accept() {
            if self.links.len() < CONNECTIONS_MAX
                && let Ok(link) = Link::new(stream, self.options.window)
            {
                self.links.push(link);
            }
        }
    }
}

/// How long nothing has come, after a turn of so many nanoseconds in which something was heard or not.
fn lengthen(silence: u64, turn: u64, heard: bool) -> u64 {
    if heard { 0 } else { silence.saturating_add(turn.min(SILENCE_OF_A_TURN_MAX)) }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// What this process has used of the processor.
fn cpu_time() -> Duration {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(used.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(used.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(sent: u64, pace: Pace, extent: Extent) -> Option<u64> {
        Sending { sent, ..Sending::new(SECOND, pace, extent) }.due_at(2 * SECOND)
    }

    #[test]
    fn an_open_loop_is_due_evenly_whatever_the_time_is() {
        let pace = Pace::PerSecond(1_000);
        let time = Extent::Time(Duration::from_secs(3));
        for (sent, expected) in [(0, 1_000), (1, 1_001), (1_500, 2_500), (2_999, 3_999)] {
            assert_eq!(due(sent, pace, time), Some(expected * 1_000_000), "{sent}");
        }
        assert_eq!(due(3_000, pace, time), None);
        assert_eq!(due(4, Pace::PerSecond(3), Extent::Messages(5)), Some(SECOND + 4 * SECOND / 3));
        assert_eq!(due(5, Pace::PerSecond(3), Extent::Messages(5)), None);
    }

    #[test]
    fn what_was_due_and_had_no_room_is_unsent_once() {
        let unsent = |rate: u32, extent, held_up_at: Option<u64>| {
            let sending = Sending::new(SECOND, Pace::PerSecond(rate), extent);
            let mut sending = Sending { sent: 10, held_up_at, ..sending };
            sending.end();
            sending.end();
            sending.unsent
        };
        let (many, second) = (Extent::Messages(5_000), Extent::Time(Duration::from_secs(1)));
        // The first is due at once, the others a millisecond each after it.
        assert_eq!(unsent(1_000, many, Some(SECOND + 20_999_999)), 11);
        assert_eq!(unsent(1_000, many, Some(SECOND + 21_000_000)), 12);
        assert_eq!(unsent(1_000, many, None), 0);
        assert_eq!(unsent(1_000, many, Some(60 * SECOND)), 4_990);
        assert_eq!(unsent(1_000, second, Some(60 * SECOND)), 990);
        for rate in [3, 7, 999, 123_457] {
            let due = (10..).take_while(|sent| {
                let sending = Sending::new(SECOND, Pace::PerSecond(rate), second);
                Sending { sent: *sent, ..sending }
                    .due_at(0)
                    .is_some_and(|due_at| due_at <= SECOND + SECOND / 7)
            });
            let due = due.count();
            assert_eq!(unsent(rate, second, Some(SECOND + SECOND / 7)), due as u64, "{rate}");
        }
        let closed = Sending { held_up_at: Some(9 * SECOND), ..Sending::new(SECOND, Pace::Flat, many) };
        assert_eq!(closed.overdue(), 0);
    }

    #[test]
    fn a_closed_loop_is_due_now_until_its_end() {
        assert_eq!(due(9, Pace::Flat, Extent::Messages(10)), Some(2 * SECOND));
        assert_eq!(due(10, Pace::Flat, Extent::Messages(10)), None);
        assert_eq!(due(9, Pace::Flat, Extent::Time(Duration::from_millis(1_001))), Some(2 * SECOND));
        assert_eq!(due(9, Pace::Flat, Extent::Time(Duration::from_secs(1))), None);
    }

    #[test]
    fn a_paused_machine_is_no_silence_of_the_esme() {
        let patience = 30 * SECOND;
        let paused = lengthen(0, 60 * SECOND, false);
        assert!(paused < patience, "{paused}");
        assert_eq!(lengthen(patience - 1, 60 * SECOND, true), 0);
        // Turns that nothing ends are as long as a wait.
        let turns = (0..patience / WAIT_MAX).fold(0, |silence, _| lengthen(silence, WAIT_MAX, false));
        assert_eq!(turns, patience);
    }

    #[test]
    fn as_many_as_may_be_under_way_hold_up_what_is_due() {
        let options = Options {
            listen: ([127, 0, 0, 1], 0).into(),
            binds: 1,
            window: 1,
            pace: Pace::PerSecond(1_000),
            extent: Extent::Messages(10),
            skip: 0,
            warm_up: 0,
            any_reply: true,
            patience: Duration::from_secs(1),
            bind_patience: Duration::from_secs(1),
        };
        let mut tester = Tester::listen(options, Mix::built_in().unwrap()).unwrap();
        let mut sending = Sending::new(0, Pace::PerSecond(1_000), Extent::Messages(10));
        for citizen in 1..=UNDER_WAY_MAX as u64 {
            tester.fill(&mut sending, SECOND);
            assert!(!sending.capped, "{citizen}");
            tester.desk.books.enter(citizen, 0, 0, 0);
        }
        tester.fill(&mut sending, SECOND);
        assert!(sending.capped);
        assert_eq!(sending.overdue(), 10);
    }
}
