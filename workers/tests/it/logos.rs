//! Jobs whose mark has a logo.

use std::ops::ControlFlow;

use backends::{Key, ObjectStore as _, objects::Body};
use engine::{Fonts, Limits};
use schemas::{
    Context, Digest, Job, OutputFormat, Request, Status,
    recipe::{Date, Recipe},
};

use crate::world::{World, photo, statuses};

fn recipe(format: OutputFormat, has_logo: bool) -> Recipe {
    let mut request = Request::default();
    if has_logo {
        request.add_logo().unwrap();
    }
    let context = Context::new(Date::new(2026, 11, 20), format);
    request.resolve(&context).unwrap()
}

fn logo() -> Vec<u8> {
    let (recipe, fonts) = (recipe(OutputFormat::Png, false), Fonts::embedded());
    let go_on = &mut |_| ControlFlow::Continue(());
    let picture = engine::render(&photo(), &recipe, &fonts, &Limits::default(), go_on);
    picture.unwrap().bytes
}

fn job_with(logo: &[u8]) -> Job {
    let recipe = recipe(OutputFormat::Jpeg, true);
    Job::new(Digest::of(&photo()), recipe, 0).with_logo(Some(Digest::of(logo)))
}

async fn store(world: &World, logo: &[u8]) {
    let (key, body) = (Key::Logo(Digest::of(logo)), logo.to_vec().into());
    let stored = world.objects.put(&key, Body::Bytes(body), "image/png");
    stored.await.unwrap();
}

#[tokio::test]
async fn a_jobs_logo_is_fetched_and_drawn() {
    let world = World::new().await;
    let plain = world.accept(&photo()).await;
    store(&world, &logo()).await;
    let marked = job_with(&logo());
    world.send(&marked).await;
    let _worker = world.work();
    let mut pictures = Vec::new();
    for job in [&plain, &marked] {
        let states = world.watch(job).await;
        pictures.push(states.last().unwrap().picture.clone().expect("it is done"));
    }
    assert_ne!(pictures[0].sha256, pictures[1].sha256);
    assert_eq!(pictures[1].contrast, None, "there are no letters");
}

#[tokio::test]
async fn a_logo_that_is_missing_or_none_is_told() {
    let world = World::new().await;
    world.store(&photo()).await;
    store(&world, &photo()).await;
    let (missing, jpeg) = (job_with(b"nobody stored this"), job_with(&photo()));
    world.send(&missing).await;
    world.send(&jpeg).await;
    let _worker = world.work();
    for (job, status, code) in [
        (&missing, Status::Dead, "original_missing"),
        (&jpeg, Status::Failed, "unsupported_logo"),
    ] {
        let states = world.watch(job).await;
        assert_eq!(statuses(&states).last(), Some(&status));
        assert_eq!(states.last().unwrap().error.as_ref().unwrap().code, code);
    }
}
