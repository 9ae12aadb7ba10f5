//! What makes durable what the engine decided, and only then hands the effects out: the desk. A turn of many messages is
//! written by the writer's thread, while the engine decides the next. One of few is written by the engine's own thread:
//! to wake another takes as long as to decide it, and what comes during the sync makes the next turn larger.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread::JoinHandle;

use anyhow::anyhow;
use engine::{Decided, Effect};
use model::journal::Turn;
use model::{Answer, CommandError};
use smpp_client::{CommandSender, LinkCommand, LinkId, Undelivered};
use store::{Ledger, Work, Writer};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::daemon::bridge::{self, Outlet};
use crate::daemon::passwords::Wanted;

/// Jobs that wait while one is written. The ledger counts on no more turns than these and the one that is being
/// decided.
const WAITING_MAX: usize = 1;

/// Effects of a turn of few messages, two for each: to decide so many takes about as long as a sync
/// (docs/PERFORMANCE.md, "The thirteenth time").
const FEW_EFFECTS_MAX: usize = 128;

/// Who waits for a command's answer.
pub(crate) type Caller = oneshot::Sender<Result<Answer, CommandError>>;

/// To write this, then to release the effects; then to do what belongs to a checkpoint, for which nobody waits.
#[derive(Default)]
pub(crate) struct Order {
    pub(crate) decided: Decided,
    pub(crate) moved: Option<Work>,
    /// Callers whose answers are among these effects or later ones, by slot.
    pub(crate) callers: Vec<(u64, Caller)>,
}

impl Order {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { decided: Decided { work, effects }, moved, callers } = self;
        work.is_none() && effects.is_empty() && moved.is_none() && callers.is_empty()
    }
}

/// What the engine's thread gives to the writer's.
enum Job {
    Write(Order),
    Close(Close),
}

/// To write this, to make a checkpoint, and to end.
struct Close {
    work: Option<Work>,
    ledger: Box<Ledger>,
}

/// Where effects go.
pub(crate) struct Outlets {
    pub(crate) links: CommandSender,
    pub(crate) passwords: mpsc::Sender<Wanted>,
}

/// Starts the thread.
pub(crate) fn spawn(writer: Writer, outlets: Outlets) -> std::io::Result<WriterLine> {
    let (jobs, jobs_in) = sync_channel(WAITING_MAX);
    let (spent_out, spent) = sync_channel(WAITING_MAX + 1);
    let awaited = Arc::new(Notify::new());
    let release = Release { outlets, callers: HashMap::new(), held: Vec::new() };
    let desk = Arc::new(Mutex::new(Desk { writer, release, engine: Wake(Arc::clone(&awaited)) }));
    let line_desk = Arc::downgrade(&desk);
    let in_hand = Arc::new(AtomicUsize::new(0));
    let thread = WriterThread { desk, jobs: jobs_in, in_hand: Arc::clone(&in_hand), spent: spent_out };
    let thread = std::thread::Builder::new().name("writer".into()).spawn(move || thread.run())?;
    Ok(WriterLine { desk: line_desk, jobs, in_hand, spent, awaited, thread })
}

/// The desk and the writer's thread, as the engine's sees them.
pub(crate) struct WriterLine {
    /// The thread's own: gone once that has ended.
    desk: Weak<Mutex<Desk>>,
    jobs: SyncSender<Job>,
    /// Jobs that the thread was given and has not done.
    in_hand: Arc<AtomicUsize>,
    /// Turns that it has written.
    spent: Receiver<Turn>,
    /// The writer waits for the engine, or the thread has ended.
    pub(crate) awaited: Arc<Notify>,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl WriterLine {
    /// Writes here, where few wait for it and the thread has nothing in hand; else the thread will, and where one job
    /// waits there already this waits too. Returns a turn that was written here, for its room.
    pub(crate) fn write(&self, order: Order) -> anyhow::Result<Option<Turn>> {
        let few = order.decided.effects.len() <= FEW_EFFECTS_MAX;
        // Only this thread gives it jobs: with none in hand, all before this are written.
        let desk = self.desk.upgrade().filter(|_| few && self.in_hand.load(Ordering::Acquire) == 0);
        // The thread keeps the desk while it keeps house.
        let Some(mut desk) = desk.as_ref().and_then(|desk| desk.try_lock().ok()) else {
            self.send(Job::Write(order))?;
            return Ok(None);
        };
        let spent = desk.write(order)?;
        let more = desk.keep_house()?;
        drop(desk);
        if more {
            self.send(Job::Write(Order::default()))?;
        }
        Ok(spent)
    }

    /// A turn that the thread has written, for its room.
    pub(crate) fn spent(&self) -> Option<Turn> {
        self.spent.try_recv().ok()
    }

    /// Has the last turn written and a checkpoint made.
    pub(crate) fn close(&self, work: Option<Work>, ledger: Ledger) -> anyhow::Result<()> {
        self.send(Job::Close(Close { work, ledger: Box::new(ledger) }))
    }

    /// Waits until the thread has done what it was given; returns what it has to say.
    pub(crate) fn join(self) -> anyhow::Result<()> {
        drop(self.jobs);
        self.thread.join().map_err(|_| anyhow!("the writer's thread panicked"))?
    }

    fn send(&self, job: Job) -> anyhow::Result<()> {
        self.in_hand.fetch_add(1, Ordering::Relaxed);
        // Seen from here only; the writer itself says why.
        self.jobs.send(job).map_err(|_| anyhow!("the writer's thread ended"))
    }
}

/// The writer, and the way out for effects.
struct Desk {
    writer: Writer,
    release: Release,
    engine: Wake,
}

impl Desk {
    fn write(&mut self, order: Order) -> anyhow::Result<Option<Turn>> {
        let Order { decided: Decided { work, effects }, moved, callers } = order;
        let spent = self.do_work(work)?;
        self.release.release(effects, callers);
        self.do_work(moved)?;
        Ok(spent)
    }

