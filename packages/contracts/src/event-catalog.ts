import type { EventDefinition } from './event.ts'
import * as assessment from './assessment-events.ts'
import * as backup from './backup-events.ts'
import * as change from './change-events.ts'
import * as identity from './identity-events.ts'
import * as incident from './incident-events.ts'
import * as monitoring from './monitoring-events.ts'
import * as platform from './platform-events.ts'

const definitions = [assessment, backup, change, identity, incident, monitoring, platform].flatMap(
  (module) =>
    Object.values(module).filter(
      (value): value is EventDefinition => typeof value === 'object' && 'payload' in value,
    ),
)

/** Every event of the product, sorted by type: the source of `docs/events.md` and of the topics. */
export const eventCatalog: readonly EventDefinition[] = definitions.sort((a, b) =>
  a.type < b.type ? -1 : 1,
)

/** Every topic that the events of the product use, sorted. */
export const topics: readonly string[] = [...new Set(eventCatalog.map(({ topic }) => topic))].sort()
