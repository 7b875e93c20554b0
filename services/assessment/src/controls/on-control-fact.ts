import { eventCatalog } from '@erp-steward/contracts/event-catalog'
import { ParameterVersionSet, ServiceAlive } from '@erp-steward/contracts/platform-events'
import { on, onMany, type Subscription } from '@erp-steward/messaging/consumer'
import { register } from './rules/register/all.ts'
import { takeFacts } from './take-facts.ts'

const named = new Set(register.flatMap(({ touches }) => touches.map(({ event }) => event)))
const freshness = new Set(
  register.flatMap(({ freshFor }) =>
    freshFor !== null && 'parameter' in freshFor ? [freshFor.parameter as string] : [],
  ),
)

/** Every event that the register names, whichever service states it. */
const onControlFact = onMany(
  eventCatalog.filter(({ type }) => named.has(type)),
  (tx, deliveries) => takeFacts(tx, register, deliveries),
)

/** A service runs. An old word that arrives late does not make it heard later than it spoke. */
const onServiceAlive = on(ServiceAlive, async (tx, { data, time }, { now }) => {
  const at = new Date(time)
  await tx.query(
    `insert into control_collector as held (service, heard_at) values ($1, $2)
     on conflict on constraint control_collector_pkey do update set heard_at = excluded.heard_at
       where held.heard_at < excluded.heard_at`,
    [data.service, at < now ? at : now],
  )
})

/** How fresh a proof must be was set anew, by the service that enforces it. */
const onParameterVersionSet = on(ParameterVersionSet, async (tx, { data }) => {
  if (data.unitId !== null || !freshness.has(data.key)) return
  await tx.query(
    `insert into control_parameter (key, version, value, valid_from) values ($1, $2, $3, $4)
     on conflict on constraint control_parameter_pkey do nothing`,
    [data.key, data.version, JSON.stringify(data.value), data.validFrom],
  )
})

/** What the control register listens to. */
export const controlSubscriptions: readonly Subscription[] = [
  onControlFact,
  onServiceAlive,
  onParameterVersionSet,
]
