import type { EventOf } from '@erp-steward/contracts/event'
import { GateAnswered } from '@erp-steward/contracts/backup-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import type { LightMyRequestResponse as Response } from 'fastify'
import { randomUUID } from 'node:crypto'
import { create, send } from '@erp-steward/test-kit/requests'
import { after } from '@erp-steward/test-kit/instants'
import { tell } from '@erp-steward/test-kit/tell'
import {
  OTHER_UNIT,
  tellOfPerson,
  tellOfStanding,
  UNIT,
} from '@erp-steward/test-kit/tell-of-company'
import { caller, type Caller } from '@erp-steward/test-kit/tokens'
import { authority, fillDirectory, incidentStage, nominate } from '../incident-stage.ts'

/** A Tuesday, 21:00 in China: in the shipped window of minor changes, outside any freeze. */
export const TUESDAY_NIGHT = new Date('2026-03-10T13:00:00Z')
/** A Saturday, 21:00 in China: in the shipped window of major changes. */
export const SATURDAY_NIGHT = new Date('2026-03-14T13:00:00Z')
export const SYSTEM = 'EBS-PROD'

/** People of UNIT, which asks. */
const ofUnit = ['requester', 'owner', 'deputy', 'leaver'] as const
/** People of another unit. */
const ofOthers = ['second', 'authority', 'provider', 'foreign'] as const
export type Part = (typeof ofUnit)[number] | (typeof ofOthers)[number]

/** A stage with the people of a change, and how each of them calls. */
export interface ChangeStage {
  readonly stage: TestService
  readonly people: Readonly<Record<Part, string>>
  readonly as: Readonly<Record<Part, Caller>>
}

/**
 * `requester`: tier 1 of GL; `owner`: business owner of the unit; `second`: tier 2 of GL; `authority`: O&M authority;
 * `provider`: the executor; `deputy`, `leaver`: of the unit, hold every role and duty; `foreign`: owner and key user of
 * another unit.
 */
export async function changeStage(): Promise<ChangeStage> {
  const stage = await incidentStage()
  const people = {
    ...(await fillDirectory(stage, ...ofUnit)),
    ...(await peopleOf(stage, OTHER_UNIT, ...ofOthers)),
  }
  for (const part of ofUnit) await standing(stage, people[part])
  await nominate(stage, people.requester, { tier: 'L1' })
  await nominate(stage, people.second, { tier: 'L2' })
  await nominate(stage, people.foreign, { tier: 'L1', unitId: OTHER_UNIT })
  for (const tier of ['L1', 'L2'] as const) {
    await nominate(stage, people.deputy, { tier })
    await nominate(stage, people.leaver, { tier })
  }
  return {
    stage,
    people,
    as: {
      requester: caller({
        roles: ['KEY_USER'],
        person: people.requester,
        unit: UNIT,
        range: 'unit',
      }),
      owner: caller({ roles: ['BUSINESS_OWNER'], person: people.owner, unit: UNIT }),
      second: caller({
        roles: ['KEY_USER'],
        person: people.second,
        unit: OTHER_UNIT,
        range: 'unit',
      }),
      authority: caller({
        roles: ['OM_AUTHORITY'],
        person: people.authority,
        unit: OTHER_UNIT,
      }),
      provider: caller({ roles: ['OM_PROVIDER'], person: people.provider, unit: OTHER_UNIT }),
      deputy: almighty(people.deputy),
      leaver: almighty(people.leaver),
      foreign: caller({
        roles: ['BUSINESS_OWNER', 'KEY_USER'],
        person: people.foreign,
        unit: OTHER_UNIT,
        range: 'unit',
      }),
    },
  }
}

/** A caller with every role that has to do with changes. */
export function almighty(person: string, unit: string = UNIT): Caller {
  return caller({
    roles: ['OM_AUTHORITY', 'BUSINESS_OWNER', 'KEY_USER', 'OM_PROVIDER'],
    person,
    unit,
  })
}

/** People who were always of that unit. */
export async function peopleOf<Name extends string>(
  stage: TestService,
  unitId: string,
  ...names: readonly Name[]
): Promise<Record<Name, string>> {
  const people = Object.fromEntries(names.map((name) => [name, randomUUID()])) as Record<
    Name,
    string
  >
  for (const name of names) {
    await tellOfPerson(stage, people[name], { name, unitId })
    await standing(stage, people[name])
  }
  return people
}

/** Identity says which roles a person has; every one of those that have to do with changes unless said otherwise. */
export async function standing(
  stage: TestService,
  personId: string,
  roles: readonly string[] = ['OM_AUTHORITY', 'BUSINESS_OWNER', 'KEY_USER', 'OM_PROVIDER'],
  accountStatus: 'active' | 'frozen' = 'active',
): Promise<void> {
  await tellOfStanding(stage, personId, { accountStatus, roles })
}

export interface ChangeNow {
  readonly id: string
  readonly number: string
  readonly version: number
  readonly state: string
  readonly askId: string | null
  readonly [member: string]: unknown
}

