import type { EventDefinition } from './event.ts'
import * as account from './account-events.ts'
import * as assessment from './assessment-events.ts'
import * as audit from './audit-events.ts'
import * as backup from './backup-events.ts'
import * as change from './change-events.ts'
import * as client from './client-events.ts'
import * as detection from './detection-events.ts'
import * as directory from './directory-events.ts'
import * as grant from './grant-events.ts'
import * as incident from './incident-events.ts'
import * as ledger from './ledger-events.ts'
import * as monitoring from './monitoring-events.ts'
import * as platform from './platform-events.ts'
import * as provisioning from './provisioning-events.ts'
import * as reconciliation from './reconciliation-events.ts'
import * as signIn from './sign-in-events.ts'
import * as webhook from './webhook-events.ts'

/** Every module of events, by the names that they export. */
export const eventModules: readonly Readonly<Record<string, unknown>>[] = [
  account,
  assessment,
  audit,
  backup,
  change,
  client,
  detection,
  directory,
  grant,
  incident,
  ledger,
  monitoring,
  platform,
  provisioning,
  reconciliation,
  signIn,
  webhook,
]

const definitions = eventModules.flatMap((module) =>
  Object.values(module).filter(
    (value): value is EventDefinition =>
      typeof value === 'object' && value !== null && 'payload' in value,
  ),
)

/** Every event of the product, sorted by type: the source of `docs/events.md` and of the topics. */
export const eventCatalog: readonly EventDefinition[] = definitions.sort((a, b) =>
  a.type < b.type ? -1 : 1,
)

/** Every topic that the events of the product use, sorted. */
export const topics: readonly string[] = [...new Set(eventCatalog.map(({ topic }) => topic))].sort()