    fn do_work(&mut self, work: Option<Work>) -> anyhow::Result<Option<Turn>> {
        let Some(work) = work else { return Ok(None) };
        Ok(self.writer.write(work)?)
    }

    /// One step; returns whether there is more to do.
    fn keep_house(&mut self) -> anyhow::Result<bool> {
        let more = self.writer.housekeeping()?;
        if self.writer.is_awaited() {
            self.engine.wake();
        }
        Ok(more)
    }
}

/// Everything that the thread owns. When it ends, the writer is dropped with the desk, and the engine finds that its
/// ledger promises nothing any more.
struct WriterThread {
    desk: Arc<Mutex<Desk>>,
    jobs: Receiver<Job>,
    in_hand: Arc<AtomicUsize>,
    spent: SyncSender<Turn>,
}

impl WriterThread {
    /// Writes until it is told to close, until the engine has failed, or until the disk fails.
    fn run(self) -> anyhow::Result<()> {
        while let Ok(job) = self.jobs.recv() {
            if let Some(close) = self.work(job)? {
                return self.close(close);
            }
        }
        Ok(())
    }

    /// Does a job, those that come meanwhile, and what there is to be done in the house. Stops where it is told to close.
    fn work(&self, job: Job) -> anyhow::Result<Option<Close>> {
        let mut desk = self.take_desk()?;
        let mut next = Some(job);
        loop {
            match next {
                Some(Job::Write(order)) => {
                    if let Some(turn) = desk.write(order)? {
                        // Only its room is lost where nobody takes it.
                        let _ = self.spent.try_send(turn);
                    }
                    self.in_hand.fetch_sub(1, Ordering::Release);
                }
                Some(Job::Close(close)) => return Ok(Some(close)),
                None => {}
            }
            if !desk.keep_house()? {
                return Ok(None);
            }
            next = self.jobs.try_recv().ok();
        }
    }

    fn close(self, Close { work, ledger }: Close) -> anyhow::Result<()> {
        self.take_desk()?.do_work(work)?;
        // The engine only waits for this thread by now.
        let desk = Arc::into_inner(self.desk).and_then(|desk| desk.into_inner().ok());
        let Desk { writer, .. } = desk.ok_or_else(|| anyhow!("the engine's thread has the desk"))?;
        Ok(writer.close(*ledger)?)
    }

    fn take_desk(&self) -> anyhow::Result<MutexGuard<'_, Desk>> {
        self.desk.lock().map_err(|_| anyhow!("the engine's thread panicked at the desk"))
    }
}

/// Wakes the engine's thread: when it is awaited, and when this thread ends, in whichever way.
struct Wake(Arc<Notify>);

impl Wake {
    fn wake(&self) {
        self.0.notify_one();
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.wake();
    }
}

/// Hands the effects of durable turns to links, callers and the password thread.
struct Release {
    outlets: Outlets,
    /// Callers that wait for a command's answer; at most as many as the command channel holds and one turn takes.
    callers: HashMap<u64, Caller>,
    /// Commands that a link had no room for, by link. Bounded by the links' windows and by the deliveries that
    /// one link leaves unanswered.
    held: Vec<Vec<LinkCommand>>,
}

