import { CreateDirectory1790000000000 } from './1790000000000-create-directory.ts'
import { CreateAccount1790000000100 } from './1790000000100-create-account.ts'
import { CreateProvisioningTask1790000000200 } from './1790000000200-create-provisioning-task.ts'
import { CreateCredential1790000001000 } from './1790000001000-create-credential.ts'
import { CreateScimProfile1790000098300 } from './1790000098300-create-scim-profile.ts'
import { CreateSession1790000001100 } from './1790000001100-create-session.ts'
import { CreateClient1790000001200 } from './1790000001200-create-client.ts'
import { CreateAuditLedger1790000001300 } from './1790000001300-create-audit-ledger.ts'
import { AdmitBackupAgent1790000001400 } from './1790000001400-admit-backup-agent.ts'
import { CreateStanding1790000010000 } from './1790000010000-create-standing.ts'
import { ProtectLedger1790000020000 } from './1790000020000-protect-ledger.ts'
import { HalveCredentials1790000010100 } from './1790000010100-halve-credentials.ts'
import { SealPerson1790000030000 } from './1790000030000-seal-person.ts'
import { SealUserName1790000030002 } from './1790000030002-seal-user-name.ts'
import { NameAdministrators1790000010200 } from './1790000010200-name-administrators.ts'
import { ShareAddress1790000010300 } from './1790000010300-share-address.ts'
import { AddBirthday1790000010301 } from './1790000010301-add-birthday.ts'
import { NoteHands1790000080100 } from './1790000080100-note-hands.ts'
import { NoteChange1790000090500 } from './1790000090500-note-change.ts'
import { CreatePersonImport1790000090600 } from './1790000090600-create-person-import.ts'
import { CreatePersonPlan1790000090700 } from './1790000090700-create-person-plan.ts'
import { IndexFailedPlans1790000092000 } from './1790000092000-index-failed-plans.ts'
import { AdmitDeliveryAgent1790000092100 } from './1790000092100-admit-delivery-agent.ts'
import { CheckImportsFirst1790000092200 } from './1790000092200-check-imports-first.ts'
import { CreateGrant1790000093100 } from './1790000093100-create-grant.ts'
import { BindTokens1790000094000 } from './1790000094000-bind-tokens.ts'
import { CreateSod1790000094100 } from './1790000094100-create-sod.ts'
import { AdmitFrontEnds1790000094200 } from './1790000094200-admit-front-ends.ts'
import { CreateReconciliation1790000095000 } from './1790000095000-create-reconciliation.ts'
import { CreateAccessRequest1790000095100 } from './1790000095100-create-access-request.ts'
import { TellEbsValidity1790000095200 } from './1790000095200-tell-ebs-validity.ts'
import { CreateAuditTask1790000097200 } from './1790000097200-create-audit-task.ts'
import { CopyHolidayYears1790000097000 } from './1790000097000-copy-holiday-years.ts'
import { TellViolations1790000096000 } from './1790000096000-tell-violations.ts'
import { CreateDeparture1790000097100 } from './1790000097100-create-departure.ts'
import { KeepEndedSessions1790000097110 } from './1790000097110-keep-ended-sessions.ts'
import { CreateSecondFactor1790000097120 } from './1790000097120-create-second-factor.ts'
import { CreateAccountCase1790000097300 } from './1790000097300-create-account-case.ts'
import { CreateApiKey1790000097730 } from './1790000097730-create-api-key.ts'
import { CreateAccessReview1790000099100 } from './1790000099100-create-access-review.ts'
import { KnowDevices1790000097130 } from './1790000097130-know-devices.ts'
import { CreateAccountSignal1790000099300 } from './1790000099300-create-account-signal.ts'
import { CreateEventWebhook1790000099800 } from './1790000099800-create-event-webhook.ts'
import { ArchiveLedger1790000099900 } from './1790000099900-archive-ledger.ts'
import { CreateAccountFinding1790000099200 } from './1790000099200-create-account-finding.ts'

/** In the order they run. */
export const migrations = [
  CreateDirectory1790000000000,
  CreateAccount1790000000100,
  CreateProvisioningTask1790000000200,
  CreateCredential1790000001000,
  CreateSession1790000001100,
  CreateClient1790000001200,
  CreateAuditLedger1790000001300,
  AdmitBackupAgent1790000001400,
  CreateStanding1790000010000,
  ProtectLedger1790000020000,
  HalveCredentials1790000010100,
  SealPerson1790000030000,
  SealUserName1790000030002,
  NameAdministrators1790000010200,
  ShareAddress1790000010300,
  AddBirthday1790000010301,
  NoteHands1790000080100,
  NoteChange1790000090500,
  CreatePersonImport1790000090600,
  CreatePersonPlan1790000090700,
  IndexFailedPlans1790000092000,
  AdmitDeliveryAgent1790000092100,
  CheckImportsFirst1790000092200,
  CreateGrant1790000093100,
  BindTokens1790000094000,
  CreateSod1790000094100,
  AdmitFrontEnds1790000094200,
  CreateReconciliation1790000095000,
  CreateAccessRequest1790000095100,
  TellEbsValidity1790000095200,
  TellViolations1790000096000,
  CopyHolidayYears1790000097000,
  CreateDeparture1790000097100,
  KeepEndedSessions1790000097110,
  CreateSecondFactor1790000097120,
  CreateAuditTask1790000097200,
  CreateAccountCase1790000097300,
  CreateApiKey1790000097730,
  CreateScimProfile1790000098300,
  CreateAccessReview1790000099100,
  KnowDevices1790000097130,
  CreateAccountSignal1790000099300,
  CreateEventWebhook1790000099800,
  ArchiveLedger1790000099900,
  CreateAccountFinding1790000099200,
]
