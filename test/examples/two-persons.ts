import { serviceNames, services, type ServiceName } from '@erp-steward/contracts/services'
import { firstOf, itemsOf, textOf, type Company } from './company.ts'
import type { Stage } from './stage.ts'

/** A parameter of each service: what asks more and is for one, and what asks less and is for two, one after the other. */
const PARAMETERS: Readonly<
  Record<
    ServiceName,
    { key: string; stricter?: unknown; looser: readonly [unknown, unknown, unknown] }
  >
> = {
  identity: {
    key: 'gateway.session.idle',
    stricter: 'PT10M',
    looser: ['PT12M', 'PT1H', 'PT90M'],
  },
  'incident-tiering': {
    key: 'incident.tier.l1.handover',
    stricter: { clock: 'working', within: 'PT1H' },
    looser: [
      { clock: 'working', within: 'PT90M' },
      { clock: 'working', within: 'PT8H' },
      { clock: 'working', workingDays: 3 },
    ],
  },
  'monitoring-ingest': {
    key: 'monitoring.alert.suppress',
    stricter: 'PT15M',
    looser: ['PT20M', 'PT2H', 'PT3H'],
  },
  'backup-orchestration': {
    key: 'backup.rto',
    stricter: 'PT3H',
    looser: ['PT210M', 'P1D', 'P2D'],
  },
  assessment: { key: 'assessment.grades.good', looser: [76, 70, 65] },
}

/** What one may do alone, what takes two, and what becomes of an event that could not be handled; in every service. */
export async function twoPersons(company: Company): Promise<void> {
  for (const name of serviceNames) await parameters(company, name)
  await deadLetters(company)
}

/** The name of a service as operations have it: `IncidentTiering`. */
function inOperations(name: ServiceName): string {
  return name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

async function parameters(company: Company, name: ServiceName): Promise<void> {
  const { play } = company
  const service = inOperations(name)
  const as = 'SECADM'
  const { key, stricter, looser } = PARAMETERS[name]
  const path = { key }
  await play.show(`list${service}Parameters`, 'What is in force', { as })
  await play.show(`read${service}Parameter`, 'One, with the version to change it by', { as, path })
  if (stricter !== undefined)
    await play.show(`set${service}Parameter`, 'What asks more is in force at once', {
      as,
      path,
      body: { unitId: null, value: stricter, reason: '审计整改要求。' },
    })
  const [agreed, refused, withdrawn] = looser
  const proposed = await play.show(`set${service}Parameter`, 'What asks less waits for another', {
    as,
    path,
    body: { unitId: null, value: agreed, reason: '试运行一个月后的调整。' },
  })
  const one = { id: textOf(proposed.body, 'id') }
  await play.show(`list${service}Proposals`, 'What waits', {
    as: 'AUDADM',
    query: { state: 'pending', limit: 10 },
  })
  await play.show(`read${service}Proposal`, 'What is proposed, by whom, and until when', {
    as: 'AUDADM',
    path: one,
  })
  await play.show(`list${service}ProposalAlarms`, 'What nobody could decide', { as: 'AUDADM' })
  await play.show(`approve${service}Proposal`, 'Another person agrees', {
    as: 'AUDADM',
    path: one,
    body: { reason: '同意。' },
  })
  const propose = async (value: unknown) => {
    const { body } = await play.call(`set${service}Parameter`, {
      as,
      path,
      body: { unitId: null, value, reason: '部门建议。' },
    })
    return { id: textOf(body, 'id') }
  }
  await play.show(`reject${service}Proposal`, 'Another person does not agree', {
    as: 'AUDADM',
    path: await propose(refused),
    body: { reason: '放宽幅度过大。' },
  })
  await play.show(`withdraw${service}Proposal`, 'Who proposed it thinks better of it', {
    as,
    path: await propose(withdrawn),
    body: { reason: '不再需要。' },
  })
}

async function deadLetters(company: Company): Promise<void> {
  const { play } = company
  // Signs in if need be, so that nothing else happens meanwhile.
  await play.call('listModules', { as: 'SYSADM' })
  await untakenEvents(play.stage, async () => {
    for (const [code, name] of [
      ['FA', '固定资产'],
      ['CM', '现金管理'],
    ] as const)
      await play.call('putModule', { as: 'SYSADM', path: { code }, body: { name } })
  })
  for (const name of serviceNames) {
    const service = inOperations(name)
    const as = 'SYSADM'
    const parked = await play.show(`list${service}DeadLetters`, 'Events that were not taken', {
      as,
      query: { state: 'parked', limit: 10 },
    })
    const [first, second] = itemsOf(parked)
    if (first === undefined || second === undefined)
      throw new Error(`${name} took what it should not`)
    await play.show(`replay${service}DeadLetter`, 'Once more, now that the cause is mended', {
      as,
      path: { eventId: textOf(first, 'eventId') },
      body: { reason: '表空间已扩容。' },
    })
    await play.show(`discard${service}DeadLetter`, 'To give one up takes another person', {
      as,
      path: { eventId: textOf(second, 'eventId') },
      body: { reason: '模块已停用，不再需要。' },
    })
    const waiting = await play.call(`list${service}Proposals`, {
      as: 'SECADM',
      query: { state: 'pending', limit: 1 },
    })
    await play.call(`reject${service}Proposal`, {
      as: 'SECADM',
      path: { id: textOf(firstOf(waiting), 'id') },
      body: { reason: '请改为重放。' },
    })
    await play.call(`replay${service}DeadLetter`, {
      as,
      path: { eventId: textOf(second, 'eventId') },
      body: { reason: '按安全管理员意见重放。' },
    })
  }
}

/** Whatever happens meanwhile reaches no service: their disks are full. */
async function untakenEvents({ services: running }: Stage, meanwhile: () => Promise<void>) {
  for (const [name, { db }] of running) {
    const { schema } = services[name]
    await db.query(`
      create function ${schema}.disk_full() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file "base/16401/16734": No space left on device'; end $$`)
    await db.query(`create trigger disk_full before insert on ${schema}.inbox
      for each statement execute function ${schema}.disk_full()`)
  }
  await meanwhile()
  for (const [name, { db }] of running)
    await db.query(`drop function ${services[name].schema}.disk_full() cascade`)
}
