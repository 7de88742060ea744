//! What is promised to those whose a job is.

use backends::{
    Results,
    results::{Cancellation, Outcome, Owner, Ownership, Record},
};
use schemas::{Job, Status};

use super::{admit, cancelling::cancel, claim, claim_and_tell, job, queued};

pub(crate) async fn a_job_is_cancelled_by_who_uploaded_it_alone(results: &dyn Results) {
    let (job, ada, bob) = (job(), Owner::new("key:ada"), Owner::new("key:bob"));
    let admitted = admit_for(results, &job, &ada).await;
    assert_eq!(admitted.ownership, Ownership::One(ada.clone()));
    for status in [Status::Queued, Status::Processing] {
        let refused = cancel_for(results, &job, &bob).await;
        assert_eq!(
            (refused.event.state.status, refused.outcome),
            (status, Outcome::NotYours)
        );
        claim_and_tell(results, &job, Status::Processing).await;
    }
    let cancelled = cancel_for(results, &job, &ada).await;
    assert_eq!(cancelled.outcome, Outcome::EndedNow);
    assert_eq!(
        cancel_for(results, &job, &bob).await.outcome,
        Outcome::NotYours
    );
    assert_eq!(
        cancel_for(results, &job, &ada).await.outcome,
        Outcome::EndedBefore
    );
}

pub(crate) async fn a_job_that_several_uploaded_is_taken_from_none_of_them(results: &dyn Results) {
    let (job, ada, bob) = (job(), Owner::new("key:ada"), Owner::new("key:bob"));
    admit_for(results, &job, &ada).await;
    admit_for(results, &job, &ada).await;
    let shared = admit_for(results, &job, &bob).await;
    assert_eq!(shared.ownership, Ownership::Several);
    let record = results.record(&job.id()).await.unwrap().unwrap();
    assert_eq!(record, shared);
    for owner in [&ada, &bob] {
        let refused = cancel_for(results, &job, owner).await;
        assert_eq!(refused.outcome, Outcome::Shared);
    }
    assert_eq!(
        cancel(results, &job.id()).await.outcome,
        Outcome::EndedNow,
        "an operator may"
    );
    let again = admit_for(results, &job, &bob).await;
    assert_eq!(again.ownership, Ownership::One(bob.clone()));
    let replayed = admit(results, &job).await;
    assert_eq!(replayed.ownership, Ownership::One(bob));
}

/// It may be somebody's who published it without us, or whose upload was taken in while the records were away.
pub(crate) async fn a_job_that_ran_before_it_was_recorded_is_no_uploaders_alone(
    results: &dyn Results,
) {
    let ada = Owner::new("key:ada");
    let (claimed, spoken_of) = (job(), job());
    claim(results, &claimed.id()).await;
    claim_and_tell(results, &spoken_of, Status::Processing).await;
    for job in [claimed, spoken_of] {
        let admitted = admit_for(results, &job, &ada).await;
        assert_eq!(admitted.ownership, Ownership::Several);
        let record = results.record(&job.id()).await.unwrap().unwrap();
        assert_eq!(record, admitted);
        let refused = cancel_for(results, &job, &ada).await;
        assert_eq!(refused.outcome, Outcome::Shared);
        claim_and_tell(results, &job, Status::Dead).await;
        let again = admit_for(results, &job, &ada).await;
        assert_eq!(again.ownership, Ownership::One(ada.clone()), "a new life");
    }
}

async fn admit_for(results: &dyn Results, job: &Job, owner: &Owner) -> Record {
    let admitted = results.admit(job, &queued(job), false, Some(owner)).await;
    admitted.unwrap().record
}

async fn cancel_for(results: &dyn Results, job: &Job, owner: &Owner) -> Cancellation {
    let cancelled = results.cancel(&job.id(), Some(owner)).await.unwrap();
    cancelled.expect("it is known")
}
