//! A worker that has no slot leaves jobs to others, who take them from the queue.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use backends::Sender as _;
use schemas::Status;
use slot::{Fault, Made, Renderer, Task, Watch};

use crate::world::{World, eventually, photo, statuses};

const JOBS: u8 = 12;

/// A place for pictures that can be closed.
#[derive(Debug)]
struct Door {
    inside: Arc<dyn Renderer>,
    is_open: AtomicBool,
    /// Whether the next picture finds it closed.
    breaks: AtomicBool,
    /// How often somebody asked in vain.
    asked: AtomicU32,
}

impl Renderer for Door {
    fn render(&self, task: &Task<'_>, watch: &mut dyn Watch) -> Result<Made, Fault> {
        if self.breaks.swap(false, Ordering::SeqCst) {
            self.is_open.store(false, Ordering::SeqCst);
        }
        if !self.is_open.load(Ordering::SeqCst) {
            return Err(Fault::NoSlot("it is closed".to_owned()));
        }
        self.inside.render(task, watch)
    }

    fn is_open(&self) -> bool {
        let is_open = self.is_open.load(Ordering::SeqCst);
        self.asked.fetch_add(u32::from(!is_open), Ordering::SeqCst);
        is_open
    }
}

/// A world with a door, and jobs that wait before it.
async fn world(is_open: bool) -> (World, Arc<Door>, Vec<schemas::Job>) {
    let mut world = World::new().await;
    let door = Arc::new(Door {
        inside: Arc::clone(&world.renderer),
        is_open: AtomicBool::new(is_open),
        breaks: AtomicBool::new(is_open),
        asked: AtomicU32::new(0),
    });
    world.renderer = door.clone();
    let mut jobs = Vec::new();
    for seed in 0..JOBS {
        let original = [photo(), vec![seed]].concat();
        jobs.push(world.accept(&original).await);
    }
    (world, door, jobs)
}

/// Opens it once it was asked for often enough that every receiver has had its turn.
async fn open_late(door: &Door) {
    eventually(async || door.asked.load(Ordering::SeqCst) >= 10).await;
    door.is_open.store(true, Ordering::SeqCst);
}

#[tokio::test]
async fn a_worker_without_a_slot_takes_no_job() {
    let (world, door, jobs) = world(false).await;
    let worker = world.work_guarded();
    eventually(async || door.asked.load(Ordering::SeqCst) >= 10).await;
    assert_eq!(world.queue.depth().await.unwrap(), u64::from(JOBS));
    open_late(&door).await;
    for job in &jobs {
        let states = world.watch(job).await;
        assert_eq!(statuses(&states).last(), Some(&Status::Done));
    }
    assert_eq!(world.metrics.snoozes.get(), 0);
    worker.drain().await;
}

#[tokio::test]
async fn a_worker_that_loses_its_slots_lets_go_what_it_has_and_takes_no_more() {
    let (world, door, jobs) = world(true).await;
    let worker = world.work_guarded();
    open_late(&door).await;
    for job in &jobs {
        let states = world.watch(job).await;
        assert_eq!(statuses(&states).last(), Some(&Status::Done));
    }
    // Each of two receivers had one in hand, and perhaps one on its way.
    let snoozes = world.metrics.snoozes.get();
    assert!((1..=4).contains(&snoozes), "{snoozes} snoozes");
    worker.drain().await;
}
