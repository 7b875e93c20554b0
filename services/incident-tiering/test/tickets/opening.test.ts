import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { create } from '@erp-steward/test-kit/requests'
import { HOUR } from '@erp-steward/test-kit/instants'
import { eventOf, tell } from '@erp-steward/test-kit/tell'
import { OTHER_UNIT, tellOfStanding, UNIT } from '@erp-steward/test-kit/tell-of-company'
import {
  act,
  clock,
  clocks,
  emptyStage,
  endUser,
  facts,
  factsOf,
  fault,
  fillDirectory,
  incidentStage,
  keyUser,
  MONDAY,
  nominate,
  open,
  read,
  timeline,
} from '../incident-stage.ts'
import {
  AlertFiring,
  AlertResolved,
  InspectionFindingRaised,
} from '@erp-steward/contracts/monitoring-events'

let stage: TestService
let people: Record<'user' | 'first' | 'second' | 'third', string>
const named = ['user', 'first', 'second', 'third'] as const

describe('with every tier staffed', () => {
  beforeAll(async () => {
    stage = await incidentStage()
    people = await fillDirectory(stage, ...named)
    await nominate(stage, people.first, { tier: 'L1' })
    await nominate(stage, people.second, { tier: 'L2' })
    await nominate(stage, people.third, { tier: 'L3' })
  })
  afterAll(() => stage.release())
  beforeEach(() => {
    stage.now = MONDAY
  })

  async function mailed(ticketId: string): Promise<string[]> {
    const rows: { personId: string }[] = await stage.db.query(
      `select person_id as "personId" from notification where ticket_id = $1 and channel = 'mail'`,
      [ticketId],
    )
    const names = Object.entries(people)
    return rows.map(({ personId }) => names.find(([, id]) => id === personId)?.[0] ?? '?').sort()
  }

  test.each([
    ['P1', ['first', 'second', 'third'], ['L1', 'L2', 'L3'], true],
    ['P2', ['first', 'second'], ['L1', 'L2'], false],
    ['P3', ['first'], ['L1'], false],
    ['P4', ['first'], ['L1'], false],
  ] as const)(
    '[A-5.2.1][B-4.0] a %s tells %j at once and starts on L1',
    async (priority, told, tiers, toAllTiers) => {
      const ticket = await open(stage, endUser(people.user), { priority })
      expect(ticket).toMatchObject({
        priority,
        state: 'open',
        tier: 'L1',
        toAllTiers,
        ownerPersonId: null,
        reporterPersonId: people.user,
        version: 1,
      })
      expect(await mailed(ticket.id)).toEqual(told)
      expect(await factsOf(stage, ticket.id, 'ticket.opened')).toMatchObject([
        { number: ticket.number, priority, tiers, reporterPersonId: people.user },
      ])
      expect(await timeline(stage, ticket.id)).toEqual(['opened'])
    },
  )

  test.each([
    [
      'P1',
      [
        'acknowledge',
        'department-head',
        'leading-group',
        'progress-note',
        'restore',
        'tier',
        'top-manager',
      ],
    ],
    ['P2', ['acknowledge', 'final', 'progress-note', 'restore', 'tier', 'unsolved']],
    ['P3', ['acknowledge', 'final', 'progress-note', 'restore', 'tier', 'unsolved']],
    ['P4', ['acknowledge', 'progress-note', 'restore', 'tier', 'unsolved']],
  ] as const)('[A-5.2.3] a %s runs the clocks %j', async (priority, kinds) => {
    const ticket = await open(stage, endUser(people.user), { priority })
    expect((await clocks(stage, ticket.id)).map(({ kind }) => kind).sort()).toEqual(kinds)
  })

  test('[A-2.1.7] an account compromise is P2 at least, whatever was asked', async () => {
    const low = await open(stage, endUser(people.user), {
      category: 'account-compromise',
      priority: 'P4',
    })
    expect(low.priority).toBe('P2')
    expect(await mailed(low.id)).toEqual(['first', 'second'])
    const high = await open(stage, endUser(people.user), {
      category: 'account-compromise',
      priority: 'P1',
    })
    expect(high.priority).toBe('P1')
  })

  test('numbers count upwards and the location leads to the ticket', async () => {
    const one = await create(stage, '/v1/tickets', endUser(people.user), fault)
    const two = await create(stage, '/v1/tickets', endUser(people.user), fault)
    const numbers = [one, two].map((answer) => answer.json<{ number: string }>().number)
    expect(numbers[0]).toMatch(/^T-\d{7}$/)
    expect(Number(numbers[1]?.slice(2))).toBe(Number(numbers[0]?.slice(2)) + 1)
    expect(one.headers).toMatchObject({
      location: `/v1/tickets/${one.json<{ id: string }>().id}`,
      etag: '"1"',
    })
  })

  test('the ten-millionth number is not cut', async () => {
    await stage.db.query(`select setval('ticket_number', 9999999)`)
    expect((await open(stage, endUser(people.user))).number).toBe('T-10000000')
    expect((await open(stage, endUser(people.user))).number).toBe('T-10000001')
  })

  describe('an alert', () => {
    const firing = (episodeId: string, level: 'warning' | 'critical') => ({
      episodeId,
      thresholdId: randomUUID(),
      name: 'Tablespace full',
      metric: 'ebs.tablespace.used',
      labels: { tablespace: 'APPS_TS', host: 'db1' },
      unitId: UNIT,
      moduleCode: 'GL',
      level,
      value: 96.5,
      limit: 95,
      since: '2026-03-09T01:55:00Z',
      firedAt: '2026-03-09T02:00:00Z',
    })
    const ticketsOf = (episodeId: string): Promise<{ id: string; priority: string }[]> =>
      stage.db.query(
        'select id, priority, title, description from ticket where alert_episode_id = $1',
        [episodeId],
      )

    test('[A-3.2.3] opens one ticket without a reporting person', async () => {
      const episodeId = randomUUID()
      expect(await tell(stage, AlertFiring, episodeId, firing(episodeId, 'warning'))).toBe(
        'handled',
      )
      const [ticket] = await ticketsOf(episodeId)
      expect(ticket).toMatchObject({
        priority: 'P3',
        title: 'Tablespace full: 96.5 (warning, limit 95)',
        description:
          'ebs.tablespace.used {tablespace=APPS_TS, host=db1} since 2026-03-09T01:55:00Z',
      })
      expect(await read(stage, ticket?.id ?? '')).toMatchObject({
        reporterPersonId: null,
        alertEpisodeId: episodeId,
        category: 'fault',
      })
    })

    test('[A-3.2.3] delivered twice, and again under other ids at the same time, has one ticket', async () => {
      const episodeId = randomUUID()
      const events = [1, 2, 3].map(() =>
        eventOf(stage, AlertFiring, episodeId, firing(episodeId, 'critical')),
      )
      const twice = [...events, ...events]
      const outcomes = await Promise.all(twice.map((event) => stage.consumer.deliver(event)))
      expect(outcomes.toSorted()).toEqual([
        ...['duplicate', 'duplicate', 'duplicate'],
        ...['handled', 'handled', 'handled'],
      ])
      expect(await ticketsOf(episodeId)).toHaveLength(1)
    })

    test('[A-3.2.3] of a storm of sixty has a ticket each, while people open theirs', async () => {
      const episodes = Array.from({ length: 60 }, () => randomUUID())
      const events = episodes.map((id) => eventOf(stage, AlertFiring, id, firing(id, 'warning')))
      const storm = Promise.all(
        [...events, ...events.slice(30)].map((event) => stage.consumer.deliver(event)),
      )
      const opened = Promise.all([1, 2, 3, 4].map(() => open(stage, endUser(people.user))))
      const outcomes = await storm
      expect(outcomes.filter((outcome) => outcome === 'handled')).toHaveLength(60)
      expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(30)
      expect(await opened).toHaveLength(4)
      const rows: { id: string; episode: string }[] = await stage.db.query(
        `select id, alert_episode_id as episode from ticket where alert_episode_id = any($1)`,
        [episodes],
      )
      expect(rows.map(({ episode }) => episode).toSorted()).toEqual(episodes.toSorted())
      for (const { id } of rows) expect(await mailed(id)).toEqual(['first'])
    })

    test('[A-5.2.3] that gets worse raises its ticket, whose clocks keep the time used', async () => {
      const episodeId = randomUUID()
      await tell(stage, AlertFiring, episodeId, firing(episodeId, 'warning'))
      const [{ id } = { id: '' }] = await ticketsOf(episodeId)
      stage.now = new Date(MONDAY.getTime() + HOUR)
      await tell(stage, AlertFiring, episodeId, firing(episodeId, 'critical'))
      expect(await read(stage, id)).toMatchObject({
        priority: 'P2',
        alertLevel: 'critical',
        version: 3,
      })
      // P2 has 8 h round the clock; the working hour that the P3 had used is taken off.
      expect(await clocks(stage, id, 'restore')).toMatchObject([
        { explanation: { state: 'stopped', usedSeconds: 3_600 }, breachedAt: null },
        {
          dueAt: '2026-03-09T10:00:00.000Z',
          parameterKey: 'incident.sla.p2.restore',
          calendar: { scope: 'round-the-clock' },
          explanation: { state: 'running', targetSeconds: 7 * 3_600 },
        },
      ])
      expect(await factsOf(stage, id, 'ticket.priority-raised')).toMatchObject([
        { from: 'P3', to: 'P2' },
      ])
      // L1 was told of the warning and is told anew; L2 is called by the priority, and not twice.
      expect(await mailed(id)).toEqual(['first', 'first', 'second'])
      await tell(stage, AlertFiring, episodeId, firing(episodeId, 'warning'))
      expect(await read(stage, id)).toMatchObject({ priority: 'P2', version: 3 })
    })

    /** Who is told of an alert at a level, by name and by why, in order of the names. */
    async function toldOf(episodeId: string, level: 'warning' | 'critical') {
      const rows: { personId: string; occasion: string }[] = await stage.db.query(
        `select person_id as "personId", occasion from notification
          where alert_episode_id = $1 and alert_level = $2 and channel = 'mail'`,
        [episodeId, level],
      )
      const names = Object.entries(people)
      return rows
        .map(({ personId, occasion }) => {
          const [name = '?'] = names.find(([, id]) => id === personId) ?? []
          return `${name} ${occasion}`
        })
        .sort()
    }

    test('[A-3.2.3] that rises is told anew, once, however it goes up and down', async () => {
      const episodeId = randomUUID()
      for (const level of ['warning', 'warning', 'critical', 'warning', 'critical'] as const) {
        await tell(stage, AlertFiring, episodeId, firing(episodeId, level))
        stage.now = new Date(stage.now.getTime() + 1_000)
      }
      expect(await toldOf(episodeId, 'warning')).toEqual(['first opened'])
      expect(await toldOf(episodeId, 'critical')).toEqual([
        'first alert-raised',
        'second priority-raised',
      ])
      expect(await ticketsOf(episodeId)).toHaveLength(1)
    })

    test('[A-3.2.3] that rises is told anew also where the ticket is as grave already, to all in charge', async () => {
      const episodeId = randomUUID()
      await tell(stage, AlertFiring, episodeId, firing(episodeId, 'warning'))
      const [{ id } = { id: '' }] = await ticketsOf(episodeId)
      await act(stage, { id }, 'acknowledge', keyUser(people.first))
      await act(stage, { id }, 'escalate', keyUser(people.first), { analysis: 'Storage is full.' })
      await stage.db.query(`update ticket set priority = 'P1' where id = $1`, [id])
      await tell(stage, AlertFiring, episodeId, firing(episodeId, 'critical'))
      expect(await read(stage, id)).toMatchObject({ priority: 'P1', alertLevel: 'critical' })
      expect(await toldOf(episodeId, 'critical')).toEqual([
        'first alert-raised',
        'second alert-raised',
        'third alert-raised',
      ])
      expect(await factsOf(stage, id, 'ticket.priority-raised')).toEqual([])
    })

    test('[A-3.2.3] that rises where nobody serves is told to the authority and the leader of the unit, and of another unit to neither', async () => {
      const empty = await incidentStage()
      const { chief, head, foreign } = await fillDirectory(empty, 'chief', 'head', 'foreign')
      await tellOfStanding(empty, chief, { roles: ['OM_AUTHORITY'] })
      await tellOfStanding(empty, head, { roles: ['BUSINESS_OWNER'] })
      await tellOfStanding(empty, foreign, { roles: ['BUSINESS_OWNER'] })
      const episodeId = randomUUID()
      await tell(empty, AlertFiring, episodeId, firing(episodeId, 'warning'))
      await tell(empty, AlertFiring, episodeId, firing(episodeId, 'critical'))
      const rows: unknown[] = await empty.db.query(
        `select person_id as id from notification
          where alert_episode_id = $1 and alert_level = 'critical' and occasion = 'alert-raised'
          order by person_id`,
        [episodeId],
      )
      await empty.release()
      expect(rows).toEqual([chief, head].sort().map((id) => ({ id })))
    })

    test('[A-3.2.3] told at one moment that it rises, by several events, is told anew once', async () => {
      const episodeId = randomUUID()
      await tell(stage, AlertFiring, episodeId, firing(episodeId, 'warning'))
      const events = [1, 2, 3].map(() =>
        eventOf(stage, AlertFiring, episodeId, firing(episodeId, 'critical')),
      )
      await Promise.all(events.map((event) => stage.consumer.deliver(event)))
      expect(await toldOf(episodeId, 'critical')).toHaveLength(2)
    })

    /** Fires again within an episode of its own, which repeats another. */
    const again = (level: 'warning' | 'critical', repeats: string | null) => {
      const episodeId = randomUUID()
      return { ...firing(episodeId, level), episodeId, repeats }
    }

    test('[A-3.2.3] that comes again while its ticket is worked on goes to it, and storms nobody', async () => {
      const first = randomUUID()
      await tell(stage, AlertFiring, first, firing(first, 'critical'))
      const [{ id } = { id: '' }] = await ticketsOf(first)
      await act(stage, { id }, 'acknowledge', keyUser(people.first))
      let repeats = first
      for (const level of ['critical', 'warning', 'critical'] as const) {
        const { since: _since, firedAt: _firedAt, ...episode } = firing(repeats, level)
        const ended = {
          ...episode,
          reason: 'recovered' as const,
          resolvedAt: '2026-03-09T02:10:00Z',
        }
        await tell(stage, AlertResolved, repeats, ended)
        const next = again(level, repeats)
        await tell(stage, AlertFiring, next.episodeId, next)
        expect(await read(stage, id)).toMatchObject({
          alertEpisodeId: next.episodeId,
          alertLevel: level,
          alertEndedAt: null,
          state: 'acknowledged',
        })
        repeats = next.episodeId
      }
      expect(await mailed(id)).toEqual(['first', 'second'])
      expect(await factsOf(stage, id, 'ticket.alert-repeated')).toMatchObject([
        { earlierEpisodeId: first, level: 'critical', ownerPersonId: people.first },
        { level: 'warning' },
        { alertEpisodeId: repeats, level: 'critical' },
      ])
    })

    test('[A-3.2.3] that comes again and then gets graver than was told is told anew', async () => {
      const first = randomUUID()
      await tell(stage, AlertFiring, first, firing(first, 'warning'))
      const next = again('warning', first)
      await tell(stage, AlertFiring, next.episodeId, next)
      expect(await toldOf(next.episodeId, 'warning')).toEqual([])
      const risen = { ...next, level: 'critical' as const, repeats: null }
      await tell(stage, AlertFiring, next.episodeId, risen)
      expect(await toldOf(next.episodeId, 'critical')).toEqual([
        'first alert-raised',
        'second priority-raised',
      ])
    })

    test('[A-3.2.3] that gets as grave as was told on a ticket now closed is told on the one that is worked on', async () => {
      const first = randomUUID()
      await tell(stage, AlertFiring, first, firing(first, 'critical'))
      await stage.db.query(`update ticket set state = 'closed' where alert_episode_id = $1`, [
        first,
      ])
      const next = again('warning', first)
      await tell(stage, AlertFiring, next.episodeId, next)
      await tell(stage, AlertFiring, next.episodeId, { ...next, level: 'critical' })
      expect(await toldOf(next.episodeId, 'critical')).toEqual([
        'first alert-raised',
        'second priority-raised',
      ])
    })

    test.each(['resolved', 'closed', 'unknown'])(
      '[A-3.2.3] that comes again where the ticket is %s opens one of its own and is told',
      async (state) => {
        const first = randomUUID()
        if (state !== 'unknown') {
          await tell(stage, AlertFiring, first, firing(first, 'warning'))
          await stage.db.query('update ticket set state = $2 where alert_episode_id = $1', [
            first,
            state,
          ])
        }
        const next = again('warning', first)
        await tell(stage, AlertFiring, next.episodeId, next)
        expect(await ticketsOf(next.episodeId)).toHaveLength(1)
        expect(await toldOf(next.episodeId, 'warning')).toEqual(['first opened'])
      },
    )

    test('[A-3.2.3] taken is taken at the level that the ticket told', async () => {
      const episodeId = randomUUID()
      await tell(stage, AlertFiring, episodeId, firing(episodeId, 'warning'))
      const [{ id } = { id: '' }] = await ticketsOf(episodeId)
      await act(stage, { id }, 'acknowledge', keyUser(people.first))
      expect(await factsOf(stage, id, 'ticket.acknowledged')).toMatchObject([
        { alertLevel: 'warning' },
      ])
    })

    test('that gets worse after its ticket was resolved opens another', async () => {
      const episodeId = randomUUID()
      await tell(stage, AlertFiring, episodeId, firing(episodeId, 'warning'))
      const [{ id } = { id: '' }] = await ticketsOf(episodeId)
      await stage.db.query(`update ticket set state = 'resolved' where id = $1`, [id])
      await tell(stage, AlertFiring, episodeId, firing(episodeId, 'warning'))
      await tell(stage, AlertFiring, episodeId, firing(episodeId, 'critical'))
      const { number } = await read(stage, id)
      expect(await read(stage, id)).toMatchObject({ priority: 'P3', state: 'resolved' })
      const others: unknown[] = await stage.db.query(
        `select priority, state, alert_episode_id from ticket where description like '%' || $1`,
        [`The ticket of this alert is ${String(number)}.`],
      )
      expect(others).toEqual([{ priority: 'P2', state: 'open', alert_episode_id: episodeId }])
      expect(await toldOf(episodeId, 'critical')).toEqual(['first opened', 'second opened'])
      // The end of the alert is noted on both.
      const { since: _since, firedAt: _firedAt, ...episode } = firing(episodeId, 'critical')
      const ended = { ...episode, reason: 'recovered' as const, resolvedAt: '2026-03-09T02:10:00Z' }
      await tell(stage, AlertResolved, episodeId, ended)
      const open: unknown[] = await stage.db.query(
        'select 1 from ticket where alert_episode_id = $1 and alert_ended_at is null',
        [episodeId],
      )
      expect(open).toEqual([])
    })

    test('[A-3.2.3] of a module that is not in use opens a ticket all the same, for the IT key users', async () => {
      const episodeId = randomUUID()
      const alert = { ...firing(episodeId, 'warning'), moduleCode: 'GONE' }
      expect(await tell(stage, AlertFiring, episodeId, alert)).toBe('handled')
      const rows: unknown[] = await stage.db.query(
        'select module_code as "moduleCode", kind from ticket where alert_episode_id = $1',
        [episodeId],
      )
      expect(rows).toEqual([{ moduleCode: null, kind: 'IT' }])
    })

    test('that ends is noted once and leaves the work to people', async () => {
      const episodeId = randomUUID()
      const { since: _since, firedAt: _firedAt, ...episode } = firing(episodeId, 'warning')
      await tell(stage, AlertFiring, episodeId, firing(episodeId, 'warning'))
      const [{ id } = { id: '' }] = await ticketsOf(episodeId)
      const ended = (at: string) => ({ ...episode, reason: 'recovered' as const, resolvedAt: at })
      await tell(stage, AlertResolved, episodeId, ended('2026-03-09T02:10:00Z'))
      await tell(stage, AlertResolved, episodeId, ended('2026-03-09T02:20:00Z'))
      expect(await read(stage, id)).toMatchObject({
        state: 'open',
        alertEndedAt: '2026-03-09T02:10:00.000Z',
      })
      expect(await factsOf(stage, id, 'ticket.alert-ended')).toHaveLength(1)
      expect(await timeline(stage, id)).toEqual(['opened', 'alert-ended'])
    })

    test('whose end arrives without its ticket is let pass', async () => {
      const episodeId = randomUUID()
      const { since: _since, firedAt: _firedAt, ...episode } = firing(episodeId, 'warning')
      const ended = { ...episode, reason: 'recovered' as const, resolvedAt: '2026-03-09T02:10:00Z' }
      expect(await tell(stage, AlertResolved, episodeId, ended)).toBe('handled')
    })

    test('with a name longer than a title is cut at a whole character', async () => {
      const episodeId = randomUUID()
      const name = `${'x'.repeat(199)}😀`
      expect(
        await tell(stage, AlertFiring, episodeId, { ...firing(episodeId, 'warning'), name }),
      ).toBe('handled')
      const [{ id } = { id: '' }] = await ticketsOf(episodeId)
      expect(String((await read(stage, id)).title).isWellFormed()).toBe(true)
    })

    test('of a unit that nobody knows is parked for a person to look at', async () => {
      const episodeId = randomUUID()
      const unknown = { ...firing(episodeId, 'critical'), unitId: randomUUID() }
      expect(await tell(stage, AlertFiring, episodeId, unknown)).toBe('parked')
    })
  })

  test('[A-3.1.3] an inspection finding becomes one ticket, also when it is told twice', async () => {
    const finding = {
      findingId: randomUUID(),
      roundId: randomUUID(),
      unitId: UNIT,
      item: 'Concurrent managers',
      severity: 'simple' as const,
      level: 'critical' as const,
      note: 'Two managers are down.',
      value: '2 of 9',
      foundAt: '2026-03-09T02:00:00Z',
    }
    expect(await tell(stage, InspectionFindingRaised, finding.findingId, finding)).toBe('handled')
    expect(await tell(stage, InspectionFindingRaised, finding.findingId, finding)).toBe('handled')
    const rows: unknown[] = await stage.db.query(
      'select title, category, priority, kind from ticket where finding_id = $1',
      [finding.findingId],
    )
    expect(rows).toEqual([
      {
        title: 'Inspection: Concurrent managers 2 of 9 (simple)',
        category: 'inspection-finding',
        priority: 'P2',
        kind: 'IT',
      },
    ])
  })
})