impl Release {
    fn release(&mut self, effects: Vec<Effect>, callers: Vec<(u64, Caller)>) {
        self.callers.extend(callers);
        for effect in effects {
            match bridge::outlet(effect) {
                Outlet::Link(link, command) => {
                    let place = usize::from(link.0);
                    if self.held.len() <= place {
                        self.held.resize_with(place + 1, Vec::new);
                    }
                    self.held[place].push(command);
                }
                Outlet::Password(wanted) => self.want(wanted),
                Outlet::Answer(slot, result) => {
                    if let Some(reply) = self.callers.remove(&slot) {
                        // A caller that gave up has no use for the answer; the journal has it.
                        let _ = reply.send(result);
                    }
                }
            }
        }
        for (place, held) in self.held.iter_mut().enumerate().filter(|(_, held)| !held.is_empty()) {
            let link = LinkId(u16::try_from(place).unwrap_or(u16::MAX));
            // The next turn is likely to have as many.
            let room = Vec::with_capacity(held.len());
            match self.outlets.links.send(link, std::mem::replace(held, room)) {
                Ok(()) => {}
                Err(Undelivered::Full(commands)) => *held = commands,
                // The link has left for good, in the drain. Its unsent messages are open in the store.
                Err(Undelivered::Gone(_)) => {}
            }
        }
    }

    fn want(&self, wanted: Wanted) {
        if self.outlets.passwords.try_send(wanted).is_err() {
            tracing::warn!("too many passwords wait to be drawn; this one is asked for again later");
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use model::{Dossier, Key, Record, ServiceId};
    use smpp_client::{Links, Listener};
    use store::{Options, Store};
    use vault::MasterKey;

    use super::*;

    fn outlets() -> Outlets {
        let listener = Listener::new(mpsc::channel::<Vec<()>>(1).0, |_| Vec::new());
        Outlets { links: Links::spawn(Vec::new(), listener).sender(), passwords: mpsc::channel(1).0 }
    }

    /// A turn that writes the dossier anew.
    fn turn(key: &Key, version: u64) -> Turn {
        let record = Record::Dossier(Box::new(Dossier { version, ..Dossier::default() }));
        let at = Timestamp::from_second(1_785_000_000).unwrap();
        Turn { at, entries: Vec::new(), writes: vec![(key.clone(), Some(Arc::new(record)))] }
    }

    #[tokio::test]
    async fn turns_are_written_in_their_order_whichever_thread_writes_them() {
        const TURNS: u64 = 500;
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let key = MasterKey::from_octets(&[7; 32]);
            Store::open(&folder.path().join("data"), &key, Options::default()).unwrap().0
        };
        let (mut ledger, writer) = open().part();
        let line = spawn(writer, outlets()).unwrap();
        let key = Key::Dossier(ServiceId::new("s"), "13557009".into());
        let (mut here, mut answers, mut slots) = (0, Vec::new(), 0..);
        for version in 1..=TURNS {
            let turn = turn(&key, version);
            let work = Work::Turn(ledger.take(&turn).unwrap(), turn);
            // Every third of many messages, after which the next must wait for the thread.
            let count = if version.is_multiple_of(3) { FEW_EFFECTS_MAX + 1 } else { 1 };
            let (callers, heard): (Vec<_>, Vec<_>) = slots
                .by_ref()
                .take(count)
                .map(|slot| {
                    let (caller, heard) = oneshot::channel();
                    ((slot, caller), heard)
                })
                .unzip();
            let answer =
                |(slot, _): &(u64, Caller)| Effect::Answer { slot: *slot, result: Ok(Answer::Ignored) };
            let decided = Decided { work: Some(work), effects: callers.iter().map(answer).collect() };
            here += usize::from(line.write(Order { decided, moved: None, callers }).unwrap().is_some());
            answers.extend(heard);
        }
        line.close(None, ledger).unwrap();
        line.join().unwrap();
        assert!(here > 0, "some are written by this thread");
        assert!(answers.iter_mut().all(|answer| answer.try_recv() == Ok(Ok(Answer::Ignored))));
        let last = open().get(&key).unwrap();
        assert!(matches!(last.as_deref(), Some(Record::Dossier(dossier)) if dossier.version == TURNS));
    }

    #[tokio::test]
    async fn what_is_given_to_a_thread_that_has_ended_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKey::from_octets(&[7; 32]);
        let (store, _) = Store::open(&folder.path().join("data"), &key, Options::default()).unwrap();
        let (mut ledger, writer) = store.part();
        let line = spawn(writer, outlets()).unwrap();
        let poisoned = line.desk.upgrade().unwrap();
        let panics = std::thread::spawn(move || {
            let _desk = poisoned.lock().unwrap();
            panic!("at the desk");
        });
        assert!(panics.join().is_err());
        // The thread finds it so with the first, and ends; one more may wait by then.
        assert!((0..3).any(|_| line.write(Order::default()).is_err()), "the thread has ended");
        line.awaited.notified().await;
        let key = Key::Dossier(ServiceId::new("s"), "13557009".into());
        assert!(ledger.take(&turn(&key, 1)).is_err(), "nothing is promised without a writer");
        assert!(line.join().is_err());
    }
}
