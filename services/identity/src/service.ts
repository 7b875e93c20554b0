import type { Act } from '@erp-steward/contracts/act'
import { HolidayYearLoaded } from '@erp-steward/contracts/incident-events'
import { on } from '@erp-steward/messaging/consumer'
import { keepHolidayYear } from '@erp-steward/service-kit/holiday-years'
import { createPersonalData, holdPersonalData } from '@erp-steward/service-kit/personal-data'
import { createSeal } from '@erp-steward/service-kit/seal'
import { defineService, type Dependencies } from '@erp-steward/service-kit/service'
import { AccountEntity } from './accounts/account.ts'
import { AccountChangeEntity } from './accounts/account-change.ts'
import { accountChangesWaiting } from './accounts/changes-waiting.ts'
import { StandingEntity } from './accounts/standing.ts'
import { stateUnstated } from './accounts/state-standing.ts'
import { stateUnnamedAdministrators } from './accounts/administrator-role.ts'
import { accountRoutes } from './accounts/routes.ts'
import { ApiKeyEntity } from './api-keys/api-key.ts'
import { keyHalvesWaiting } from './api-keys/keys-waiting.ts'
import { apiKeyRoutes } from './api-keys/routes.ts'
import { identityAttention } from './attention.ts'
import { anchorLedger } from './audit/anchor-ledger.ts'
import { archiveLedger, destroyArchives } from './audit/archive-ledger.ts'
import { assessmentWitness } from './audit/assessment-witness.ts'
import { AuditAnchorEntity, AuditHeadEntity, AuditRecordEntity } from './audit/audit-record.ts'
import { AuditSealEntity, sealWitness } from './audit/audit-seal.ts'
import { LedgerArchiveEndEntity, LedgerArchiveEntity } from './audit/ledger-archive.ts'
import { createLedgerSigner } from './audit/ledger-key.ts'
import { onEveryFact } from './audit/on-every-fact.ts'
import { auditRoutes } from './audit/routes.ts'
import { sealLedger } from './audit/seal-ledger.ts'
import { verifyLedger, type Verification } from './audit/verify-ledger.ts'
import { verifyNightly } from './audit/verify-nightly.ts'
import { fileWitness, followSeals } from './audit/witness-file.ts'
import { AuditItemEntity } from './audits/audit-item.ts'
import { AuditTaskEntity } from './audits/audit-task.ts'
import { openDueAudit } from './audits/open-audit.ts'
import { auditTaskRoutes } from './audits/routes.ts'
import { ClientControllerEntity } from './clients/client-controller.ts'
import { ClientAssertionEntity, ClientKeyEntity } from './clients/client-key.ts'
import { ClientEntity } from './clients/client.ts'
import { clientKeysWaiting } from './clients/client-keys-waiting.ts'
import { clientRoutes } from './clients/routes.ts'
import { secretHalvesWaiting } from './clients/secrets-waiting.ts'
import { companyDirectory } from './company-directory/company-directory.ts'
import { IdentityConfig } from './config.ts'
import { CredentialEntity } from './credentials/credential.ts'
import { CredentialResetEntity } from './credentials/credential-reset.ts'
import { checkSignInRules } from './credentials/check-sign-in-rules.ts'
import { passwordHalvesWaiting } from './credentials/halves-waiting.ts'
import { registerPasswordMetrics } from './credentials/password-metrics.ts'
import { credentialRoutes } from './credentials/routes.ts'
import { KnownDeviceEntity } from './credentials/known-device.ts'
import { SignInGuardEntity } from './credentials/sign-in-guard.ts'
import { AbsenceEntity } from './detection/absence.ts'
import { absenceRoutes } from './detection/absence-routes.ts'
import { AccountCaseEntity } from './detection/account-case.ts'
import { AccountSignalEntity } from './detection/account-signal.ts'
import { listNetwork, NetworkEntity } from './detection/network.ts'
import { networkRoutes } from './detection/network-routes.ts'
import { watchAccounts } from './detection/watch-accounts.ts'
import { onSigns } from './detection/on-signs.ts'
import { detectionRoutes } from './detection/routes.ts'
import { DepartureEntity } from './departures/departure.ts'
import { departureRoutes } from './departures/routes.ts'
import { watchDepartures } from './departures/watch-departures.ts'
import { eventStreamRoutes } from './event-stream/routes.ts'
import { deliverEvents, forgetDeliveries } from './event-webhooks/deliver-events.ts'
import { EventDeliveryEntity, EventWebhookEntity } from './event-webhooks/event-webhook.ts'
import { registeringWebhook } from './event-webhooks/register-webhook.ts'
import { eventWebhookRoutes } from './event-webhooks/routes.ts'
import { feedRoutes } from './feed/routes.ts'
import { AccessRequestEntity } from './access-requests/access-request.ts'
import { accessRequestsWaiting } from './access-requests/requests-waiting.ts'
import { accessRequestRoutes } from './access-requests/routes.ts'
import { AccessGrantEntity } from './grants/access-grant.ts'
import { expireGrants } from './grants/end-grant.ts'
import { grantRoutes } from './grants/routes.ts'
import { forgetImports, importPart } from './imports/import-part.ts'
import {
  PersonImportEntity,
  PersonImportNoteEntity,
  PersonImportPartEntity,
} from './imports/person-import.ts'
import { importRoutes } from './imports/routes.ts'
import { migrations } from './migrations/all.ts'
import { DepartmentEntity } from './organisation/department.ts'
import { ModuleEntity } from './organisation/module.ts'
import { PositionVersionEntity } from './organisation/position-version.ts'
import { PositionEntity } from './organisation/position.ts'
import { narrowDuties } from './organisation/narrow-duties.ts'
import { organisationRoutes } from './organisation/routes.ts'
import { unitExists } from './organisation/unit-exists.ts'
import { UnitEntity } from './organisation/unit.ts'
import { takeLeave } from './people/leave-person.ts'
import { PersonEntity } from './people/person.ts'
import { PersonHandEntity } from './people/person-hand.ts'
import { NamesakeEntity, SharedAddressEntity } from './people/twin.ts'
import { personRoutes } from './people/routes.ts'
import { sealInClear } from './people/seal-in-clear.ts'
import { stateSealing } from './people/state-sealing.ts'
import { PersonPlanEntity } from './plans/person-plan.ts'
import { planRoutes } from './plans/routes.ts'
import { simulationRoutes } from './plans/simulation-routes.ts'
import { takePlan } from './plans/take-plan.ts'
import { ProvisioningTaskEntity } from './provisioning/provisioning-task.ts'
import { provisioningRoutes } from './provisioning/routes.ts'
import { grantException, SodExceptionEntity } from './sod/exception.ts'
import { findViolationsNightly, SodViolationEntity } from './sod/find-violations.ts'
import { scimRoutes } from './scim/routes.ts'
import { ScimProfileEntity } from './scim/scim-profile.ts'
import { sodRoutes } from './sod/routes.ts'
import { changeRules, SodCarrierEntity, SodPairEntity, SodRuleSetEntity } from './sod/rule-set.ts'
import { compareUpload } from './reconciliation/compare-upload.ts'
import { EbsFindingEntity } from './reconciliation/ebs-finding.ts'
import {
  EbsUploadEntity,
  EbsUploadPartEntity,
  EbsUserSeenEntity,
} from './reconciliation/ebs-upload.ts'
import { forgetUploads } from './reconciliation/forget-uploads.ts'
import { reconciliationRoutes } from './reconciliation/routes.ts'
import { uploadRoutes } from './reconciliation/upload-routes.ts'
import { stateSilence } from './reconciliation/upload-silent.ts'
import { accountSessionRoutes } from './sessions/account-session-routes.ts'
import { FactorGuardEntity } from './second-factor/factor-guard.ts'
import { RecoveryCodeEntity } from './second-factor/recovery-code.ts'
import { secondFactorRoutes } from './second-factor/routes.ts'
import { SecondFactorEntity } from './second-factor/second-factor.ts'
import { AccountFindingEntity, AccountUseEntity } from './account-findings/account-finding.ts'
import { handleDormant } from './account-findings/handle-dormant.ts'
import { lookOverAccounts } from './account-findings/look-over-accounts.ts'
import { accountFindingRoutes } from './account-findings/routes.ts'
import { ReviewEntity, ReviewItemEntity } from './reviews/access-review.ts'
import { ReviewerEntity } from './reviews/access-reviewer.ts'
import { closeReviews } from './reviews/close-reviews.ts'
import { openDueReviews } from './reviews/open-review.ts'
import { accessReviewsWaiting } from './reviews/reviews-waiting.ts'
import { reviewRoutes } from './reviews/routes.ts'
import { endLapsedSessions } from './sessions/end-lapsed-sessions.ts'
import { forgetEndedSessions } from './sessions/forget-ended-sessions.ts'
import { publishedKey } from './sessions/published-keys.ts'
import { RefreshTokenEntity } from './sessions/refresh-token.ts'
import { refuseRevoked } from './sessions/refuse-revoked.ts'
import { renewSigningKey } from './sessions/renew-signing-key.ts'
import { RevocationEntity } from './sessions/revocation.ts'
import { sessionRoutes } from './sessions/routes.ts'
import { SessionEntity } from './sessions/session.ts'
import { SigningKeyEntity } from './sessions/signing-key.ts'
import {
  createJwsWriter,
  createKeyInForce,
  createTokenSigner,
  createTokenWriter,
} from './sessions/token-signer.ts'
import { AuthorizationCodeEntity } from './tokens/authorization-code.ts'
import { frontEndRoutes } from './tokens/front-end-routes.ts'
import { createIdTokenSigner } from './tokens/id-token.ts'
import { tokenRoutes } from './tokens/routes.ts'

