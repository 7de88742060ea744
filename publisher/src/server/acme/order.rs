//! One order: every domain is proven to be ours, then a certificate for all of them is made.

use std::{sync::Arc, time::Duration};

use instant_acme::{
    Account, AuthorizationHandle, AuthorizationStatus, ChallengeType, Identifier, KeyAuthorization,
    NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::sign::CertifiedKey;

use super::{Acme, AcmeError, Kept};
use crate::server::certificates::{Certificates, unchecked};

/// For how long an order is asked after: a proof takes seconds, and some servers take a minute over a certificate.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));

/// What a server says to who is not, or not any more, known to it (RFC 8555, section 6.7).
const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

impl Acme {
    /// A new certificate, kept already.
    pub(super) async fn order(&self, certificates: &Certificates) -> Result<Kept, AcmeError> {
        let account = self.account().await?;
        let domains: Vec<_> = self.domains.iter().cloned().map(Identifier::Dns).collect();
        let mut order = match account.new_order(&NewOrder::new(&domains)).await {
            Err(error) if is_of_no_account(&error) => {
                self.store.forget_account()?;
                return Err(error.into());
            }
            ordered => ordered?,
        };
        let proven = prove(&mut order, certificates).await;
        certificates.proven();
        proven?;
        let key = order.finalize().await?;
        let chain = order.poll_certificate(&PATIENCE).await?;
        self.store.keep_certificate(&chain, &key)
    }

    /// The account that is kept, else a new one.
    async fn account(&self) -> Result<Account, AcmeError> {
        let server = Account::builder_with_http(Box::new(self.client.clone()));
        if let Some(kept) = self.store.account()? {
            return Ok(server
                .from_credentials(serde_json::from_slice(&kept)?)
                .await?);
        }
        let contact: Vec<&str> = self.contact.as_deref().into_iter().collect();
        let wanted = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (account, credentials) = server.create(&wanted, self.directory.clone(), None).await?;
        self.store
            .keep_account(&serde_json::to_vec(&credentials)?)?;
        Ok(account)
    }
}

/// Whether the server knows the account no more, as after it was set up anew. Without a new one, no order would succeed again.
fn is_of_no_account(error: &instant_acme::Error) -> bool {
    match error {
        instant_acme::Error::Api(problem) => problem.r#type.as_deref() == Some(NO_ACCOUNT),
        _ => false,
    }
}

/// Shows what the server looks for, asks it to look, and waits until it has.
async fn prove(order: &mut Order, certificates: &Certificates) -> Result<(), AcmeError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Pending {
            prove_one(&mut authorization, certificates).await?;
        }
    }
    match order.poll_ready(&PATIENCE).await? {
        OrderStatus::Ready | OrderStatus::Valid => Ok(()),
        status => Err(not_proven(order, status).await),
    }
}

async fn prove_one<'a>(
    authorization: &'a mut AuthorizationHandle<'a>,
    certificates: &Certificates,
) -> Result<(), AcmeError> {
    let domain = authorization.identifier().to_string();
    let Some(mut challenge) = authorization.challenge(ChallengeType::TlsAlpn01) else {
        let problem = "the server does not look over TLS (tls-alpn-01)".to_owned();
        return Err(AcmeError::NotProven { domain, problem });
    };
    let proof = proof(&domain, &challenge.key_authorization())?;
    certificates.prove(&domain, proof);
    Ok(challenge.set_ready().await?)
}

/// A certificate of our own that holds what only the account's owner can know.
fn proof(domain: &str, secret: &KeyAuthorization) -> Result<Arc<CertifiedKey>, AcmeError> {
    let mut wanted = CertificateParams::new([domain.to_owned()])?;
    let secret = CustomExtension::new_acme_identifier(secret.digest().as_ref());
    wanted.custom_extensions.push(secret);
    let key = KeyPair::generate()?;
    let chain = vec![wanted.self_signed(&key)?.der().clone()];
    Ok(unchecked(chain, key.serialize_pem().as_bytes())?)
}

/// What the server says of the first domain that it did not find to be ours.
async fn not_proven(order: &mut Order, status: OrderStatus) -> AcmeError {
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        let mut challenges = authorization.challenges.iter();
        if let Some(problem) = challenges.find_map(|challenge| challenge.error.as_ref()) {
            return AcmeError::NotProven {
                domain: authorization.identifier().to_string(),
                problem: problem.to_string(),
            };
        }
    }
    AcmeError::Unreadable(format!("the order is {status:?}"))
}
