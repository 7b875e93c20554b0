import type { Act } from '@erp-steward/contracts/act'
import { WaitRunningOut, WaitUndecidable } from '@erp-steward/contracts/platform-events'
import { on } from '@erp-steward/messaging/consumer'
import type { EntityManager } from 'typeorm'
import { authorities, securityAdministrators } from '../key-users/people-in-charge.ts'
import { tellPeople } from './notify.ts'
import { waitMessage, type Waiting } from './rules/message.ts'

/** Nobody can decide something, in whatever service it waits: those who can give somebody the right are told. */
export const onWaitUndecidable = on(WaitUndecidable, (tx, { data }, act) =>
  tellInCharge(tx, 'undecidable', data, data.foundAt, act),
)

/** It ends undecided soon. */
export const onWaitRunningOut = on(WaitRunningOut, (tx, { data }, act) =>
  tellInCharge(tx, 'running-out', data, data.warnedAt, act),
)

async function tellInCharge(
  tx: EntityManager,
  occasion: 'undecidable' | 'running-out',
  waiting: Waiting,
  at: string,
  act: Act,
) {
  const recipients = [...(await authorities(tx)), ...(await securityAdministrators(tx))]
  const message = waitMessage(occasion, waiting)
  const key = `/${waiting.service}/${waiting.kind}/${waiting.subject}`
  await tellPeople(tx, { occasion, message, recipients, key, at: new Date(at) }, act)
}