/** Deadlines in working days count by it; nothing waits for it. */
const onHolidayYearLoaded = on(HolidayYearLoaded, keepHolidayYear)

/** Who there is, who may do what, who is signed in, and the ledger of everything that happened. */
export const identity = defineService({
  name: 'identity',
  title: 'ERP Steward: identity',
  examples: new URL('./examples.json', import.meta.url),
  config: IdentityConfig,
  entities: [
    UnitEntity,
    DepartmentEntity,
    PositionEntity,
    PositionVersionEntity,
    ModuleEntity,
    PersonEntity,
    PersonHandEntity,
    SharedAddressEntity,
    NamesakeEntity,
    PersonPlanEntity,
    DepartureEntity,
    PersonImportEntity,
    PersonImportPartEntity,
    PersonImportNoteEntity,
    AccountEntity,
    AccountChangeEntity,
    AccessGrantEntity,
    AccessRequestEntity,
    AccountUseEntity,
    AccountFindingEntity,
    ReviewerEntity,
    ReviewEntity,
    ReviewItemEntity,
    SodRuleSetEntity,
    SodPairEntity,
    SodCarrierEntity,
    SodExceptionEntity,
    SodViolationEntity,
    StandingEntity,
    AccountCaseEntity,
    AccountSignalEntity,
    NetworkEntity,
    AbsenceEntity,
    ProvisioningTaskEntity,
    ScimProfileEntity,
    EbsUploadEntity,
    EbsUploadPartEntity,
    EbsUserSeenEntity,
    EbsFindingEntity,
    CredentialEntity,
    CredentialResetEntity,
    KnownDeviceEntity,
    SignInGuardEntity,
    SecondFactorEntity,
    RecoveryCodeEntity,
    FactorGuardEntity,
    SessionEntity,
    RefreshTokenEntity,
    AuthorizationCodeEntity,
    RevocationEntity,
    SigningKeyEntity,
    ClientEntity,
    ClientControllerEntity,
    ClientKeyEntity,
    ClientAssertionEntity,
    ApiKeyEntity,
    AuditRecordEntity,
    AuditHeadEntity,
    AuditAnchorEntity,
    AuditSealEntity,
    LedgerArchiveEntity,
    LedgerArchiveEndEntity,
    AuditTaskEntity,
    EventWebhookEntity,
    EventDeliveryEntity,
    AuditItemEntity,
  ],
  migrations,
  onlyGrow: [
    'audit_record',
    'audit_archive',
    'audit_archive_end',
    'audit_anchor',
    'audit_seal',
    'person_hand',
    'position_version',
  ],
  onlyRead: ['audit_head'],
  async routes(app, deps) {
    const { db, clock, config, internalToken } = deps
    const { PERSONAL_DATA_KEYS, PERSONAL_INDEX_KEY } = config
    holdPersonalData(db, createPersonalData(PERSONAL_DATA_KEYS, PERSONAL_INDEX_KEY))
    const seal = createSeal(config.SEALING_KEYS)
    const directory = companyDirectory(config)
    const writeJws = createJwsWriter(seal)
    const write = createTokenWriter(writeJws, config.PUBLIC_URL)
    const keyInForce = createKeyInForce(seal)
    const sign = createTokenSigner(keyInForce, write)
    refuseRevoked(app, db)
    organisationRoutes(app, { db, clock })
    personRoutes(app, { db, clock })
    planRoutes(app, { db, clock })
    simulationRoutes(app, { db, clock })
    departureRoutes(app, { db, clock })
    await importRoutes(app, { db, clock })
    accountRoutes(app, { db, clock })
    detectionRoutes(app, { db, clock })
    networkRoutes(app, { db, clock })
    absenceRoutes(app, { db, clock })
    grantRoutes(app, { db, clock })
    accessRequestRoutes(app, { db, clock })
    reviewRoutes(app, { db, clock })
    accountFindingRoutes(app, { db, clock })
    sodRoutes(app, { db, clock })
    provisioningRoutes(app, { db, clock })
    await uploadRoutes(app, { db, clock })
    reconciliationRoutes(app, { db, clock })
    credentialRoutes(app, { db, clock, directory })
    registerPasswordMetrics(app)
    sessionRoutes(app, { db, clock, sign, seal, directory })
    accountSessionRoutes(app, { db, clock })
    secondFactorRoutes(app, { db, clock, means: { seal, directory } })
    clientRoutes(app, { db, clock })
    apiKeyRoutes(app, { db, clock, sign, write })
    const issuer = config.PUBLIC_URL
    await scimRoutes(app, { db, clock, base: `${issuer}/scim/v2` })
    const keyFor = publishedKey(db, clock)
    const signIdToken = createIdTokenSigner(keyInForce, writeJws, issuer)
    await tokenRoutes(app, { db, clock, issuer, sign, write, signIdToken, keyFor, internalToken })
    await frontEndRoutes(app, { db, clock, issuer, means: { seal, directory } })
    feedRoutes(app, { db })
    const targets = config.WEBHOOK_TARGETS
    eventWebhookRoutes(app, { db, clock, seal, targets, registering: registeringWebhook(targets) })
    auditTaskRoutes(app, { db, clock, signer: signerOf(config) })
    eventStreamRoutes(app, { db, clock, log: deps.log })
    auditRoutes(app, { db, clock, signer: signerOf(config), verify: ledgerVerification(deps) })
  },
  subscriptions: () => [onEveryFact, ...onSigns, onHolidayYearLoaded],
  tasks: (deps) => [
    takeLeave,
    takePlan,
    watchDepartures,
    expireGrants,
    lookOverAccounts,
    handleDormant,
    openDueReviews,
    closeReviews,
    findViolationsNightly,
    watchAccounts,
    importPart,
    forgetImports,
    compareUpload,
    forgetUploads,
    stateSilence,
    stateUnstated,
    stateSealing,
    stateUnnamedAdministrators,
    checkSignInRules,
    endLapsedSessions,
    forgetEndedSessions,
    renewSigningKey(createSeal(deps.config.SEALING_KEYS)),
    anchorLedger,
    openDueAudit,
    archiveLedger(deps.db, signerOf(deps.config), deps.config.LEDGER_ARCHIVE_FOLDER, deps.clock),
    destroyArchives(deps.config.LEDGER_ARCHIVE_FOLDER),
    deliverEvents(createSeal(deps.config.SEALING_KEYS), {
      targets: deps.config.WEBHOOK_TARGETS,
      privateNetworks: deps.config.WEBHOOK_PRIVATE_NETWORKS,
    }),
    forgetDeliveries,
    sealLedger(signerOf(deps.config)),
    verifyNightly(ledgerVerification(deps)),
  ],
  // Before the first request: what lies in clear or under an older key could not be found.
  async start({ db, clock, config, log }) {
    await sealInClear(db, clock())
    return followSeals(db, config.LEDGER_WITNESS_FILE, log)
  },
  // UTC; 16:05 is 00:05 in China.
  crontab: [
    '* * * * * end-lapsed-sessions',
    '* * * * * expire-grants',
    '* * * * * state-unstated',
    '* * * * * close-access-reviews',
    '* * * * * seal-ledger',
    '3 * * * * check-sign-in-rules',
    '4 * * * * watch-accounts',
    '*/10 * * * * watch-departures',
    '5 16 * * * anchor-ledger',
    '25 17 * * * archive-ledger',
    '50 17 * * * destroy-archives',
    '15 0 * * * open-audit ?fill=1d',
    '44 17 * * * forget-event-deliveries',
    '35 16 * * * verify-ledger ?fill=1d',
    '15 16 * * * find-sod-violations ?fill=1d',
    '20 16 * * * open-access-reviews ?fill=1d',
    '25 16 * * * look-over-accounts ?fill=1d',
    '10 16 * * * state-unnamed-administrators',
    '30 17 * * * forget-ended-sessions',
    '40 17 * * * forget-imports',
    '42 17 * * * forget-ebs-uploads',
    '30 1 * * * state-ebs-silence',
    '45 17 * * * renew-signing-key',
    '20 17 * * * state-sealing',
  ].join('\n'),
  waits: [
    accountChangesWaiting,
    accessRequestsWaiting,
    accessReviewsWaiting,
    passwordHalvesWaiting,
    secretHalvesWaiting,
    keyHalvesWaiting,
    clientKeysWaiting,
  ],
  proposals: ({ config }) => [
    narrowDuties,
    changeRules,
    grantException,
    listNetwork,
    registeringWebhook(config.WEBHOOK_TARGETS),
  ],
  attention: identityAttention,
  unitExists,
  // Its own table: no request to itself, and no stale copy.
  keys: ({ db, clock }) => publishedKey(db, clock),
})

const signerOf = ({ LEDGER_KEYS, SEALING_KEYS }: IdentityConfig) =>
  createLedgerSigner(LEDGER_KEYS, SEALING_KEYS)

/** The check of the ledger against all its witnesses, as the settings are when it is done. */
function ledgerVerification({
  db,
  config,
  internalToken,
}: Dependencies<IdentityConfig>): (act: Act) => Promise<Verification> {
  const signer = signerOf(config)
  return (act) =>
    verifyLedger(
      db,
      signer,
      [
        sealWitness(db),
        fileWitness(config.LEDGER_WITNESS_FILE),
        assessmentWitness(config.ASSESSMENT_URL, internalToken),
      ],
      act,
    )
}