/** The body of a minor change of a report of GL in UNIT; needs no backup. */
export function minorChange({ people }: ChangeStage): Record<string, unknown> {
  return {
    kind: 'report',
    class: 'minor',
    title: 'Trial balance by department',
    description: 'A new column.',
    unitId: UNIT,
    moduleCode: 'GL',
    systemCode: null,
    plannedStart: '2026-03-10T12:00:00Z',
    plannedEnd: '2026-03-10T14:00:00Z',
    implementationPlan: 'Deploy the template.',
    rollbackPlan: 'Deploy the template of before.',
    rollbackOwnerPersonId: people.authority,
    testEvidence: null,
    riskAssessment: 'None to postings.',
    executorPersonId: people.provider,
  }
}

/** The body of a major upgrade of SYSTEM; the gate is asked before it starts. */
export function upgrade(all: ChangeStage): Record<string, unknown> {
  return {
    ...minorChange(all),
    kind: 'upgrade',
    class: 'major',
    title: 'AD and TXK delta',
    systemCode: SYSTEM,
    testEvidence: 'TEST-4711',
    plannedStart: '2026-03-14T12:00:00Z',
    plannedEnd: '2026-03-14T22:00:00Z',
  }
}

export async function submit(
  { stage, as }: ChangeStage,
  body: Record<string, unknown>,
  by: Part | Caller = 'requester',
): Promise<ChangeNow> {
  const headers = typeof by === 'string' ? as[by] : by
  const answer = await create(stage, '/v1/changes', headers, body)
  if (answer.statusCode !== 201) throw new Error(answer.body)
  return answer.json()
}

/** The change as the O&M authority, who sees all, reads it. */
export async function read({ stage }: ChangeStage, { id }: { id: string }): Promise<ChangeNow> {
  const answer = await send(stage, 'GET', `/v1/changes/${id}`, authority())
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

/** Does something to the change as it is now. */
export async function act(
  all: ChangeStage,
  change: { id: string },
  verb: string,
  by: Part | Caller,
  payload?: object,
): Promise<Response> {
  const { version } = await read(all, change)
  return actAt(all, change, version, verb, by, payload)
}

/** Does something under a version that was read before; `amend` is the PATCH. */
export async function actAt(
  { stage, as }: ChangeStage,
  { id }: { id: string },
  version: number,
  verb: string,
  by: Part | Caller,
  payload?: object,
): Promise<Response> {
  const headers = { 'if-match': `"${String(version)}"`, ...(typeof by === 'string' ? as[by] : by) }
  return verb === 'amend'
    ? send(stage, 'PATCH', `/v1/changes/${id}`, headers, payload)
    : send(stage, 'POST', `/v1/changes/${id}/${verb}`, headers, payload)
}

/** `act` that must succeed. */
export async function must(...args: Parameters<typeof act>): Promise<ChangeNow> {
  const answer = await act(...args)
  if (answer.statusCode >= 300) throw new Error(answer.body)
  return answer.json()
}

export const unit = { stage: 'unit', comment: null } as const
export const company = { stage: 'company', comment: 'Agreed.' } as const

/** Submits and has both stages approved. */
export async function approved(
  all: ChangeStage,
  body: Record<string, unknown>,
): Promise<ChangeNow> {
  const change = await submit(all, body)
  await must(all, change, 'approve', 'owner', unit)
  const by = body.kind === 'upgrade' || body.kind === 'migration' ? 'authority' : 'second'
  return must(all, change, 'approve', by, company)
}

/** An approved upgrade whose executor has asked the gate, in the window of major changes. */
export async function asking(all: ChangeStage): Promise<ChangeNow & { askId: string }> {
  const change = await approved(all, upgrade(all))
  all.stage.now = SATURDAY_NIGHT
  const { askId, ...rest } = await must(all, change, 'start', 'provider')
  if (askId === null) throw new Error('the gate was not asked')
  return { ...rest, askId }
}

/** An open answer to the question, valid for ten minutes; every member can be replaced. */
export function answerTo(
  { stage }: ChangeStage,
  { id, askId }: { id: string; askId: string },
  changes: Partial<EventOf<typeof GateAnswered>['data']> = {},
): EventOf<typeof GateAnswered>['data'] {
  return {
    askId,
    changeId: id,
    systemCode: SYSTEM,
    isOpen: true,
    reasons: [],
    backupRunIds: [randomUUID()],
    answeredAt: stage.now.toISOString(),
    validUntil: after(stage.now, 600_000).toISOString(),
    ...changes,
  }
}

export async function answer(
  { stage }: ChangeStage,
  data: EventOf<typeof GateAnswered>['data'],
): Promise<string> {
  return tell(stage, GateAnswered, data.changeId, data)
}

/** The lines of the change's timeline, oldest first. */
export async function lines(
  { stage }: ChangeStage,
  { id }: { id: string },
): Promise<{ kind: string; text: string }[]> {
  const response = await send(stage, 'GET', `/v1/changes/${id}/timeline`, authority())
  return response.json<{ items: { kind: string; text: string }[] }>().items
}
