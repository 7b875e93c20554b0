import { PersonalDataKeys, PersonalIndexKey } from '@erp-steward/service-kit/personal-data'
import { PublicUrl } from '@erp-steward/service-kit/public-url'
import { SealingKeys } from '@erp-steward/service-kit/seal'
import { WebhookPrivateNetworks, WebhookTargets } from '@erp-steward/service-kit/webhook-call'
import { Type, type Static } from 'typebox'
import { DirectoryConfig } from './company-directory/directory-config.ts'
import { LedgerKeys } from './audit/ledger-key.ts'

/** What identity reads from its environment beyond what every service needs. */
export const IdentityConfig = Type.Object({
  PUBLIC_URL: PublicUrl,
  SEALING_KEYS: SealingKeys,
  PERSONAL_DATA_KEYS: PersonalDataKeys,
  PERSONAL_INDEX_KEY: PersonalIndexKey,
  WEBHOOK_TARGETS: WebhookTargets,
  WEBHOOK_PRIVATE_NETWORKS: WebhookPrivateNetworks,
  LEDGER_KEYS: LedgerKeys,
  LEDGER_WITNESS_FILE: Type.String({
    description:
      'File outside the database that signed heads of the audit ledger are added to, one a minute at most; empty: none.',
    default: '',
  }),
  ...DirectoryConfig,
  LEDGER_ARCHIVE_FOLDER: Type.String({
    description:
      'Folder for the records that leave the audit ledger after `identity.log.online`, as signed files; empty: none leaves it.',
    default: '',
  }),
  ASSESSMENT_URL: Type.String({
    description:
      'Address of assessment, http(s)://host:port, which is asked for the heads of the ledger that it witnessed; empty: it is not asked.',
    pattern: '^(https?://[^/]+)?$',
    default: '',
  }),
})
export type IdentityConfig = Static<typeof IdentityConfig>