describe('with gaps in the register', () => {
  beforeAll(async () => {
    stage = await incidentStage()
  })
  afterAll(() => stage.release())
  beforeEach(async () => {
    await emptyStage(stage)
    people = await fillDirectory(stage, ...named)
  })

  const unitGaps = [UNIT, OTHER_UNIT].map((unitId) => `L1/${unitId}/GL`).sort()
  const gaps = async () => {
    const found: { subject: string }[] = await stage.db.query(
      `select payload ->> 'subject' as subject from outbox where type like '%gap-found%' order by seq`,
    )
    return found
      .map(({ subject }) => subject)
      .filter((subject) => subject.endsWith('GL'))
      .sort()
  }

  test('[B-4.1.2][B-4.0] an empty L1 is skipped at once, and the gap is announced', async () => {
    await nominate(stage, people.second, { tier: 'L2' })
    const ticket = await open(stage, endUser(people.user))
    expect(ticket).toMatchObject({ tier: 'L2', version: 2 })
    expect((await facts(stage, ticket.id)).map(({ fact }) => fact)).toEqual([
      'ticket.opened',
      'ticket.escalated',
    ])
    expect(await factsOf(stage, ticket.id, 'ticket.escalated')).toMatchObject([
      { from: 'L1', to: 'L2', by: 'empty-tier', analysis: null },
    ])
    expect(await gaps()).toEqual([...unitGaps, 'L2/company/GL'])
    expect(await clocks(stage, ticket.id, 'tier')).toMatchObject([{ tier: 'L2' }])
    expect(await timeline(stage, ticket.id)).toEqual(['opened', 'escalated'])
  })

  test('[B-4.1.2] a P1 nobody can take waits on L3, and each gap is announced once', async () => {
    const ticket = await open(stage, endUser(people.user), { priority: 'P1' })
    expect(ticket).toMatchObject({ tier: 'L3', state: 'open', toAllTiers: true })
    // Those of the register since the module is there, that of L3 when it was called.
    expect(await gaps()).toEqual([...unitGaps, 'L2/company/GL', 'L3/company/GL'])
  })

  test('a key user of another unit or of IT does not fill the gap', async () => {
    const { foreign } = await fillDirectory(stage, 'foreign')
    await nominate(stage, foreign, { tier: 'L1', unitId: OTHER_UNIT })
    await nominate(stage, people.second, { tier: 'L1', kind: 'IT' })
    await nominate(stage, people.third, { tier: 'L3' })
    expect(await open(stage, endUser(people.user))).toMatchObject({ tier: 'L3' })
    expect(await open(stage, endUser(people.user), { category: 'hardware' })).toMatchObject({
      tier: 'L1',
      kind: 'IT',
    })
  })

  test('[B-4.3.1] an L3 without a module takes tickets of every module', async () => {
    await nominate(stage, people.third, { tier: 'L3', moduleCode: null })
    const ticket = await open(stage, endUser(people.user))
    expect(ticket.tier).toBe('L3')
    expect((await act(stage, ticket, 'acknowledge', keyUser(people.third))).statusCode).toBe(200)
  })

  test('[A-1.3.4] a raise to P1 gives the hand-over the time of a P1, less what was used', async () => {
    await nominate(stage, people.first, { tier: 'L1' })
    await nominate(stage, people.third, { tier: 'L3' })
    const episodeId = randomUUID()
    const alert = {
      episodeId,
      thresholdId: randomUUID(),
      name: 'ICM down',
      metric: 'ebs.icm',
      labels: {},
      unitId: UNIT,
      moduleCode: 'GL',
      value: 0,
      limit: 1,
      since: MONDAY.toISOString(),
      firedAt: MONDAY.toISOString(),
    }
    await stage.db.query(
      `insert into parameter_version (key, version, value, valid_from, author, reason, created_at)
       values ('incident.alert.priority.critical', 1, '"P1"', $1, 'test', 'test', $1)`,
      [MONDAY],
    )
    await tell(stage, AlertFiring, episodeId, { ...alert, level: 'warning' })
    const [{ id }] = await stage.db.query<[{ id: string }]>('select id from ticket')
    await act(stage, { id }, 'acknowledge', keyUser(people.first))
    await tell(stage, AlertFiring, episodeId, { ...alert, level: 'critical' })
    expect(await clock(stage, id, 'tier')).toMatchObject({
      parameterKey: 'incident.tier.p1.handover',
      dueAt: new Date(MONDAY.getTime() + HOUR).toISOString(),
    })
    expect(await clocks(stage, id, 'tier')).toHaveLength(2)
    expect(await read(stage, id)).toMatchObject({
      priority: 'P1',
      toAllTiers: true,
      state: 'acknowledged',
      ownerPersonId: people.first,
    })
  })
})
