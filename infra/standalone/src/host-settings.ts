import { AssessmentConfig } from '@erp-steward/assessment/config'
import { BackupConfig } from '@erp-steward/backup-orchestration/config'
import { serviceNames, type ServiceName } from '@erp-steward/contracts/services'
import { GatewayConfig, urlSettingOf } from '@erp-steward/gateway/config'
import { IdentityConfig } from '@erp-steward/identity/config'
import { IncidentConfig } from '@erp-steward/incident-tiering/config'
import { MonitoringConfig } from '@erp-steward/monitoring-ingest/config'
import type { TObject } from 'typebox'
import { StandaloneConfig } from './config.ts'

// Not taken from the registry: loading the services takes longer than saying that a setting is wrong.
const ofServices = {
  identity: IdentityConfig,
  'incident-tiering': IncidentConfig,
  'monitoring-ingest': MonitoringConfig,
  'backup-orchestration': BackupConfig,
  assessment: AssessmentConfig,
} as const satisfies Record<ServiceName, TObject>

/** The schemas of the host, the gateway and every service, by who reads them. */
export const settingsByReader: readonly (readonly [string, TObject])[] = [
  ['The host', StandaloneConfig],
  ['gateway', GatewayConfig],
  ...serviceNames.map((name) => [name, ofServices[name]] as const),
]

const key = Buffer.alloc(32).toString('base64')

/** What the host fills in itself, whatever the environment says: only its form matters here. */
export const filledIn: Readonly<Record<string, string>> = {
  HOST: '127.0.0.1',
  PORT: '0',
  INTERNAL_TOKEN: '-'.repeat(32),
  SEALING_KEYS: key,
  PERSONAL_DATA_KEYS: key,
  PERSONAL_INDEX_KEY: key,
  LEDGER_KEYS: '',
  ASSESSMENT_URL: '',
  ...Object.fromEntries(serviceNames.map((name) => [urlSettingOf(name), 'http://127.0.0.1:1'])),
}
